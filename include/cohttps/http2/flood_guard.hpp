// Limits the frames of a peer that advance no request (RFC 9113, 10.5).
#pragma once

#include <cohttps/core/separate.hpp>
#include <cohttps/http2/error_code.hpp>
#include <cohttps/http2/limits.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace cohttps::http2 {

using time_point = std::chrono::steady_clock::time_point;

/// Counts the frames that cost work but carry nothing useful: PING, SETTINGS, PRIORITY, empty DATA,
/// and heads and short DATA of streams that have ended. Each such frame takes one unit from a
/// budget. Frames that advance a request, and time, fill the budget again.
class flood_guard {
 public:
  explicit flood_guard(const limits& bounds) noexcept
      : max_budget_(bounds.idle_frames),
        per_second_(bounds.idle_frames_per_second),
        budget_(max_budget_) {}

  /// Says that the time is now `now`.
  COHTTPS_DECL void pass(time_point now) noexcept;

  /// A request was sent. Its response has a head, and perhaps a reset or a trailer section.
  void request() noexcept { earn(8); }
  /// Content was sent or received. Its receiver also sends frames that allow the sender to send
  /// more.
  void content(std::size_t bytes) noexcept { earn(bytes / 512 + 1); }

  /// Returns false if the peer has used up its budget. `awaited` says that somebody waits for data
  /// on the frame's stream.
  COHTTPS_DECL bool take(const frame_header& f, bool awaited) noexcept;

 private:
  void earn(std::uint64_t n) noexcept { budget_ = std::min(max_budget_, budget_ + n); }

  std::uint64_t max_budget_;
  std::uint64_t per_second_;
  std::uint64_t budget_;
  time_point updated_{};
};

}  // namespace cohttps::http2

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/http2/flood_guard.ipp>
#endif
