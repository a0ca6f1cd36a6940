// What a client's operations share.
#pragma once

#include <cohttps/client/activity.hpp>
#include <cohttps/client/authentication.hpp>
#include <cohttps/client/options.hpp>
#include <cohttps/client/retry.hpp>
#include <cohttps/client/tls_contexts.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/net/connect_options.hpp>
#include <cohttps/net/deadline.hpp>
#include <cohttps/pool/pool.hpp>
#include <cohttps/transport/any_transport.hpp>
#include <cohttps/url/origin.hpp>

#include <algorithm>
#include <cstddef>
#include <deque>
#include <utility>

namespace cohttps {

/// A set of at most 256 origins. When it is full, the oldest entry goes.
class recent_origins {
 public:
  static constexpr std::size_t most = 256;

  COHTTPS_DECL void insert(const origin& o);
  COHTTPS_DECL bool contains(const origin& o) const noexcept;

 private:
  std::deque<origin> all_;
};

struct client_state {
  COHTTPS_DECL client_state(any_transport over, client_options chosen)
      : options(std::move(chosen)),
        connecting(connect_options_of(options)),
        connecting_to_proxy(proxy_connect_options_of(options)),
        contexts(options),
        deadlines(over, options.observers),
        connections(std::move(over), options.pool, options.observers),
        budget(options.retry.budget) {}

  any_transport& transport() noexcept { return deadlines.transport(); }

  client_options options;
  net::connect_options connecting;
  net::connect_options connecting_to_proxy;
  tls_contexts contexts;
  net::deadline_queue deadlines;
  pool::pool<> connections;
  activity operations;
  retry_budget budget;
  recent_origins only_http1;   // origins that answered HTTP_1_1_REQUIRED
  recent_origins misdirected;  // origins that answered 421 over a connection to another one
  known_digests digests;
  bool closed = false;
};

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/client/client_state.ipp>
#endif
