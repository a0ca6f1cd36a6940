// Datagrams in memory, on a manual clock: lost, late, out of order, doubled and damaged, from a
// seed.
#pragma once

#include <cohttps/testing/manual_loop.hpp>
#include <cohttps/transport/datagrams.hpp>

#include <chrono>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace cohttps::testing {

class memory_datagrams;

namespace detail {

/// One end of a connected pair.
struct datagram_end {
  struct arrival {
    std::vector<std::byte> bytes;
    ecn mark;
  };
  std::deque<arrival> arrived;
  class datagram_receive* reader = nullptr;
  bool closed = false;
};

struct datagram_pair {
  datagram_end client;
  datagram_end server;
  endpoint client_address;
};

inline error datagram_stopped() {
  return error(error_category::canceled, "canceled", "the operation was canceled");
}

/// Waits for a datagram.
class datagram_receive {
 public:
  datagram_receive(manual_loop& loop, std::shared_ptr<datagram_pair> pair, datagram_end& end,
                   std::span<datagram_slot> in, stop_token stop) noexcept
      : loop_(loop), pair_(std::move(pair)), end_(end), in_(in), stop_(stop) {}
  datagram_receive(const datagram_receive&) = delete;
  datagram_receive& operator=(const datagram_receive&) = delete;
  ~datagram_receive();

  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiter);
  result<std::size_t> await_resume();

  void wake() noexcept;

  static std::size_t take(datagram_end& from, std::span<datagram_slot> in) noexcept;

 private:
  struct on_stop {
    datagram_receive* self;
    void operator()() const noexcept { self->wake(); }
  };

  manual_loop& loop_;
  std::shared_ptr<datagram_pair> pair_;
  datagram_end& end_;
  std::span<datagram_slot> in_;
  stop_token stop_;
  std::optional<stop_callback<on_stop>> on_stop_;
  std::coroutine_handle<> waiter_;
  manual_loop::event_id event_ = 0;
};

/// A send, which never waits.
struct datagram_send {
  result<void> outcome;
  bool await_ready() const noexcept { return true; }
  void await_suspend(std::coroutine_handle<>) const noexcept {}
  result<void> await_resume() { return std::move(outcome); }
};

}  // namespace detail

/// One end of a pair of sockets in memory, which is a `datagram_socket`.
class memory_datagram_socket {
 public:
  memory_datagram_socket(memory_datagrams& network, std::shared_ptr<detail::datagram_pair> pair,
                         bool client_side) noexcept
      : network_(&network), pair_(std::move(pair)), client_side_(client_side) {}
  memory_datagram_socket(memory_datagram_socket&&) noexcept = default;
  memory_datagram_socket& operator=(memory_datagram_socket&& other) noexcept;
  ~memory_datagram_socket() { close({}); }

  detail::datagram_receive receive(std::span<datagram_slot> in, stop_token stop) noexcept;
  /// Returns datagrams that have arrived, without waiting.
  std::size_t try_receive(std::span<datagram_slot> in) noexcept;
  detail::datagram_send send(std::span<const std::byte> out, const datagrams& layout,
                             stop_token stop);
  /// The address of the client's end.
  endpoint local() const noexcept { return pair_ ? pair_->client_address : endpoint(); }
  void close(std::span<const std::byte> last) noexcept;

 private:
  detail::datagram_end& mine() const noexcept {
    return client_side_ ? pair_->client : pair_->server;
  }
  void transmit(std::span<const std::byte> out, const datagrams& layout);

  memory_datagrams* network_;
  std::shared_ptr<detail::datagram_pair> pair_;
  bool client_side_;
};

/// The datagram sockets of a `memory_network`, and what happens to datagrams on their way. All
/// chances are decided by one generator, so that a run can be repeated with its seed.
class memory_datagrams {
 public:
  /// A server of one client: the other end of its socket.
  using server = std::function<task<void>(memory_datagram_socket)>;

  explicit memory_datagrams(manual_loop& loop) noexcept : loop_(loop) {}

  /// Accepts datagrams at `to`: `answer` gets its end of each client's socket.
  void listen(const endpoint& to, server answer) { servers_[to_string(to)] = std::move(answer); }

  /// Returns the client's end of a new pair.
  memory_datagram_socket connect(const endpoint& to);

  /// The address of the clients' machine. Datagrams of sockets that were opened at another one,
  /// which it has no longer, are lost.
  endpoint local = *parse_address("10.0.0.1");
  bool refuse_lost = false;            ///< sending from such a socket is an error, too
  std::mt19937 random{1};              ///< `random.seed(n)` chooses another run
  double loss = 0;                     ///< chance of a datagram to be lost, 0 to 1
  double copies = 0;                   ///< chance to arrive twice
  double corruption = 0;               ///< chance that one bit of it is changed
  std::chrono::nanoseconds delay{0};   ///< the time from one end to the other
  std::chrono::nanoseconds jitter{0};  ///< up to this much more, so that the order changes
  std::size_t largest = 1500;          ///< larger datagrams are lost
  std::function<bool(bool from_client, std::span<std::byte>)> on_send;  ///< false: it is lost
  std::size_t sent = 0;  ///< datagrams sent so far by both sides
  std::size_t lost = 0;  ///< those of them that did not arrive

 private:
  friend class memory_datagram_socket;

  bool happens(double chance);

  void transmit(const std::shared_ptr<detail::datagram_pair>& pair, bool from_client,
                std::span<const std::byte> one, ecn mark);

  manual_loop& loop_;
  std::map<std::string, server, std::less<>> servers_;
  std::vector<background_task> running_;
};

static_assert(datagram_socket<memory_datagram_socket>);

}  // namespace cohttps::testing

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/testing/memory_datagrams.ipp>
#endif
