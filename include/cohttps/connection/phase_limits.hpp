// How fast the parts of an operation have to come along.
#pragma once

#include <cohttps/transport/concepts.hpp>

#include <chrono>
#include <cstddef>
#include <optional>

namespace cohttps {

/// At least so many bytes in each such time, or the peer counts as too slow.
struct minimum_rate {
  std::size_t bytes;
  std::chrono::nanoseconds over;
};

}  // namespace cohttps

namespace cohttps::detail {

using duration = std::chrono::nanoseconds;

inline constexpr time_point never = time_point::max();

/// The time `d` after `from`; `never` when there is no such time.
inline time_point later(time_point from, duration d) { return d > never - from ? never : from + d; }

/// The limits of a phase.
struct phase_limits {
  std::optional<duration> first = {};     ///< until something happens; empty: as `idle`
  std::optional<duration> idle = {};      ///< from then on, until something happens again
  std::optional<minimum_rate> rate = {};  ///< from the first byte on, or from `resume` on
};

/// Watches a minimum rate: `bytes` have to move before `end()`, then the next window begins.
class rate_window {
 public:
  /// The first window begins with the first byte.
  void restart(std::optional<minimum_rate> rate) noexcept {
    rate_ = rate;
    bytes_moved_ = 0;
    end_ = never;
    paused_time_left_.reset();
  }

  void add(std::size_t size, time_point now) noexcept {
    if (!rate_) return;
    bytes_moved_ += size;
    if (end_ != never && bytes_moved_ < rate_->bytes) return;
    bytes_moved_ = 0;
    end_ = later(now, rate_->over);
  }

  /// Time does not count until `resume`.
  void pause(time_point now) noexcept {
    if (end_ == never) return;
    paused_time_left_ = end_ - now;
    end_ = never;
  }
  void resume(time_point now) noexcept {
    if (!paused_time_left_) return;
    end_ = later(now, *paused_time_left_);
    paused_time_left_.reset();
  }
  /// The first window begins now, if none has.
  void begin(time_point now) noexcept {
    if (rate_ && end_ == never && !paused_time_left_) end_ = later(now, rate_->over);
  }

  /// When the peer turns out to be too slow; `never` while nothing is watched.
  time_point end() const noexcept { return end_; }

 private:
  std::optional<minimum_rate> rate_;
  std::optional<duration> paused_time_left_;  // of a window that is paused
  std::size_t bytes_moved_ = 0;
  time_point end_ = never;
};

}  // namespace cohttps::detail
