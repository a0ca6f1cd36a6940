// The properties of a connection.
#pragma once

#include <cohttps/tls/connection_info.hpp>
#include <cohttps/transport/endpoint.hpp>

#include <optional>
#include <string>

namespace cohttps {

/// The properties of the connection that carried a response.
struct connection_info {
  std::string protocol = "HTTP/1.1";  ///< "HTTP/1.0", "HTTP/1.1", "HTTP/2" or "HTTP/3"
  endpoint peer;                      ///< the address and port of the peer, which may be a proxy
  std::string proxy = {};             ///< without credentials; empty if there is no proxy
  std::optional<tls_info> tls;        ///< empty for plain http
  /// Why the connection uses TCP although HTTP/3 was tried for it; empty if it was not tried.
  std::string http3_failure = {};
};

}  // namespace cohttps
