// A relay of datagrams between a client and a server on this machine, which can do harm to them.
#pragma once

#include <algorithm>
#include <arpa/inet.h>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <mutex>
#include <netinet/in.h>
#include <poll.h>
#include <random>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

namespace cohttps::testing {

/// What happens to datagrams: chances are from 0 to 1, for each of them.
struct udp_ways {
  double loss = 0;
  double copies = 0;
  double disorder = 0;  ///< it waits until the next one has passed
  double corruption = 0;
  std::chrono::microseconds delay{0};  ///< from one end to the other
  std::size_t rate = 0;                ///< bytes a second in each direction; 0: any
  std::size_t queue = 64 * 1024;       ///< bytes that wait because of `rate`; more is lost
  std::size_t largest = 65536;         ///< larger datagrams are lost
};

/// Runs on a thread of its own. All chances come from one seed.
class udp_relay {
 public:
  using clock = std::chrono::steady_clock;

  /// Listens at `port` of 127.0.0.1, or at any for 0, and sends to `server` of `server_address`.
  udp_relay(std::uint16_t port, std::uint16_t server, const udp_ways& ways,
            const std::string& server_address = "127.0.0.1")
      : ways_(ways),
        server_(address(server_address, server)),
        front_(open(address("127.0.0.1", port))),
        back_(open(address(server_address, 0))) {
    sockaddr_in at{};
    socklen_t size = sizeof at;
    ::getsockname(front_, reinterpret_cast<sockaddr*>(&at), &size);
    port_ = ntohs(at.sin_port);
    thread_ = std::thread([this] { work(); });
  }
  udp_relay(const udp_relay&) = delete;
  udp_relay& operator=(const udp_relay&) = delete;
  ~udp_relay() {
    over_ = true;
    thread_.join();
    ::close(front_);
    ::close(back_);
  }

  std::uint16_t port() const noexcept { return port_; }
  bool at(std::uint16_t port) const noexcept { return port_ == port; }
  void set(const udp_ways& ways) {
    const std::scoped_lock lock(mutex_);
    ways_ = ways;
  }
  /// The server sees another port of the client from now on.
  void rebind() { move("127.0.0.1"); }
  /// The server sees another address, and another port.
  void move(const std::string& to) {
    const std::scoped_lock lock(mutex_);
    moves_to_ = to;
  }

  /// Bytes of datagrams that came from the server, and from the client.
  std::size_t down() const noexcept { return passed_[1]; }
  std::size_t up() const noexcept { return passed_[0]; }
  /// Datagrams of the client with the mark ECT(0) (RFC 3168).
  std::size_t marked() const noexcept { return marked_; }

 private:
  struct peer {
    sockaddr_storage at{};
    socklen_t size = 0;
  };
  struct waiting {
    clock::time_point until;
    std::vector<char> bytes;
  };
  struct direction {
    std::vector<char> held;       // until the next one has passed
    std::deque<waiting> delayed;  // in the order of their times
    clock::time_point free{};     // when the wire can take the next one
  };

  static peer address(const std::string& text, std::uint16_t port) {
    peer made;
    auto* four = reinterpret_cast<sockaddr_in*>(&made.at);
    auto* six = reinterpret_cast<sockaddr_in6*>(&made.at);
    if (::inet_pton(AF_INET6, text.c_str(), &six->sin6_addr) == 1) {
      six->sin6_family = AF_INET6;
      six->sin6_port = htons(port);
      made.size = sizeof *six;
    } else {
      ::inet_pton(AF_INET, text.c_str(), &four->sin_addr);
      four->sin_family = AF_INET;
      four->sin_port = htons(port);
      made.size = sizeof *four;
    }
    return made;
  }
  static int open(const peer& at) {
    const int fd = ::socket(at.at.ss_family, SOCK_DGRAM, 0);
    (void)::bind(fd, reinterpret_cast<const sockaddr*>(&at.at), at.size);
    const int size = 4 << 20, on = 1;
    ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    ::setsockopt(fd, IPPROTO_IP, IP_RECVTOS, &on, sizeof on);
    return fd;
  }

  bool happens(double chance) {
    return chance > 0 && std::uniform_real_distribution<double>(0, 1)(random_) < chance;
  }

  void work() {
    while (!over_) {
      udp_ways ways;
      {
        const std::scoped_lock lock(mutex_);
        ways = ways_;
        if (!moves_to_.empty()) {
          ::close(back_);
          back_ = open(address(std::exchange(moves_to_, {}), 0));
        }
      }
      const bool late = !directions_[0].delayed.empty() || !directions_[1].delayed.empty();
      pollfd both[] = {{front_, POLLIN, 0}, {back_, POLLIN, 0}};
      ::poll(both, 2, late ? 1 : 10);
      if (both[0].revents) take(front_, 0, ways);
      if (both[1].revents) take(back_, 1, ways);
      for (const int way : {0, 1}) pass(way);
    }
  }

  void take(int from, int way, const udp_ways& ways) {
    char datagram[65536], control[128];
    for (int i = 0; i < 64; ++i) {
      peer sender;
      sender.size = sizeof sender.at;
      iovec where{datagram, sizeof datagram};
      msghdr message{};
      message.msg_name = &sender.at;
      message.msg_namelen = sender.size;
      message.msg_iov = &where;
      message.msg_iovlen = 1;
      message.msg_control = control;
      message.msg_controllen = sizeof control;
      const auto got = ::recvmsg(from, &message, MSG_DONTWAIT);
      if (got <= 0) return;
      sender.size = message.msg_namelen;
      if (way == 0) client_ = sender;
      for (auto* c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c))
        if (c->cmsg_type == IP_TOS && (*CMSG_DATA(c) & 3) == 2) ++marked_;
      const auto size = static_cast<std::size_t>(got);
      passed_[way] += size;
      if (size > ways.largest || happens(ways.loss)) continue;
      std::vector<char> one(datagram, datagram + got);
      if (happens(ways.corruption))
        one[random_() % one.size()] ^= static_cast<char>(1 << (random_() % 8));
      auto& held = directions_[way].held;
      if (held.empty() && happens(ways.disorder)) {
        held = std::move(one);
        continue;
      }
      if (happens(ways.copies)) queue(way, one, ways);
      queue(way, std::move(one), ways);
      if (!held.empty()) queue(way, std::exchange(held, {}), ways);
    }
  }

  void queue(int way, std::vector<char> one, const udp_ways& ways) {
    auto& [held, delayed, free] = directions_[way];
    const auto now = clock::now();
    auto leaves = std::max(now, free);
    if (ways.rate != 0) {
      const auto per_byte = std::chrono::duration<double>(1.0 / static_cast<double>(ways.rate));
      if ((leaves - now) / per_byte > static_cast<double>(ways.queue)) return;
      leaves +=
          std::chrono::duration_cast<clock::duration>(per_byte * static_cast<double>(one.size()));
      free = leaves;
    }
    delayed.push_back({leaves + ways.delay, std::move(one)});
  }

  void pass(int way) {
    auto& delayed = directions_[way].delayed;
    const peer& to = way == 0 ? server_ : client_;
    const auto now = clock::now();
    while (!delayed.empty() && delayed.front().until <= now) {
      const auto& bytes = delayed.front().bytes;
      (void)::sendto(way == 0 ? back_ : front_, bytes.data(), bytes.size(), 0,
                     reinterpret_cast<const sockaddr*>(&to.at), to.size);
      delayed.pop_front();
    }
  }

  std::mutex mutex_;
  udp_ways ways_;
  std::string moves_to_;
  peer server_;
  peer client_;
  std::uint16_t port_ = 0;
  int front_;
  int back_;
  std::mt19937 random_{1};
  direction directions_[2];
  std::atomic<std::size_t> passed_[2] = {};
  std::atomic<std::size_t> marked_ = 0;
  std::atomic<bool> over_ = false;
  std::thread thread_;
};

}  // namespace cohttps::testing
