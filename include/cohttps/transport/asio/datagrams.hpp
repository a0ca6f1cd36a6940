// UDP sockets with Asio.
#pragma once

#include <cohttps/core/separate.hpp>
#include <cohttps/transport/asio/config.hpp>
#include <cohttps/transport/asio/connect.hpp>
#include <cohttps/transport/asio/stream.hpp>
#include <cohttps/transport/asio/transport.hpp>
#include <cohttps/transport/datagrams.hpp>

#if defined(COHTTPS_USE_BOOST_ASIO)
#include <boost/asio/basic_datagram_socket.hpp>
#include <boost/asio/generic/datagram_protocol.hpp>
#else
#include <asio/basic_datagram_socket.hpp>
#include <asio/generic/datagram_protocol.hpp>
#endif

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <optional>
#include <span>
#include <string>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>
#include <utility>

namespace cohttps {

namespace detail {

/// A UDP socket of the system.
struct udp_socket {
  int number = -1;  // -1: none
  bool is_v6 = false;
  bool divides = true;  // the system divides the bytes of one call into datagrams (UDP_SEGMENT)
  bool joins = false;   // it joins datagrams that arrive together (UDP_GRO)
};

/// The outcome of a system call that does not wait.
struct datagram_outcome {
  std::size_t filled = 0;
  int code = 0;  ///< EAGAIN if the call would have to wait
};

COHTTPS_DECL datagram_outcome receive_datagrams(udp_socket& from,
                                                std::span<datagram_slot> in) noexcept;

/// Sends as many as possible, and removes them from `out`. Returns the code of the call that
/// failed, or 0.
COHTTPS_DECL int send_datagrams(udp_socket& to, std::span<const std::byte>& out,
                                const datagrams& layout) noexcept;
COHTTPS_DECL int send_once(const udp_socket& to, std::span<const std::byte> out,
                           const datagrams& layout) noexcept;

COHTTPS_DECL endpoint local_endpoint(const udp_socket& of) noexcept;

COHTTPS_DECL [[gnu::cold]] error datagram_error(const asio_error_code& code, std::string_view verb);

/// Returns a connected socket with its options set, or an error.
COHTTPS_DECL result<int> open_udp(const endpoint& to, const socket_options& how);

template <class Executor>
struct basic_asio_datagram_state {
  using protocol = asio::generic::datagram_protocol;
  using executor_type = Executor;
  using socket_type = asio::basic_datagram_socket<protocol, Executor>;

  explicit basic_asio_datagram_state(const Executor& on) : socket(on) {}

  socket_type socket;
  udp_socket udp;
  asio_pending reading;
  asio_pending writing;
  reference_count<Executor> references = 0;
};

/// Receives into slots. It is an action of an `asio_operation`.
struct datagram_receiving {
  std::span<datagram_slot> in;
  datagram_outcome outcome = {};

  template <class State>
  std::size_t at_once(State& from) noexcept {
    outcome.code = EAGAIN;
    if (!from.reading.filled) return 0;  // there was nothing more
    receive(from);
    return outcome.code == EAGAIN ? 0 : 1;
  }
  template <class Socket, class Handler>
  void start(Socket& socket, Handler handler) const {
    socket.async_wait(asio::socket_base::wait_read, std::move(handler));
  }
  template <class State>
  result<std::size_t> finish(const State& from, const asio_error_code& code, std::size_t) {
    if (!code && outcome.code == EAGAIN) receive(*from);
    return received(code);
  }
  template <class State>
  void receive(State& from) noexcept {
    outcome = receive_datagrams(from.udp, in);
    from.reading.filled = outcome.filled == in.size();
  }
  COHTTPS_DECL result<std::size_t> received(const asio_error_code& code) const;
};

/// Sends what it is given. It is an action of an `asio_operation`.
struct datagram_sending {
  std::span<const std::byte> out;
  datagrams layout;
  int code = 0;

  template <class State>
  std::size_t at_once(State& to) noexcept {
    code = send_datagrams(to.udp, out, layout);
    return code == EAGAIN ? 0 : 1;
  }
  template <class Socket, class Handler>
  void start(Socket& socket, Handler handler) const {
    socket.async_wait(asio::socket_base::wait_write, std::move(handler));
  }
  template <class State>
  result<void> finish(const State& to, const asio_error_code& outcome, std::size_t) {
    return sent(to->udp, outcome);
  }
  COHTTPS_DECL result<void> sent(udp_socket& to, const asio_error_code& outcome);
};

}  // namespace detail

/// A connected UDP socket. It receives many datagrams by one system call, and sends them so, where
/// the system can (`recvmmsg`, UDP_GRO, UDP_SEGMENT). Packets are not fragmented. Threads: only the
/// one thread of its `io_context`, or its strand, may use it.
template <class Executor>
class basic_asio_datagram_socket {
  using state = detail::basic_asio_datagram_state<Executor>;

 public:
  explicit basic_asio_datagram_socket(detail::shared_state<state> connected) noexcept
      : state_(std::move(connected)) {}
  basic_asio_datagram_socket(basic_asio_datagram_socket&&) noexcept = default;
  basic_asio_datagram_socket& operator=(basic_asio_datagram_socket&& other) noexcept {
    close({});
    state_ = std::move(other.state_);
    return *this;
  }
  ~basic_asio_datagram_socket() { close({}); }

  auto receive(std::span<datagram_slot> in, stop_token stop) {
    return detail::asio_operation<std::size_t, detail::datagram_receiving, state>(
        state_, state_->reading, stop, detail::datagram_receiving{in});
  }
  auto send(std::span<const std::byte> out, const datagrams& layout, stop_token stop) {
    return detail::asio_operation<void, detail::datagram_sending, state>(
        state_, state_->writing, stop, detail::datagram_sending{out, layout});
  }
  /// Returns datagrams that have arrived, without waiting.
  std::size_t try_receive(std::span<datagram_slot> in) noexcept {
    return state_ ? detail::receive_datagrams(state_->udp, in).filled : 0;
  }
  /// Returns the address and the port that its datagrams come from.
  endpoint local() const noexcept {
    return state_ ? detail::local_endpoint(state_->udp) : endpoint();
  }
  void close(std::span<const std::byte> last) noexcept {
    if (!state_ || state_->udp.number < 0) return;
    const datagrams layout{last.size(), last.size()};
    if (!last.empty()) (void)detail::send_datagrams(state_->udp, last, layout);
    state_->udp.number = -1;
    asio_error_code ignored;
    state_->socket.close(ignored);
  }

 private:
  detail::shared_state<state> state_;
};

/// A UDP socket on an event loop of Asio.
using asio_datagram_socket = basic_asio_datagram_socket<detail::asio_loop>;

/// Opens a UDP socket that is connected to `to`. `socket_options::keep_alive` does not apply to it.
template <class Executor>
result<basic_asio_datagram_socket<Executor>> open_datagrams(
    const basic_asio_transport<Executor>& over, const endpoint& to, const socket_options& how) {
  const auto opened = detail::open_udp(to, how);
  if (!opened) return std::unexpected(opened.error());
  detail::shared_state state(new detail::basic_asio_datagram_state<Executor>(over.get_executor()));
  asio_error_code code;
  state->socket.assign({to.is_v6 ? AF_INET6 : AF_INET, IPPROTO_UDP}, *opened, code);
  if (code) {
    ::close(*opened);
    return std::unexpected(detail::datagram_error(code, "opening a socket for"));
  }
  state->udp.number = *opened;
  state->udp.is_v6 = to.is_v6;
  return basic_asio_datagram_socket<Executor>(std::move(state));
}

static_assert(datagram_socket<asio_datagram_socket>);
static_assert(datagram_transport<asio_transport>);

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/transport/asio/datagrams.ipp>
#endif
