// How much a peer may do that brings nothing forward (RFC 9113, 10.5).
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

/// Counts the frames that cost work and carry nothing: PING, SETTINGS, PRIORITY, empty DATA, heads
/// and little DATA of streams that are over. What brings the exchange forward, and time, make up
/// for them.
class patience {
 public:
  explicit patience(const limits& bounds) noexcept
      : most_(bounds.idle_frames), per_second_(bounds.idle_frames_per_second), left_(most_) {}

  /// Time has come to `now`.
  COHTTPS_DECL void pass(time_point now) noexcept;

  /// A request went out: its answer has a head, and a reset or a trailer section maybe.
  void request() noexcept { earn(8); }
  /// Content moved, in whichever direction; who receives it gives room for more.
  void content(std::size_t bytes) noexcept { earn(bytes / 512 + 1); }

  /// False when the peer has used up what it had. `awaited`: somebody waits for what comes on the
  /// frame's stream.
  COHTTPS_DECL bool take(const frame_header& f, bool awaited) noexcept;

 private:
  void earn(std::uint64_t n) noexcept { left_ = std::min(most_, left_ + n); }

  std::uint64_t most_;
  std::uint64_t per_second_;
  std::uint64_t left_;
  time_point last_{};
};

}  // namespace cohttps::http2

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/http2/patience.ipp>
#endif
