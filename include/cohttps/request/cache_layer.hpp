// The layer of an `http_cache`: asks the store, the rules and the server.
#pragma once

#include <cohttps/client/cache_options.hpp>
#include <cohttps/client/cache_store.hpp>
#include <cohttps/client/middleware.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/stop.hpp>
#include <cohttps/http/cache/cached_response.hpp>
#include <cohttps/task/owned_coroutine.hpp>
#include <cohttps/task/task.hpp>
#include <cohttps/transport/sleep.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace cohttps::detail {

template <class>
class cache_layer : public std::enable_shared_from_this<cache_layer<>> {
 public:
  cache_layer(std::shared_ptr<cache_store> store, cache_options options)
      : store_(std::move(store)), options_(std::move(options)) {}

  task<result<response>> handle(request& r, next_handler next);

  cache_statistics statistics;

 private:
  using stored = cache_store::stored;
  using time_point = cached_response::time_point;

  /// One request for a key is on its way to the server; others wait until it has ended.
  struct flight {
    stop_source ended;
  };

  task<result<response>> handle_read(request& r, next_handler next, std::string key);
  task<result<response>> fetch(request& r, next_handler next, const std::string& key, stored old,
                               cache_control asked);
  /// A request that may change what is stored (RFC 9111, 4.4).
  task<result<response>> handle_unsafe(request& r, next_handler next);

  /// Keeps a response of the server, at once or when its content has been read.
  task<void> keep(const request& r, next_handler next, const std::string& key,
                  const response& answered, time_point sent);
  task<stored> look_up(const std::string& key, const fields& request);
  task<void> put(std::string key, stored what);
  task<void> erase(std::string key);

  /// Asks the server again, while the caller has its answer (RFC 5861, 3).
  void renew(const request& r, next_handler next, const std::string& key, stored old);
  owned_coroutine<void> renew_alone(request r, next_handler next, std::string key, stored old);

  response answer_with(const cached_response& from, const request& r) const;
  static response unavailable();
  void tell(const error& e);

  std::shared_ptr<cache_store> store_;
  cache_options options_;
  std::unordered_map<std::string, std::shared_ptr<flight>> flights_;
  std::unordered_set<std::string> not_kept_;  // keys whose responses are worth no wait
  std::list<owned_coroutine<void>> renewals_;
};

}  // namespace cohttps::detail

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/request/cache_layer.ipp>
#endif
