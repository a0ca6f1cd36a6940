// Runs the calls of a client through its layers.
#pragma once

#include <cohttps/client/middleware.hpp>
#include <cohttps/client/operation.hpp>
#include <cohttps/client/request.hpp>
#include <cohttps/client/response.hpp>
#include <cohttps/client/response_stream.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/task/owned_coroutine.hpp>
#include <cohttps/task/task.hpp>

#include <cstddef>
#include <deque>
#include <list>
#include <memory>
#include <string>
#include <utility>

namespace cohttps::detail {

/// The interface of the layers of a client. `client::use` brings the implementation.
class middleware_chain {
 public:
  middleware_chain() = default;
  middleware_chain(const middleware_chain&) = delete;
  middleware_chain& operator=(const middleware_chain&) = delete;
  virtual ~middleware_chain() = default;

  /// A call whose content is collected.
  virtual task<result<response>> collect(const shared_client_state& client, request& r,
                                         const operation_stops& stops) = 0;
  /// A call whose content is read by the caller, or that switches to another protocol.
  virtual task<result<std::unique_ptr<open_exchange>>> open(const shared_client_state& client,
                                                            request& r,
                                                            const operation_stops& stops,
                                                            std::string upgrade_to) = 0;
};

template <class = void>
class middleware_stack final : public middleware_chain {
 public:
  void add(middleware layer) { layers_.push_back(std::move(layer)); }

  task<result<response>> collect(const shared_client_state& client, request& r,
                                 const operation_stops& stops) override;
  task<result<std::unique_ptr<open_exchange>>> open(const shared_client_state& client, request& r,
                                                    const operation_stops& stops,
                                                    std::string upgrade_to) override;

 private:
  class call;

  // Not a vector: a coroutine of a layer refers to its function, which must not move when another
  // layer is added meanwhile.
  std::deque<middleware> layers_;
  std::list<owned_coroutine<void>> background_;  // uses the layers
};

}  // namespace cohttps::detail
