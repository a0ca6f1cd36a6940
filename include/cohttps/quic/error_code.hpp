// The error codes of QUIC (RFC 9000, 20), and the errors that a client reports for them.
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace cohttps::quic {

/// Returns a name such as "PROTOCOL_VIOLATION", or "an unknown code". 0x100 to 0x1ff stand for the
/// alerts of TLS (RFC 9001, 4.8).
constexpr std::string_view transport_code_name(std::uint64_t code) noexcept {
  constexpr std::string_view names[] = {"NO_ERROR",
                                        "INTERNAL_ERROR",
                                        "CONNECTION_REFUSED",
                                        "FLOW_CONTROL_ERROR",
                                        "STREAM_LIMIT_ERROR",
                                        "STREAM_STATE_ERROR",
                                        "FINAL_SIZE_ERROR",
                                        "FRAME_ENCODING_ERROR",
                                        "TRANSPORT_PARAMETER_ERROR",
                                        "CONNECTION_ID_LIMIT_ERROR",
                                        "PROTOCOL_VIOLATION",
                                        "INVALID_TOKEN",
                                        "APPLICATION_ERROR",
                                        "CRYPTO_BUFFER_EXCEEDED",
                                        "KEY_UPDATE_ERROR",
                                        "AEAD_LIMIT_REACHED",
                                        "NO_VIABLE_PATH",
                                        "VERSION_NEGOTIATION_ERROR"};
  if (code < std::size(names)) return names[code];
  return code >= 0x100 && code <= 0x1ff ? "CRYPTO_ERROR" : "an unknown code";
}

namespace detail {

/// This side ends the connection because the server violated QUIC.
COHTTPS_DECL [[gnu::cold]] error connection_broken(std::uint64_t code, std::string_view why);

/// The server ended the connection because of an error of QUIC or TLS.
COHTTPS_DECL [[gnu::cold]] error closed_by_peer(std::uint64_t code, std::string_view why,
                                                bool handshake_done);

/// The server's application ended the connection. The code is one of HTTP/3 (RFC 9114, 8.1).
COHTTPS_DECL [[gnu::cold]] error closed_by_application(std::uint64_t code, std::string_view why);

}  // namespace detail

}  // namespace cohttps::quic

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/quic/error_code.ipp>
#endif
