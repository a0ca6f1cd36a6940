// Definitions for trailer.hpp.
#pragma once

#include <cohttps/http/trailer.hpp>

namespace cohttps {

COHTTPS_DEF bool is_trailer_allowed(std::string_view name) noexcept {
  constexpr std::string_view forbidden[] = {
      // framing and the connection
      "content-length", "transfer-encoding", "connection", "keep-alive", "proxy-connection", "te",
      "trailer", "upgrade",
      // routing and request modifiers
      "host", "cache-control", "expect", "max-forwards", "pragma", "range", "if-match",
      "if-none-match", "if-modified-since", "if-unmodified-since", "if-range",
      // authentication and cookies
      "authorization", "proxy-authenticate", "proxy-authorization", "www-authenticate", "cookie",
      "set-cookie",
      // how to read the content
      "content-encoding", "content-type", "content-range", "content-location",
      // response control data
      "age", "date", "expires", "location", "retry-after", "vary", "warning"};
  for (const std::string_view f : forbidden)
    if (ascii::iequals(name, f)) return false;
  return true;
}

}  // namespace cohttps
