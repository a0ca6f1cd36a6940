// Which fields may come after the content (RFC 9110, 6.5.1).
#pragma once

#include <cohttps/core/ascii.hpp>

#include <string_view>

namespace cohttps {

/// False for fields that must be known before the content or would be dangerous after it: framing,
/// routing, request modifiers, authentication, how to read the content, response control data.
inline bool is_trailer_allowed(std::string_view name) noexcept {
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
