// Happy Eyeballs (RFC 8305): the addresses of a host raced, so that a dead one costs little.
#pragma once

#include <cohttps/core/error.hpp>
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
inline std::vector<endpoint> interleave(std::vector<endpoint> addresses) {
  std::vector<endpoint> families[2];  // the first one's, the other
  for (endpoint& e : addresses)
    families[e.is_v6 != addresses.front().is_v6].push_back(std::move(e));
  std::vector<endpoint> ordered;
  for (std::size_t i = 0; ordered.size() < addresses.size(); ++i)
    for (auto& family : families)
      if (i < family.size()) ordered.push_back(std::move(family[i]));
  return ordered;
}

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

  connect_race(any_transport over, std::vector<endpoint> addresses, const socket_options& how,
               std::chrono::nanoseconds delay)
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
  task<result<stream_type>> run(stop_token stop) {
    stop_callback link(stop, stop_all{&over_});
    co_await from(0);
    if (stream_) co_return std::move(*stream_);
    co_return std::unexpected(explain(stop));
  }

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
  task<void> from(std::size_t i) {
    stop_source hurry;  // for the next one not to wait any longer
    stop_callback link(over_, stop_all{&hurry});
    co_await when_all(attempt(i, hurry), after(i, hurry));
  }

  task<void> attempt(std::size_t i, stop_source& hurry) {
    entry& e = entries_[i];
    e.begun = true;
    auto stream = co_await transport_.connect(e.to, how_, over_);
    if (!stream) {
      e.failure = std::move(stream).error();
    } else if (!stream_) {
      stream_.emplace(*std::move(stream));
      winner_ = i;
      over_.request_stop();
    }
    hurry.request_stop();
  }

  task<void> after(std::size_t i, stop_token hurry) {
    if (i + 1 == raced_) co_return;
    co_await sleep_for(transport_, delay_, hurry);
    if (!over_.stop_requested()) co_await from(i + 1);
  }

  [[gnu::cold]] error explain(stop_token stop) const {
    std::vector<error::attempt> attempts;
    const error* last = nullptr;
    for (const entry& e : entries_) {
      const bool ended = e.failure && e.failure->category() != error_category::canceled;
      if (ended) last = &*e.failure;
      attempts.push_back({to_string(e.to), ended     ? e.failure->message()
                                           : e.begun ? "no answer yet when the waiting ended"
                                                     : "not tried"});
    }
    const bool stopped = stop.stop_requested() || !last;
    error whole =
        stopped ? error(error_category::canceled, "canceled", "the operation was canceled") : *last;
    if (!stopped && entries_.size() > 1)
      whole = error(last->category(), last->reason(),
                    "none of the host's " + std::to_string(entries_.size()) +
                        " addresses accepted a connection; the last: " + last->message())
                  .code(last->code());
    whole.attempts(std::move(attempts));
    return whole;
  }

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
