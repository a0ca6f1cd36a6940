// The error codes of HTTP/2 (RFC 9113, 7), and the errors that a client reports for them.
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace cohttps::http2 {

/// The registered codes. A peer may send others.
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

/// Returns a name such as "PROTOCOL_ERROR", or "an unknown code" if the code is not registered.
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

/// The types of frames (RFC 9113, 6) that the client distinguishes.
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

/// The content of the nine bytes before each frame's payload (RFC 9113, 4.1).
struct frame_header {
  frame_type type{};
  std::uint8_t flags = 0;
  std::uint32_t stream = 0;
  std::size_t length = 0;

  bool ends_stream() const noexcept { return flags & 0x1; }
  bool padded() const noexcept { return flags & 0x8; }
};

namespace detail {

/// Returns the stable reason for a connection error that this side found.
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

/// Returns the section of RFC 9113 that a connection error is about. If the error code is specific
/// enough, this is the section of the code. Otherwise it is the section of the frame in which the
/// error was found.
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

/// The server violated HTTP/2, and the connection has ended.
COHTTPS_DECL [[gnu::cold]] error connection_broken(error_code c, std::string_view why,
                                                   const frame_header& last);

/// The server ended one stream (RFC 9113, 6.4).
COHTTPS_DECL [[gnu::cold]] error stream_reset(error_code c);

/// The request came too late, because the server is closing the connection (RFC 9113, 6.8).
COHTTPS_DECL [[gnu::cold]] error not_processed(error_code c);

/// The connection has ended. If `told` is true, a GOAWAY with `code` and `text` came before the
/// end. `answered` says that the peer had sent a part of the response.
COHTTPS_DECL [[gnu::cold]] error connection_closed(bool told, error_code code,
                                                   std::string_view text, bool answered);

}  // namespace detail

}  // namespace cohttps::http2

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/http2/error_code.ipp>
#endif
