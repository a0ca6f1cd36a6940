// What HTTP/2 calls errors (RFC 9113, 7), and what they are to a client.
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace cohttps::http2 {

/// The registered codes; a peer may send others.
enum class error_code : std::uint32_t {
  no_error = 0x0,
  protocol_error = 0x1,
  internal_error = 0x2,
  flow_control_error = 0x3,
  settings_timeout = 0x4,
  stream_closed = 0x5,
  frame_size_error = 0x6,
  refused_stream = 0x7,
  cancel = 0x8,
  compression_error = 0x9,
  connect_error = 0xa,
  enhance_your_calm = 0xb,
  inadequate_security = 0xc,
  http_1_1_required = 0xd,
};

/// "PROTOCOL_ERROR"; "an unknown code" for one that is not registered.
constexpr std::string_view to_string(error_code c) noexcept {
  constexpr std::string_view names[] = {"NO_ERROR",
                                        "PROTOCOL_ERROR",
                                        "INTERNAL_ERROR",
                                        "FLOW_CONTROL_ERROR",
                                        "SETTINGS_TIMEOUT",
                                        "STREAM_CLOSED",
                                        "FRAME_SIZE_ERROR",
                                        "REFUSED_STREAM",
                                        "CANCEL",
                                        "COMPRESSION_ERROR",
                                        "CONNECT_ERROR",
                                        "ENHANCE_YOUR_CALM",
                                        "INADEQUATE_SECURITY",
                                        "HTTP_1_1_REQUIRED"};
  const auto i = static_cast<std::size_t>(c);
  return i < std::size(names) ? names[i] : "an unknown code";
}

/// The types of frames (RFC 9113, 6) that are looked at.
enum class frame_type : std::uint8_t {
  data = 0,
  headers = 1,
  priority = 2,
  rst_stream = 3,
  settings = 4,
  push_promise = 5,
  ping = 6,
  goaway = 7,
  window_update = 8,
  continuation = 9,
  priority_update = 0x10,  // RFC 9218, 7.1
};

constexpr std::string_view to_string(frame_type t) noexcept {
  constexpr std::string_view names[] = {"DATA",          "HEADERS",      "PRIORITY", "RST_STREAM",
                                        "SETTINGS",      "PUSH_PROMISE", "PING",     "GOAWAY",
                                        "WINDOW_UPDATE", "CONTINUATION"};
  if (t == frame_type::priority_update) return "PRIORITY_UPDATE";
  const auto i = static_cast<std::size_t>(t);
  return i < std::size(names) ? names[i] : "unknown";
}

/// What nine bytes before each frame say (RFC 9113, 4.1).
struct frame_header {
  frame_type type{};
  std::uint8_t flags = 0;
  std::uint32_t stream = 0;
  std::size_t length = 0;

  bool ends_stream() const noexcept { return flags & 0x1; }
  bool padded() const noexcept { return flags & 0x8; }
};

namespace detail {

/// The stable reason of a connection error that was found here.
constexpr std::string_view reason_of(error_code c) noexcept {
  switch (c) {
    case error_code::flow_control_error:
      return "http2_flow_control_error";
    case error_code::stream_closed:
      return "http2_stream_closed";
    case error_code::frame_size_error:
      return "http2_frame_size_error";
    case error_code::compression_error:
      return "http2_compression_error";
    case error_code::enhance_your_calm:
      return "http2_flood";
    case error_code::internal_error:
      return "http2_internal_error";
    default:
      return "http2_protocol_error";
  }
}

/// The section of RFC 9113 that a connection error is about: its code's where the code says it all,
/// else that of the frame in which it was found.
constexpr std::string_view section_of(error_code c, frame_type last) noexcept {
  constexpr std::string_view frames[] = {"6.1", "6.2", "6.3", "6.4", "6.5",
                                         "6.6", "6.7", "6.8", "6.9", "6.10"};
  switch (c) {
    case error_code::frame_size_error:
      return "4.2";
    case error_code::compression_error:
      return "4.3";
    case error_code::stream_closed:
      return "5.1";
    case error_code::flow_control_error:
      return "5.2";
    case error_code::enhance_your_calm:
      return "10.5";
    default:
      break;
  }
  const auto i = static_cast<std::size_t>(last);
  return i < std::size(frames) ? frames[i] : "5.4.1";
}

/// The server broke the rules of the connection, which is over.
COHTTPS_DECL [[gnu::cold]] error connection_broken(error_code c, std::string_view why,
                                                   const frame_header& last);

/// The server ended one stream (RFC 9113, 6.4).
COHTTPS_DECL [[gnu::cold]] error stream_reset(error_code c);

/// The request came too late for a connection that the server is closing (RFC 9113, 6.8).
COHTTPS_DECL [[gnu::cold]] error not_processed(error_code c);

/// The end of the connection; `code` and `text` are those of a GOAWAY before it, if there was one.
COHTTPS_DECL [[gnu::cold]] error connection_closed(bool told, error_code code,
                                                   std::string_view text, bool answered);

}  // namespace detail

}  // namespace cohttps::http2

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/http2/error_code.ipp>
#endif
