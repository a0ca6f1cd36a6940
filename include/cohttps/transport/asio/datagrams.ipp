// Definitions for datagrams.hpp.
#pragma once

#include <cohttps/transport/asio/datagrams.hpp>

#include <array>

namespace cohttps {
namespace detail {

/// One message of the system, which is one datagram or several of one size (UDP_GRO).
struct udp_message {
  iovec where{};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int)) + CMSG_SPACE(sizeof(int))];

  void prepare(msghdr& message, std::span<std::byte> memory) noexcept {
    where = {memory.data(), memory.size()};
    message = {};
    message.msg_iov = &where;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
  }
};

COHTTPS_DECL datagrams layout_of(msghdr& message, std::size_t size) noexcept;
COHTTPS_DEF datagrams layout_of(msghdr& message, std::size_t size) noexcept {
  datagrams got{size, size};
  for (auto* c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c)) {
    if ((c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TOS) ||
        (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_TCLASS))
      got.mark = static_cast<ecn>(*CMSG_DATA(c) & 3);
#if defined(UDP_GRO)
    if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_GRO) {
      int segment = 0;
      std::memcpy(&segment, CMSG_DATA(c), sizeof segment);
      if (segment > 0) got.segment = static_cast<std::size_t>(segment);
    }
#endif
  }
  return got;
}

/// Turns the option UDP_GRO on when many datagrams arrive together. Linux changes its own code when
/// the first socket of the system has the option, and when the last one ends. That costs some 100
/// us.
template <class = void>
void join_datagrams(udp_socket& of, std::size_t arrived) noexcept {
#if defined(UDP_GRO)
  constexpr std::size_t many = 8;
  if (of.joins || arrived < many) return;
  of.joins = true;
  const int on = 1;
  (void)::setsockopt(of.number, IPPROTO_UDP, UDP_GRO, &on, sizeof on);
#else
  (void)of, (void)arrived;
#endif
}

COHTTPS_DEF datagram_outcome receive_datagrams(udp_socket& from,
                                               std::span<datagram_slot> in) noexcept {
  if (from.number < 0) return {0, EBADF};
#if defined(__linux__)
  constexpr std::size_t most = 32;
  std::array<udp_message, most> parts;
  std::array<mmsghdr, most> messages;
  in = in.first(std::min(in.size(), most));
  for (std::size_t i = 0; i < in.size(); ++i) parts[i].prepare(messages[i].msg_hdr, in[i].memory);
  const int count = ::recvmmsg(from.number, messages.data(), static_cast<unsigned>(in.size()),
                               MSG_DONTWAIT, nullptr);
  if (count < 0) return {0, errno == EWOULDBLOCK ? EAGAIN : errno};
  const auto filled = static_cast<std::size_t>(count);
  for (std::size_t i = 0; i < filled; ++i)
    in[i].layout = layout_of(messages[i].msg_hdr, messages[i].msg_len);
  join_datagrams(from, filled);
  return {filled};
#else
  udp_message part;
  msghdr message;
  for (std::size_t i = 0; i < in.size(); ++i) {
    part.prepare(message, in[i].memory);
    const auto size = ::recvmsg(from.number, &message, MSG_DONTWAIT);
    if (size < 0) return {i, i != 0 ? 0 : errno == EWOULDBLOCK ? EAGAIN : errno};
    in[i].layout = layout_of(message, static_cast<std::size_t>(size));
  }
  return {in.size()};
#endif
}

COHTTPS_DEF int send_once(const udp_socket& to, std::span<const std::byte> out,
                          const datagrams& layout) noexcept {
  iovec where{const_cast<std::byte*>(out.data()), out.size()};  // the system only reads
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int)) + CMSG_SPACE(sizeof(std::uint16_t))] = {};
  msghdr message{};
  message.msg_iov = &where;
  message.msg_iovlen = 1;
  std::size_t used = 0;
  const auto add = [&](int level, int type, auto value) {
    auto* c = reinterpret_cast<cmsghdr*>(control + used);
    c->cmsg_level = level;
    c->cmsg_type = type;
    c->cmsg_len = CMSG_LEN(sizeof value);
    std::memcpy(CMSG_DATA(c), &value, sizeof value);
    used += CMSG_SPACE(sizeof value);
  };
  if (layout.mark != ecn::none) {
    if (to.is_v6)
      add(IPPROTO_IPV6, IPV6_TCLASS, static_cast<int>(layout.mark));
    else
      add(IPPROTO_IP, IP_TOS, static_cast<int>(layout.mark));
  }
#if defined(UDP_SEGMENT)
  if (out.size() > layout.segment)
    add(IPPROTO_UDP, UDP_SEGMENT, static_cast<std::uint16_t>(layout.segment));
#endif
  if (used != 0) {
    message.msg_control = control;
    message.msg_controllen = used;
  }
#if defined(MSG_NOSIGNAL)
  constexpr int flags = MSG_DONTWAIT | MSG_NOSIGNAL;
#else
  constexpr int flags = MSG_DONTWAIT;
#endif
  return ::sendmsg(to.number, &message, flags) >= 0 ? 0 : errno;
}

COHTTPS_DEF int send_datagrams(udp_socket& to, std::span<const std::byte>& out,
                               const datagrams& layout) noexcept {
#if !defined(UDP_SEGMENT)
  to.divides = false;
#endif
  bool retried = false;
  while (!out.empty()) {
    if (to.number < 0) return EBADF;
    const bool several = to.divides && out.size() > layout.segment;
    const auto part = several ? out : out.first(std::min(out.size(), layout.segment));
    const int code = send_once(to, part, layout);
    if (code == EAGAIN || code == EWOULDBLOCK) return EAGAIN;
    if (code == EINTR) continue;
    // Some interfaces cannot divide (EIO), and some systems do not know how (EINVAL).
    if (several && (code == EIO || code == EINVAL || code == EMSGSIZE)) {
      to.divides = code == EMSGSIZE;  // then only this one does not fit, such as a probe of the MTU
      if (code != EMSGSIZE) continue;
    }
    // The system reports an ICMP error of an earlier datagram once, and did not send this one.
    if (code == ECONNREFUSED && !std::exchange(retried, true)) continue;
    const bool lost = code == EMSGSIZE || code == ENOBUFS || code == ENOMEM || code == EPERM;
    if (code != 0 && !lost) return code;
    out = out.subspan(part.size());
  }
  return 0;
}

COHTTPS_DEF endpoint local_endpoint(const udp_socket& of) noexcept {
  endpoint e;
  e.is_v6 = of.is_v6;
  sockaddr_storage raw{};
  socklen_t size = sizeof raw;
  if (::getsockname(of.number, reinterpret_cast<sockaddr*>(&raw), &size) != 0) return e;
  if (of.is_v6) {
    sockaddr_in6 v6;
    std::memcpy(&v6, &raw, sizeof v6);
    std::memcpy(e.address.data(), &v6.sin6_addr, sizeof v6.sin6_addr);
    e.port = ntohs(v6.sin6_port);
    e.scope = v6.sin6_scope_id;
  } else {
    sockaddr_in v4;
    std::memcpy(&v4, &raw, sizeof v4);
    std::memcpy(e.address.data(), &v4.sin_addr, sizeof v4.sin_addr);
    e.port = ntohs(v4.sin_port);
  }
  return e;
}

COHTTPS_DEF error datagram_error(const asio_error_code& code, std::string_view verb) {
  if (code == asio::error::operation_aborted || code == asio::error::bad_descriptor)
    return error(error_category::canceled, "canceled", "the operation was canceled");
  const bool refused = code == asio::error::connection_refused;
  return error(error_category::connect, refused ? "connection_refused" : "connect_failed",
               std::string(verb) + " UDP datagrams failed: " + code.message())
      .code({code.value(), std::system_category()});
}

COHTTPS_DEF result<int> open_udp(const endpoint& to, const socket_options& how) {
  const auto failed = [&](std::string_view reason, const std::string& what,
                          int code) -> std::unexpected<error> {
    const std::error_code cause(code, std::system_category());
    return std::unexpected(
        error(error_category::connect, reason,
              "connecting to " + to_string(to) + " by UDP" + what + " failed: " + cause.message())
            .code(cause));
  };
  if (to.is_unix())
    return fail(error_category::usage, "no_datagrams", "HTTP/3 needs UDP, not " + to_string(to));
  const int family = to.is_v6 ? AF_INET6 : AF_INET;
  struct owner {
    int fd;
    ~owner() {
      if (fd >= 0) ::close(fd);
    }
  } socket{::socket(family, SOCK_DGRAM, 0)};
  if (socket.fd < 0) return failed("connect_failed", "", errno);
  const auto set = [&](int level, int option, int value) {
    return ::setsockopt(socket.fd, level, option, &value, sizeof value) == 0;
  };
  // The system may refuse each of these. The socket is slower then, and works.
  set(SOL_SOCKET, SO_RCVBUF, 2 * 1024 * 1024);
  set(SOL_SOCKET, SO_SNDBUF, 1024 * 1024);
#if defined(IP_PMTUDISC_PROBE)
  // Packets are never divided on their way, so that a probe finds the largest size that fits.
  if (to.is_v6)
    set(IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_PROBE);
  else
    set(IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE);
#endif
  if (to.is_v6)
    set(IPPROTO_IPV6, IPV6_RECVTCLASS, 1);
  else
    set(IPPROTO_IP, IP_RECVTOS, 1);
  if (!how.device.empty()) {
#if defined(SO_BINDTODEVICE)
    if (::setsockopt(socket.fd, SOL_SOCKET, SO_BINDTODEVICE, how.device.data(),
                     static_cast<socklen_t>(how.device.size())) != 0)
      return failed("device_unusable", " through the interface '" + how.device + "'", errno);
#else
    return fail(error_category::usage, "not_supported_by_transport",
                "sockets cannot be bound to a network interface on this system; use the option "
                "local_address");
#endif
  }
  if (how.local_address) {
    if (how.local_address->is_unix() || how.local_address->is_v6 != to.is_v6)
      return failed("local_address_family", " from " + to_string(*how.local_address), EAFNOSUPPORT);
    const auto from = to_asio(*how.local_address);
    if (::bind(socket.fd, from.data(), static_cast<socklen_t>(from.size())) != 0)
      return failed("local_address_unusable", " from " + to_string(*how.local_address), errno);
  }
  const auto peer = to_asio(to);
  if (::connect(socket.fd, peer.data(), static_cast<socklen_t>(peer.size())) != 0)
    return failed("connect_failed", "", errno);
  return std::exchange(socket.fd, -1);
}

COHTTPS_DEF result<std::size_t> datagram_receiving::received(const asio_error_code& code) const {
  if (code) return std::unexpected(datagram_error(code, "receiving"));
  if (outcome.code == 0 || outcome.code == EINTR || outcome.code == EAGAIN) return outcome.filled;
  return std::unexpected(datagram_error(
      asio_error_code(outcome.code, asio::error::get_system_category()), "receiving"));
}

COHTTPS_DEF result<void> datagram_sending::sent(udp_socket& to, const asio_error_code& outcome) {
  if (outcome) return std::unexpected(datagram_error(outcome, "sending"));
  // Datagrams that the system still does not take count as lost, as in any full queue.
  if (!out.empty() && (code == 0 || code == EAGAIN)) code = send_datagrams(to, out, layout);
  if (code == 0 || code == EAGAIN) return {};
  return std::unexpected(
      datagram_error(asio_error_code(code, asio::error::get_system_category()), "sending"));
}

}  // namespace detail
}  // namespace cohttps
