// The error codes of HTTP/3 (RFC 9114, 8.1; RFC 9204, 6), and the errors that a client reports.
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace cohttps::http3 {

/// The registered codes. A peer may send others.
enum class error_code : std::uint64_t {
  no_error = 0x100,
  general_protocol_error = 0x101,
  internal_error = 0x102,
  stream_creation_error = 0x103,
  closed_critical_stream = 0x104,
  frame_unexpected = 0x105,
  frame_error = 0x106,
  excessive_load = 0x107,
  id_error = 0x108,
  settings_error = 0x109,
  missing_settings = 0x10a,
  request_rejected = 0x10b,
  request_cancelled = 0x10c,
  request_incomplete = 0x10d,
  message_error = 0x10e,
  connect_error = 0x10f,
  version_fallback = 0x110,
  qpack_decompression_failed = 0x200,
  qpack_encoder_stream_error = 0x201,
  qpack_decoder_stream_error = 0x202,
};

/// Returns a name such as "H3_REQUEST_REJECTED", or "an unknown code".
constexpr std::string_view to_string(error_code c) noexcept {
  constexpr std::string_view names[] = {"H3_NO_ERROR",
                                        "H3_GENERAL_PROTOCOL_ERROR",
                                        "H3_INTERNAL_ERROR",
                                        "H3_STREAM_CREATION_ERROR",
                                        "H3_CLOSED_CRITICAL_STREAM",
                                        "H3_FRAME_UNEXPECTED",
                                        "H3_FRAME_ERROR",
                                        "H3_EXCESSIVE_LOAD",
                                        "H3_ID_ERROR",
                                        "H3_SETTINGS_ERROR",
                                        "H3_MISSING_SETTINGS",
                                        "H3_REQUEST_REJECTED",
                                        "H3_REQUEST_CANCELLED",
                                        "H3_REQUEST_INCOMPLETE",
                                        "H3_MESSAGE_ERROR",
                                        "H3_CONNECT_ERROR",
                                        "H3_VERSION_FALLBACK"};
  constexpr std::string_view qpack[] = {"QPACK_DECOMPRESSION_FAILED", "QPACK_ENCODER_STREAM_ERROR",
                                        "QPACK_DECODER_STREAM_ERROR"};
  const auto value = static_cast<std::uint64_t>(c);
  if (value >= 0x100 && value - 0x100 < std::size(names)) return names[value - 0x100];
  if (value >= 0x200 && value - 0x200 < std::size(qpack)) return qpack[value - 0x200];
  return "an unknown code";
}

namespace detail {

/// The server violated HTTP/3, and this side ends the connection.
COHTTPS_DECL [[gnu::cold]] error connection_broken(error_code c, std::string_view why);

/// The server ended one stream (RFC 9114, 4.1.1).
COHTTPS_DECL [[gnu::cold]] error stream_reset(error_code c);

/// The request came too late, because the server is closing the connection (RFC 9114, 5.2).
COHTTPS_DECL [[gnu::cold]] error not_processed();

}  // namespace detail

}  // namespace cohttps::http3

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/http3/error_code.ipp>
#endif
