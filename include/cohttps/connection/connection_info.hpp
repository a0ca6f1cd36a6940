// What is known about a connection.
#pragma once

#include <cohttps/tls/connection_info.hpp>
#include <cohttps/transport/endpoint.hpp>

#include <optional>
#include <string>

namespace cohttps {

/// What a response came over.
struct connection_info {
  std::string protocol = "HTTP/1.1";
  endpoint peer;                ///< the address and port connected to, a proxy's if there is one
  std::string proxy = {};       ///< without credentials; empty for none
  std::optional<tls_info> tls;  ///< empty for plain http
};

}  // namespace cohttps
