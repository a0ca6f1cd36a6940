// What a client's operations share.
#pragma once

#include <cohttps/client/activity.hpp>
#include <cohttps/client/authentication.hpp>
#include <cohttps/client/options.hpp>
#include <cohttps/client/retry.hpp>
#include <cohttps/net/connect_options.hpp>
#include <cohttps/net/deadline.hpp>
#include <cohttps/pool/pool.hpp>
#include <cohttps/transport/concepts.hpp>

#include <set>
#include <string>
#include <utility>

namespace cohttps {

template <transport Transport>
struct client_state {
  client_state(Transport over, client_options chosen)
      : options(std::move(chosen)),
        connecting(connect_options_of(options)),
        connecting_to_proxy(proxy_connect_options_of(options)),
        deadlines(over),
        connections(std::move(over), options.pool),
        budget(options.retry.budget) {}

  Transport& transport() noexcept { return deadlines.transport(); }

  client_options options;
  net::connect_options connecting;
  net::connect_options connecting_to_proxy;
  net::deadline_queue<Transport> deadlines;
  pool::pool<Transport> connections;
  activity<Transport> operations;
  retry_budget budget;
  std::set<std::string> only_http1;   // origins that answered HTTP_1_1_REQUIRED
  std::set<std::string> misdirected;  // origins that answered 421 over a connection to another one
  known_digests digests;
  bool closed = false;
};

}  // namespace cohttps
