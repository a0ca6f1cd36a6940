// Definitions for connect.hpp.
#pragma once

#include <cohttps/transport/asio/connect.hpp>

namespace cohttps::detail {

COHTTPS_DEF asio_protocol::endpoint to_asio(const endpoint& to) {
  if (to.is_unix()) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, to.path.data(), to.path.size());
    return {&address, sizeof address};
  }
  if (to.is_v6) {
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_port = htons(to.port);
    address.sin6_scope_id = to.scope;
    std::memcpy(&address.sin6_addr, to.address.data(), sizeof address.sin6_addr);
    return {&address, sizeof address, IPPROTO_TCP};
  }
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(to.port);
  std::memcpy(&address.sin_addr, to.address.data(), sizeof address.sin_addr);
  return {&address, sizeof address, IPPROTO_TCP};
}

COHTTPS_DEF error asio_connecting::explain(const asio_error_code& code) const {
  if (failure_) return *failure_;
  if (code == asio::error::operation_aborted) return make_io_error(code, "connecting");
  return refuse(code == asio::error::connection_refused ? "connection_refused" : "connect_failed",
                "", code.value());
}

COHTTPS_DEF bool asio_connecting::may_open() {
  const auto bad_option = [&](std::string_view reason, std::string message) {
    failure_.emplace(error_category::usage, reason, std::move(message));
    return false;
  };
  if (to_.is_unix() && how_ != socket_options())
    return bad_option("socket_options_unix", "the socket options are for TCP, but " +
                                                 to_string(to_) +
                                                 " is a Unix domain socket; leave them out");
  if (to_.path.size() >= sizeof(sockaddr_un::sun_path) || to_.path.find('\0') != to_.path.npos)
    return bad_option("unix_path_unusable", "the path of the Unix domain socket " + to_string(to_) +
                                                " is longer than " +
                                                std::to_string(sizeof(sockaddr_un::sun_path) - 1) +
                                                " bytes or contains a zero byte");
  if (how_.device.size() >= IFNAMSIZ || how_.device.find('\0') != how_.device.npos)
    return bad_option("device_name_unusable", "no network interface can have the name '" +
                                                  how_.device + "'; see `ip link`");
  if (how_.keep_alive && (how_.keep_alive->count() < 1 || how_.keep_alive->count() > 32767))
    return bad_option("keep_alive_out_of_range",
                      "the option keep_alive takes 1 s to 32767 s, not " +
                          std::to_string(how_.keep_alive->count()) + " s");
  if (how_.local_address && how_.local_address->is_unix())
    return bad_option("local_address_unusable", "the local address has to be an IP address, not " +
                                                    to_string(*how_.local_address));
  return true;
}

COHTTPS_DEF void asio_connecting::configure(int fd, const asio_error_code& code) {
  if (code) return void(failure_ = refuse("connect_failed", "", code.value()));
  if (to_.is_unix()) return;
  set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  if (!how_.device.empty()) bind_to_device(fd);
  if (how_.local_address && !failure_) bind_to_address(fd);
  if (how_.keep_alive && !failure_) keep_alive(fd);
}

COHTTPS_DEF void asio_connecting::bind_to_device(int fd) {
#if defined(SO_BINDTODEVICE)
  if (::setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, how_.device.data(),
                   static_cast<socklen_t>(how_.device.size())) != 0)
    failure_ = refuse("device_unusable", " through the interface '" + how_.device + "'", errno);
#else
  (void)fd;
  failure_.emplace(error_category::usage, "not_supported_by_transport",
                   "sockets cannot be bound to a network interface on this system; use the "
                   "option local_address");
#endif
}

COHTTPS_DEF void asio_connecting::bind_to_address(int fd) {
  const endpoint& from = *how_.local_address;
  if (from.is_v6 != to_.is_v6) {
    failure_ = refuse("local_address_family", " from " + address_text(from), EAFNOSUPPORT);
    return;
  }
#if defined(IP_BIND_ADDRESS_NO_PORT)
  // The system chooses the port when the socket connects. Connections to other destinations may
  // then use the same port.
  if (from.port == 0) set(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
#endif
  const auto address = to_asio(from);
  if (::bind(fd, address.data(), static_cast<socklen_t>(address.size())) != 0)
    failure_ = refuse("local_address_unusable", " from " + to_string(from), errno);
}

COHTTPS_DEF void asio_connecting::keep_alive(int fd) {
#if defined(TCP_KEEPIDLE)
  constexpr int idle = TCP_KEEPIDLE;
#else
  constexpr int idle = TCP_KEEPALIVE;
#endif
  if (!set(fd, SOL_SOCKET, SO_KEEPALIVE, 1) ||
      !set(fd, IPPROTO_TCP, idle, static_cast<int>(how_.keep_alive->count())))
    failure_ = refuse("keep_alive_unusable", " with keep-alive", errno);
}

COHTTPS_DEF bool asio_connecting::set(int fd, int level, int option, int value) noexcept {
  return ::setsockopt(fd, level, option, &value, sizeof value) == 0;
}

COHTTPS_DEF error asio_connecting::refuse(std::string_view reason, const std::string& how,
                                          int code) const {
  const std::error_code cause(code, std::system_category());
  return error(error_category::connect, reason,
               "connecting to " + to_string(to_) + how + " failed: " + cause.message())
      .code(cause);
}

}  // namespace cohttps::detail
