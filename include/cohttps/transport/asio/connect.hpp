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

  static std::size_t at_once(asio_stream_state&) noexcept { return 0; }

  template <class Handler>
  void start(asio_stream_state::socket_type& socket, Handler handler) {
    prepare(socket);
    if (!failure_) return socket.async_connect(to_asio(to_), std::move(handler));
    asio::post(socket.get_executor(), [h = std::move(handler)]() mutable { h(asio_error_code()); });
  }

  COHTTPS_DECL result<asio_stream> finish(const shared_state<asio_stream_state>& state,
                                          const asio_error_code& code, std::size_t) const;

 private:
  COHTTPS_DECL void prepare(asio_stream_state::socket_type& socket);

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
