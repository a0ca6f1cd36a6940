// The state that all operations of a client share.
#pragma once

#include <cohttps/client/options.hpp>
#include <cohttps/client/retry.hpp>
#include <cohttps/connect/connect_options.hpp>
#include <cohttps/connection/deadline.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/pool/pool.hpp>
#include <cohttps/request/middleware_stack.hpp>
#include <cohttps/request/running_operations.hpp>
#include <cohttps/request/tls_contexts.hpp>
#include <cohttps/transport/any_transport.hpp>
#include <cohttps/url/origin.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace cohttps::detail {

/// A set of at most 256 origins. When it is full, a new origin replaces the oldest one.
class recent_origins {
 public:
  static constexpr std::size_t most = 256;

  COHTTPS_DECL void insert(const origin& o);
  COHTTPS_DECL bool contains(const origin& o) const noexcept;

 private:
  std::vector<origin> all_;  // a ring, once it is full
  std::size_t oldest_ = 0;
};

struct client_state {
  COHTTPS_DECL client_state(any_transport over, client_options chosen)
      : options(std::move(chosen)),
        connecting(connect_options_of(options)),
        contexts(options),
        deadlines(over, options.observers),
        connections(std::move(over), options.pool, options.observers),
        budget(options.retry.budget) {}

  any_transport& transport() noexcept { return deadlines.transport(); }

  std::shared_ptr<void> loop;  // the client's own event loop; it outlives all other members
  client_options options;
  connect_options connecting;
  tls_contexts contexts;
  deadline_queue deadlines;
  pool::pool<> connections;
  running_operations operations;
  retry_budget budget;
  recent_origins only_http1;   // origins that answered HTTP_1_1_REQUIRED
  recent_origins misdirected;  // origins that answered 421 on a coalesced connection
  std::shared_ptr<void> authentication_memory;  // `authentication_state::memory`
  std::shared_ptr<middleware_chain> layers;     // null for none
  bool closed = false;
};

}  // namespace cohttps::detail

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/request/client_state.ipp>
#endif
