// Makes a connection with Asio.
#pragma once

#include <cohttps/core/separate.hpp>
#include <cohttps/transport/asio/config.hpp>
#include <cohttps/transport/asio/stream.hpp>
#include <cohttps/transport/concepts.hpp>

#include <cerrno>
#include <cstring>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <optional>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <utility>

namespace cohttps::detail {

/// `to` must be an IP address, or a path that fits into `sockaddr_un`.
COHTTPS_DECL asio_protocol::endpoint to_asio(const endpoint& to);

/// Opens a socket with the given options, and connects it.
class asio_connecting {
 public:
  asio_connecting(const endpoint& to, const socket_options& how) : to_(to), how_(how) {}

  template <class State>
  static std::size_t at_once(State&) noexcept {
    return 0;
  }

  template <class Socket, class Handler>
  void start(Socket& socket, Handler handler) {
    if (may_open()) {
      asio_error_code code;
      socket.open(to_asio(to_).protocol(), code);
      configure(socket.native_handle(), code);
    }
    if (!failure_) return socket.async_connect(to_asio(to_), std::move(handler));
    asio::post(socket.get_executor(), [h = std::move(handler)]() mutable { h(asio_error_code()); });
  }

  template <class Executor>
  result<basic_asio_stream<Executor>> finish(
      const shared_state<basic_asio_stream_state<Executor>>& state, const asio_error_code& code,
      std::size_t) const {
    if (failure_ || code) return std::unexpected(explain(code));
    return basic_asio_stream<Executor>(state);
  }

 private:
  /// Checks the options.
  COHTTPS_DECL bool may_open();
  /// Applies the options to the socket, which could be opened if there is no `code`.
  COHTTPS_DECL void configure(int fd, const asio_error_code& code);

  COHTTPS_DECL [[gnu::cold]] error explain(const asio_error_code& code) const;

  COHTTPS_DECL void bind_to_device(int fd);

  COHTTPS_DECL void bind_to_address(int fd);

  COHTTPS_DECL void keep_alive(int fd);

  COHTTPS_DECL static bool set(int fd, int level, int option, int value) noexcept;

  COHTTPS_DECL [[gnu::cold]] error refuse(std::string_view reason, const std::string& how,
                                          int code) const;

  endpoint to_;
  socket_options how_;
  std::optional<error> failure_;
};

}  // namespace cohttps::detail

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/transport/asio/connect.ipp>
#endif
