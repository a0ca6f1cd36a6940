// Happy Eyeballs (RFC 8305): connects to the addresses of a host in a race, so that an unreachable
// address costs little time.
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

namespace cohttps::detail {

/// Returns the addresses in the order in which the client tries them (RFC 8305, 4). The two address
/// families alternate, beginning with the family of the first address. Within a family the order
/// stays the same.
COHTTPS_DECL std::vector<endpoint> interleave(std::vector<endpoint> addresses);

/// The largest number of addresses that the client tries for a host.
inline constexpr std::size_t max_raced_addresses = 16;

/// Passes a stop on to a source.
struct stop_all {
  stop_source* over;
  void operator()() const noexcept { over->request_stop(); }
};

/// Connects to one of several addresses.
///
/// An attempt begins as soon as the attempt before it has failed, or has lasted for `delay`. The
/// first stream wins. The race then stops the other attempts and waits for their end, so no attempt
/// outlives the race. If such an attempt still connects, its stream is closed.
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
      race_end_ = max_raced_addresses;
    else
      race_end_ = entries_.size();
  }
  connect_race(const connect_race&) = delete;
  connect_race& operator=(const connect_race&) = delete;

  /// Returns the first stream; `winner` returns its address. The error contains the outcome for
  /// each address.
  COHTTPS_DECL task<result<stream_type>> run(stop_token stop);

  const endpoint& winner() const noexcept { return entries_[winner_].to; }

 private:
  struct entry {
    explicit entry(endpoint e) : to(std::move(e)) {}
    endpoint to;
    bool begun = false;
    std::optional<error> failure;
  };

  /// Runs the attempt at address `i`, and beside it all later attempts.
  COHTTPS_DECL task<void> from(std::size_t i);

  COHTTPS_DECL task<void> attempt(std::size_t i, stop_source& hurry);

  COHTTPS_DECL task<void> after(std::size_t i, stop_token hurry);

  COHTTPS_DECL [[gnu::cold]] error explain(stop_token stop) const;

  any_transport transport_;
  const socket_options& how_;
  std::chrono::nanoseconds delay_;
  std::vector<entry> entries_;
  std::size_t race_end_ = 0;
  stop_source over_;
  std::optional<stream_type> stream_;
  std::size_t winner_ = 0;
};

}  // namespace cohttps::detail

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/connect/happy_eyeballs.ipp>
#endif
