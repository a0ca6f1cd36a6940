// The status codes of a close frame (RFC 6455, 7.4).
#pragma once

#include <cstdint>

namespace cohttps::websocket {

/// Codes with a meaning of their own; 3000 to 3999 are for libraries, 4000 to 4999 for programs.
namespace close_code {
inline constexpr std::uint16_t normal = 1000;  ///< all is done
/// The endpoint goes away, as a server that stops.
inline constexpr std::uint16_t going_away = 1001;
inline constexpr std::uint16_t protocol_error = 1002;  ///< the peer broke RFC 6455
/// A type of message that the endpoint does not take.
inline constexpr std::uint16_t unsupported_data = 1003;
inline constexpr std::uint16_t none = 1005;          ///< never sent: the close frame had no code
inline constexpr std::uint16_t abnormal = 1006;      ///< never sent: there was no close frame
inline constexpr std::uint16_t invalid_data = 1007;  ///< text that is not UTF-8
inline constexpr std::uint16_t policy_violation = 1008;  ///< a rule of the endpoint forbids it
inline constexpr std::uint16_t too_large = 1009;         ///< a message that is too large
/// The server did not take an extension that the client needs.
inline constexpr std::uint16_t extension_missing = 1010;
inline constexpr std::uint16_t internal_error = 1011;  ///< the server failed
}  // namespace close_code

/// True for a code that a close frame may carry (7.4.1, 7.4.2, and the registry of IANA).
constexpr bool may_be_sent(std::uint16_t code) noexcept {
  if (code >= 3000) return code < 5000;
  return code >= 1000 && code <= 1014 && (code < 1004 || code > 1006);
}

}  // namespace cohttps::websocket
