// A line between a client and a server that is slow, narrow, or breaks.
#pragma once

#include "servers/peer.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <optional>
#include <poll.h>
#include <string>
#include <sys/socket.h>

namespace cohttps::testing {

/// How a line carries bytes. The handshake of TCP itself is not its business.
struct line {
  static constexpr auto never = std::numeric_limits<std::size_t>::max();

  std::chrono::milliseconds delay{};  ///< of every byte, each way
  std::size_t rate = never;           ///< to the client, in bytes a second
  std::size_t unhindered = 0;         ///< so many bytes to the client pass before `rate` counts
  std::size_t cut_up = never;         ///< breaks after so many bytes to the server
  std::size_t cut_down = never;       ///< breaks after so many bytes to the client
  bool reset = false;                 ///< breaks with a RST, not with a FIN
};

/// How many bytes a line has carried.
struct carried {
  std::size_t up = 0;
  std::size_t down = 0;
};

/// One direction of a line: bytes that wait until they may arrive.
class line_direction {
 public:
  using clock = std::chrono::steady_clock;

  line_direction(int from, int to, std::chrono::milliseconds delay, std::size_t rate,
                 std::size_t unhindered, std::size_t cut)
      : from_(from), to_(to), delay_(delay), rate_(rate), unhindered_(unhindered), cut_(cut) {}

  int from() const { return from_; }
  std::size_t carried() const { return carried_; }
  bool open() const { return open_; }  ///< has not read the end
  bool done() const { return !open_ && waiting_.empty(); }
  bool cut() const { return carried_ == cut_; }
  clock::time_point next() const {
    return waiting_.empty() ? clock::time_point::max() : waiting_.front().at;
  }

  /// Takes what has come in.
  void take() {
    char in[16 * 1024];
    const auto got = ::recv(from_, in, sizeof in, 0);
    const auto now = clock::now();
    if (got <= 0) {
      open_ = false;
      waiting_.push_back({std::max(last_, now + delay_), {}});
      return;
    }
    std::string bytes(in, static_cast<std::size_t>(got));
    const auto free = std::min(bytes.size(), unhindered_);
    unhindered_ -= free;
    if (free > 0) add(bytes.substr(0, free), now + delay_);
    bytes.erase(0, free);
    if (rate_ == line::never) {
      if (!bytes.empty()) add(std::move(bytes), now + delay_);
      return;
    }
    const auto piece = std::max<std::size_t>(rate_ / 20, 1);
    for (std::size_t at = 0; at < bytes.size(); at += piece)
      add(bytes.substr(at, piece),
          std::max(now + delay_, last_ + std::chrono::milliseconds(1000 * piece / rate_)));
  }

  /// Hands on what is due. False when nobody takes it.
  bool give() {
    for (; !waiting_.empty() && waiting_.front().at <= clock::now() && !cut();
         waiting_.pop_front()) {
      std::string& bytes = waiting_.front().bytes;
      if (bytes.empty()) {
        ::shutdown(to_, SHUT_WR);
        continue;
      }
      bytes.resize(std::min(bytes.size(), cut_ - carried_));
      for (std::size_t sent = 0; sent < bytes.size();) {
        const auto n = ::send(to_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
        if (n <= 0) return false;
        sent += static_cast<std::size_t>(n);
      }
      carried_ += bytes.size();
    }
    return true;
  }

 private:
  struct part {
    clock::time_point at;
    std::string bytes;  // empty: the end
  };

  void add(std::string bytes, clock::time_point at) {
    last_ = at;
    waiting_.push_back({at, std::move(bytes)});
  }

  int from_, to_;
  std::chrono::milliseconds delay_;
  std::size_t rate_, unhindered_, cut_;
  std::size_t carried_ = 0;
  bool open_ = true;
  clock::time_point last_{};
  std::deque<part> waiting_;
};

/// Stands between the client `near` and the server on `port`, until one of them goes or the line
/// breaks; for half a minute at most.
inline carried carry(accepted& near, std::uint16_t port, const line& how) {
  using std::chrono::steady_clock;
  const descriptor server = tcp_socket();
  if (!connect_to(server, port)) return {};
  std::array ways{
      line_direction(near.get(), server.get(), how.delay, line::never, 0, how.cut_up),
      line_direction(server.get(), near.get(), how.delay, how.rate, how.unhindered, how.cut_down)};
  const auto end = steady_clock::now() + std::chrono::seconds(30);
  bool alive = true;
  while (alive && !(ways[0].done() && ways[1].done()) && steady_clock::now() < end) {
    const bool cut = ways[0].cut() || ways[1].cut();
    if (cut) {
      if (how.reset) near.reset();
      break;
    }
    const auto next =
        std::clamp(std::min(ways[0].next(), ways[1].next()), steady_clock::now(), end);
    const auto pause = std::chrono::ceil<std::chrono::milliseconds>(next - steady_clock::now());
    pollfd both[2];
    for (std::size_t i = 0; i < 2; ++i) both[i] = {ways[i].open() ? ways[i].from() : -1, POLLIN, 0};
    ::poll(both, 2, static_cast<int>(pause.count()));
    for (std::size_t i = 0; i < 2; ++i) {
      if (both[i].revents) ways[i].take();
      alive = ways[i].give() && alive;
    }
    // A client that has gone does not want the rest, however slowly it would come.
    if (!ways[0].open() && how.rate != line::never) break;
  }
  return {ways[0].carried(), ways[1].carried()};
}

}  // namespace cohttps::testing
