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

COHTTPS_DEF std::size_t receive_at_once(asio_stream_state& from, std::span<std::byte> in) noexcept {
  if (!from.socket.is_open()) return 0;
  const auto got = ::recv(from.socket.native_handle(), in.data(), in.size(), MSG_DONTWAIT);
  return got > 0 ? static_cast<std::size_t>(got) : 0;
}

COHTTPS_DEF std::size_t send_at_once(asio_stream_state& to, std::span<const std::byte> out,
                                     int more_flags) noexcept {
#if defined(MSG_NOSIGNAL)
  constexpr int flags = MSG_DONTWAIT | MSG_NOSIGNAL;
#else
  constexpr int flags = MSG_DONTWAIT;  // Asio sets SO_NOSIGPIPE on such systems
#endif
  if (!to.socket.is_open()) return 0;
  const auto sent = ::send(to.socket.native_handle(), out.data(), out.size(), flags | more_flags);
  return sent > 0 ? static_cast<std::size_t>(sent) : 0;
}

}  // namespace detail
}  // namespace cohttps

namespace cohttps {

COHTTPS_DEF std::size_t asio_stream::try_read(std::span<std::byte> in) noexcept {
  return state_ ? detail::receive_at_once(*state_, in) : 0;
}

COHTTPS_DEF std::size_t asio_stream::try_write(std::span<const std::byte> out) noexcept {
  return state_ ? detail::send_at_once(*state_, out) : 0;
}

COHTTPS_DEF bool asio_stream::idle() noexcept {
  if (!state_ || !state_->socket.is_open()) return false;
  std::byte probe;
  const auto got = ::recv(state_->socket.native_handle(), &probe, 1, MSG_PEEK | MSG_DONTWAIT);
  return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

COHTTPS_DEF void asio_stream::close() noexcept {
  if (!state_) return;
  asio_error_code ignored;
  state_->socket.close(ignored);
}

COHTTPS_DEF void asio_stream::close(std::span<const std::byte> last) noexcept {
#if defined(MSG_MORE)
  constexpr int held_back = MSG_MORE;
#else
  constexpr int held_back = 0;
#endif
  if (state_ && !last.empty()) (void)detail::send_at_once(*state_, last, idle() ? held_back : 0);
  close();
}

COHTTPS_DEF std::size_t asio_stream::reading::at_once(
    detail::asio_stream_state& from) const noexcept {
  return from.reading.filled ? detail::receive_at_once(from, in) : 0;
}

COHTTPS_DEF result<std::size_t> asio_stream::reading::finish(
    const detail::shared_state<detail::asio_stream_state>& from, const asio_error_code& code,
    std::size_t size) const {
  from->reading.filled = size == in.size();
  if (!code) [[likely]]
    return size;
  if (code == asio::error::eof) return std::size_t{0};
  return std::unexpected(detail::make_io_error(code, "reading"));
}

COHTTPS_DEF std::size_t asio_stream::writing::at_once(
    detail::asio_stream_state& to) const noexcept {
  return detail::send_at_once(to, out);
}

}  // namespace cohttps
