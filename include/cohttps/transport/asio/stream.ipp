// Definitions for stream.hpp.
#pragma once

#include <cohttps/transport/asio/stream.hpp>

namespace cohttps {
namespace detail {

COHTTPS_DEF error make_io_error(const asio_error_code& code, std::string_view verb) {
  const std::error_code standard(code.value(), std::system_category());
  if (code == asio::error::operation_aborted)
    return error(error_category::canceled, "canceled", "the operation was canceled");
  const bool reset = code == asio::error::connection_reset || code == asio::error::broken_pipe ||
                     code == asio::error::connection_aborted;
  return error(error_category::peer_closed, reset ? "connection_reset" : "connection_lost",
               "the connection broke while " + std::string(verb) + ": " + code.message())
      .code(standard);
}

COHTTPS_DEF std::size_t receive_at_once(int socket, std::span<std::byte> in) noexcept {
  if (socket < 0) return 0;
  const auto got = ::recv(socket, in.data(), in.size(), MSG_DONTWAIT);
  return got > 0 ? static_cast<std::size_t>(got) : 0;
}

COHTTPS_DEF std::size_t send_at_once(int socket, std::span<const std::byte> out,
                                     int more_flags) noexcept {
#if defined(MSG_NOSIGNAL)
  constexpr int flags = MSG_DONTWAIT | MSG_NOSIGNAL;
#else
  constexpr int flags = MSG_DONTWAIT;  // Asio sets SO_NOSIGPIPE on such systems
#endif
  if (socket < 0) return 0;
  const auto sent = ::send(socket, out.data(), out.size(), flags | more_flags);
  return sent > 0 ? static_cast<std::size_t>(sent) : 0;
}

COHTTPS_DEF bool is_idle(int socket) noexcept {
  if (socket < 0) return false;
  std::byte probe;
  const auto got = ::recv(socket, &probe, 1, MSG_PEEK | MSG_DONTWAIT);
  return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

}  // namespace detail
}  // namespace cohttps
