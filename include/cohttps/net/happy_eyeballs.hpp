// Happy Eyeballs (RFC 8305): the addresses of a host raced, so that a dead one costs little.
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/core/stop.hpp>
#include <cohttps/task/task.hpp>
#include <cohttps/task/when_all.hpp>
#include <cohttps/transport/any_transport.hpp>
#include <cohttps/transport/sleep.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace cohttps::net {

/// The addresses in the order in which to try them: those of the first one's family and those of
/// the other by turns, each in the order they came (RFC 8305, 4).
COHTTPS_DECL std::vector<endpoint> interleave(std::vector<endpoint> addresses);

/// How many addresses of a host are tried.
inline constexpr std::size_t max_raced_addresses = 16;

/// Connects to one address out of several.
///
/// An attempt begins as soon as the one before it fails, or has taken `delay`. The first stream
/// wins: the other attempts are stopped and waited for, so nothing outlives the race, and a stream
/// that comes all the same is closed.
class connect_race {
 public:
  using stream_type = any_stream;

  static constexpr std::chrono::milliseconds min_delay{10};  // RFC 8305, 8

  COHTTPS_DECL connect_race(any_transport over, std::vector<endpoint> addresses,
                            const socket_options& how, std::chrono::nanoseconds delay)
      : transport_(std::move(over)),
        how_(how),
        delay_(std::max<std::chrono::nanoseconds>(delay, min_delay)) {
    for (endpoint& e : interleave(std::move(addresses))) entries_.push_back(entry(std::move(e)));
    if (entries_.size() > max_raced_addresses)
      raced_ = max_raced_addresses;
    else
      raced_ = entries_.size();
  }
  connect_race(const connect_race&) = delete;
  connect_race& operator=(const connect_race&) = delete;

  /// The first stream; see `winner` for its address. The error has what came of each address.
  COHTTPS_DECL task<result<stream_type>> run(stop_token stop);

  const endpoint& winner() const noexcept { return entries_[winner_].to; }

 private:
  struct entry {
    explicit entry(endpoint e) : to(std::move(e)) {}
    endpoint to;
    bool begun = false;
    std::optional<error> failure;
  };
  struct stop_all {
    stop_source* over;
    void operator()() const noexcept { over->request_stop(); }
  };

  /// The attempt at address `i` and, beside it, all that come after.
  COHTTPS_DECL task<void> from(std::size_t i);

  COHTTPS_DECL task<void> attempt(std::size_t i, stop_source& hurry);

  COHTTPS_DECL task<void> after(std::size_t i, stop_token hurry);

  COHTTPS_DECL [[gnu::cold]] error explain(stop_token stop) const;

  any_transport transport_;
  const socket_options& how_;
  std::chrono::nanoseconds delay_;
  std::vector<entry> entries_;
  std::size_t raced_ = 0;
  stop_source over_;
  std::optional<stream_type> stream_;
  std::size_t winner_ = 0;
};

}  // namespace cohttps::net

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/net/happy_eyeballs.ipp>
#endif
