// Peers made of plain sockets, on loopback: they do what a test tells them, however wrong it is.
#pragma once

#include "servers/process.hpp"

#include <catch2/catch_test_macros.hpp>

#include <arpa/inet.h>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <netinet/in.h>
#include <poll.h>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <sys/time.h>
#include <thread>
#include <utility>

namespace cohttps::testing {

inline sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(port);
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return at;
}

inline descriptor tcp_socket() { return {::socket(AF_INET, SOCK_STREAM, 0), "socket"}; }

inline bool connect_to(const descriptor& socket, std::uint16_t port) {
  const sockaddr_in at = loopback(port);
  return ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0;
}
inline bool accepts(std::uint16_t port) { return connect_to(tcp_socket(), port); }

/// Bound to a port that the system chose, and, unless `backlog` is negative, listening.
inline descriptor bound_socket(std::uint16_t& port, int backlog = -1) {
  descriptor socket = tcp_socket();
  sockaddr_in at = loopback(0);
  socklen_t size = sizeof at;
  if (::bind(socket.get(), reinterpret_cast<sockaddr*>(&at), size) != 0) throw_errno("bind");
  if (backlog >= 0 && ::listen(socket.get(), backlog) != 0) throw_errno("listen");
  ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&at), &size);
  port = ntohs(at.sin_port);
  return socket;
}

/// Ports that nobody listens on.
template <std::size_t N>
std::array<std::uint16_t, N> free_ports() {
  std::array<std::uint16_t, N> ports{};
  std::array<descriptor, N> held;  // until there are N different ones
  for (std::size_t i = 0; i < N; ++i) held[i] = bound_socket(ports[i]);
  return ports;
}
inline std::uint16_t free_port() { return free_ports<1>()[0]; }

/// A port that refuses connections for as long as this lives: nobody else gets it meanwhile.
class refusing_port {
 public:
  std::uint16_t number() const noexcept { return number_; }
  std::string text() const { return std::to_string(number_); }

 private:
  std::uint16_t number_ = 0;
  descriptor held_ = bound_socket(number_);
};

/// One accepted connection. Waits are bounded, so that a test that fails ends.
class accepted {
 public:
  accepted(descriptor socket, const std::atomic<bool>& stop)
      : socket_(std::move(socket)), stop_(stop) {
    const timeval limit{.tv_sec = 10, .tv_usec = 0};
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  }

  int get() const { return socket_.get(); }

  /// What came in; empty at the end.
  std::string receive() const {
    char in[16 * 1024];
    const auto got = ::recv(socket_.get(), in, sizeof in, 0);
    return got > 0 ? std::string(in, static_cast<std::size_t>(got)) : std::string();
  }
  /// Up to the empty line and, as the tests' requests are small, a little more.
  std::string receive_head() const {
    std::string all;
    for (std::string part = "-"; !part.empty() && all.find("\r\n\r\n") == all.npos; all += part)
      part = receive();
    return all;
  }
  /// Until the client goes.
  void receive_all() const {
    while (!receive().empty()) {
    }
  }
  bool send(std::string_view bytes) const {
    while (!bytes.empty()) {
      const auto sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  /// Again and again until the client has gone.
  void send_endlessly(std::string_view bytes, std::chrono::milliseconds pause = {}) const {
    while (!stop_ && send(bytes)) std::this_thread::sleep_for(pause);
  }
  /// Does nothing at all until the peer is destroyed.
  void stand_still() const {
    while (!stop_) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  /// Closes with a RST.
  void reset() {
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    socket_.close();
  }

 private:
  descriptor socket_;
  const std::atomic<bool>& stop_;
};

/// Listens, and hands each connection to `script`, one at a time, on a thread of its own; closes it
/// when that returns.
class peer {
 public:
  using script = std::function<void(accepted&)>;

  explicit peer(script act)
      : act_(std::move(act)), listener_(bound_socket(port_, 64)), thread_([this] { serve(); }) {}
  peer(const peer&) = delete;
  peer& operator=(const peer&) = delete;
  ~peer() {
    stop_ = true;
    accepts(port_);  // wakes it
    thread_.join();
  }

  std::uint16_t port() const { return port_; }
  std::string url(std::string_view scheme = "http") const {
    return std::string(scheme) + "://127.0.0.1:" + std::to_string(port_) + "/";
  }
  /// Accepted until now.
  int connections() const { return connections_; }

 private:
  void serve() {
    while (true) {
      const int socket = ::accept(listener_.get(), nullptr, nullptr);
      if (socket < 0) continue;
      accepted one(descriptor(socket, "accept"), stop_);
      if (stop_) return;
      ++connections_;
      act_(one);
    }
  }

  script act_;
  std::uint16_t port_ = 0;
  descriptor listener_;
  std::atomic<bool> stop_ = false;
  std::atomic<int> connections_ = 0;
  std::thread thread_;
};

/// What happens to the bytes on their way from a server to a client.
struct disturbance {
  static constexpr auto never = std::numeric_limits<std::size_t>::max();
  std::size_t cut = never;   ///< the connection ends after so many
  std::size_t flip = never;  ///< one bit of this one is wrong
};

/// Stands between a client and the server on `port`. Gives the number of bytes it let through to
/// the client.
inline std::size_t relay(const accepted& client, std::uint16_t port, disturbance wrong) {
  const descriptor server = tcp_socket();
  std::size_t passed = 0;
  if (wrong.cut == 0 || !connect_to(server, port)) return passed;
  while (true) {
    pollfd either[] = {{client.get(), POLLIN, 0}, {server.get(), POLLIN, 0}};
    if (::poll(either, 2, 10'000) <= 0) return passed;
    if (either[0].revents) {
      const auto up = client.receive();
      if (up.empty()) return passed;
      if (::send(server.get(), up.data(), up.size(), MSG_NOSIGNAL) < 0) return passed;
    }
    if (either[1].revents) {
      char in[4096];
      const auto got = ::recv(server.get(), in, sizeof in, 0);
      if (got <= 0) return passed;
      std::string_view down(in, static_cast<std::size_t>(got));
      if (wrong.flip >= passed && wrong.flip - passed < down.size()) in[wrong.flip - passed] ^= 1;
      down = down.substr(0, wrong.cut - passed);
      if (!client.send(down)) return passed;
      passed += down.size();
      if (passed == wrong.cut) return passed;
    }
  }
}

/// Sees that everything that is opened in its scope is closed in it. Declared first.
class descriptor_balance {
 public:
  descriptor_balance() = default;
  descriptor_balance(const descriptor_balance&) = delete;
  descriptor_balance& operator=(const descriptor_balance&) = delete;
  ~descriptor_balance() { CHECK(open_descriptors() == before_); }

 private:
  std::ptrdiff_t before_ = open_descriptors();
};

}  // namespace cohttps::testing
