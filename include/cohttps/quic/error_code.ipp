// Definitions for error_code.hpp.
#pragma once

#include <cohttps/quic/error_code.hpp>

#include <charconv>

namespace cohttps::quic::detail {

COHTTPS_DECL std::string hexadecimal(std::uint64_t code);
COHTTPS_DEF std::string hexadecimal(std::uint64_t code) {
  char digits[16];
  const auto end = std::to_chars(digits, digits + sizeof digits, code, 16).ptr;
  return "0x" + std::string(digits, end);
}

COHTTPS_DEF error connection_broken(std::uint64_t code, std::string_view why) {
  return {error_category::protocol, "quic_protocol_error",
          "the server broke QUIC (RFC 9000; " + std::string(transport_code_name(code)) +
              "): " + std::string(why)};
}

COHTTPS_DEF error closed_by_peer(std::uint64_t code, std::string_view why, bool handshake_done) {
  std::string message(handshake_done ? "the server closed the QUIC connection ("
                                     : "the server refused the QUIC connection (");
  message.append(transport_code_name(code)).append(", ").append(hexadecimal(code)).append(")");
  if (!why.empty()) message.append(": ").append(ascii::printable(why, 80));
  const bool alert = code >= 0x100 && code <= 0x1ff;
  return {!handshake_done && alert ? error_category::tls : error_category::peer_closed,
          alert ? "alert_received" : "closed_by_peer", std::move(message)};
}

COHTTPS_DEF error closed_by_application(std::uint64_t code, std::string_view why) {
  std::string message("the server closed the HTTP/3 connection (" + hexadecimal(code) + ")");
  if (!why.empty()) message.append(": ").append(ascii::printable(why, 80));
  return {error_category::peer_closed, "closed_by_peer", std::move(message)};
}

}  // namespace cohttps::quic::detail
