// The properties of a connection.
#pragma once

#include <cohttps/tls/connection_info.hpp>
#include <cohttps/transport/endpoint.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cohttps {

/// The reason why a connection uses HTTP/3.
enum class http3_source : std::uint8_t {
  none,          ///< the connection does not use it
  alt_svc,       ///< a response had announced it (RFC 7838)
  https_record,  ///< a name server announced it (RFC 9460)
  try_first,     ///< the client's options
};

/// The name of a source as people write it: "Alt-Svc", "an HTTPS record", "the client's options".
constexpr std::string_view to_string(http3_source source) noexcept {
  switch (source) {
    case http3_source::alt_svc:
      return "Alt-Svc";
    case http3_source::https_record:
      return "an HTTPS record";
    case http3_source::try_first:
      return "the client's options";
    default:
      return "";
  }
}

/// The properties of the connection that carried a response.
struct connection_info {
  std::string protocol = "HTTP/1.1";  ///< "HTTP/1.0", "HTTP/1.1", "HTTP/2" or "HTTP/3"
  endpoint peer;                      ///< the address and port of the peer, which may be a proxy
  std::string proxy = {};             ///< without credentials; empty if there is no proxy
  std::optional<tls_info> tls;        ///< empty for plain http
  /// Why the connection uses HTTP/3, if it does.
  http3_source http3 = http3_source::none;
  /// Why the connection uses TCP although HTTP/3 was tried for it; empty if it was not tried.
  std::string http3_failure = {};
};

}  // namespace cohttps
