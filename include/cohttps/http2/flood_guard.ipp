// Definitions for flood_guard.hpp.
#pragma once

#include <cohttps/http2/flood_guard.hpp>

namespace cohttps::http2 {

COHTTPS_DEF void flood_guard::pass(time_point now) noexcept {
  if (updated_ == time_point()) updated_ = now;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now - updated_);
  if (seconds.count() <= 0) return;
  updated_ += seconds;
  earn(static_cast<std::uint64_t>(std::min<std::int64_t>(seconds.count(), 3600)) * per_second_);
}

COHTTPS_DEF bool flood_guard::take(const frame_header& f, bool awaited) noexcept {
  // Padding is not content. If the frame also has content, `content` makes up for the frame.
  if (f.type == frame_type::data && awaited && (f.ends_stream() || (f.length != 0 && !f.padded())))
    return true;
  // The peer may still send content after the client has given up the request. That is not a flood.
  if (f.type == frame_type::data && !awaited) earn(f.length / 512);
  if (budget_ == 0) return false;
  --budget_;
  return true;
}

}  // namespace cohttps::http2
