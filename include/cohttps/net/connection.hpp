// A connection to an origin, with what is known about it.
#pragma once

#include <cohttps/net/http1_connection.hpp>
#include <cohttps/tls/connection_info.hpp>
#include <cohttps/transport/endpoint.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace cohttps {

/// What a response came over.
struct connection_info {
  std::string protocol = "HTTP/1.1";
  endpoint peer;                ///< the address and port connected to
  std::optional<tls_info> tls;  ///< empty for plain http
};

namespace net {

template <transport Transport>
struct connection {
  connection(http1_connection<Transport> over, std::shared_ptr<const connection_info> about)
      : http(std::move(over)), info(std::move(about)) {}

  http1_connection<Transport> http;
  std::shared_ptr<const connection_info> info;  // shared with the responses
  std::size_t exchanges = 0;                    // complete ones
  time_point idle_since{};
};

}  // namespace net
}  // namespace cohttps
