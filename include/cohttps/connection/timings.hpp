// How long the parts of an operation took.
#pragma once

#include <chrono>

namespace cohttps {

/// How long the parts of an operation took. A part that was not needed is zero, for example
/// `connect` on a reused connection. After redirections these are the times of the last request,
/// except `total`.
struct timings {
  std::chrono::nanoseconds queue{};    ///< until there was a connection, or the right to make one
  std::chrono::nanoseconds resolve{};  ///< the look-up of the name
  std::chrono::nanoseconds connect{};  ///< until a connection was made
  std::chrono::nanoseconds tunnel{};   ///< opening a tunnel through a proxy
  std::chrono::nanoseconds tls{};      ///< the handshake
  std::chrono::nanoseconds first_byte{};  ///< from the request's first byte to the response's head
  std::chrono::nanoseconds content{};     ///< from the head to the end of the content
  std::chrono::nanoseconds total{};       ///< of the whole operation
};

}  // namespace cohttps
