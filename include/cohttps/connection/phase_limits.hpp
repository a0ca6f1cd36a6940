// The time limits of the phases of an operation.
#pragma once

#include <cohttps/transport/concepts.hpp>

#include <chrono>
#include <cstddef>
#include <optional>

namespace cohttps {

/// At least `bytes` bytes have to move in each period `over`. Otherwise the peer counts as too
/// slow.
struct minimum_rate {
  std::size_t bytes;              ///< that move at least
  std::chrono::nanoseconds over;  ///< the length of the period
};

}  // namespace cohttps

namespace cohttps::detail {

using duration = std::chrono::nanoseconds;

inline constexpr time_point never = time_point::max();

/// Returns the time `d` after `from`; `never` if that time cannot be represented.
inline time_point later(time_point from, duration d) { return d > never - from ? never : from + d; }

/// The limits of a phase.
struct phase_limits {
  std::optional<duration> first = {};     ///< for the first wait; empty: the same as `idle`
  std::optional<duration> idle = {};      ///< for each further wait
  std::optional<minimum_rate> rate = {};  ///< from the first byte on, or from `resume` on
};

/// Checks a minimum rate. `bytes` bytes have to move before `end()`; then the next window begins.
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

  /// The time does not count until `resume`.
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
  /// The first window begins now, if no window has begun.
  void begin(time_point now) noexcept {
    if (rate_ && end_ == never && !paused_time_left_) end_ = later(now, rate_->over);
  }

  /// Returns when the peer becomes too slow; `never` while no window is running.
  time_point end() const noexcept { return end_; }

 private:
  std::optional<minimum_rate> rate_;
  std::optional<duration> paused_time_left_;  // of a paused window
  std::size_t bytes_moved_ = 0;
  time_point end_ = never;
};

}  // namespace cohttps::detail
