// Definitions for patience.hpp.
#pragma once

#include <cohttps/http2/patience.hpp>

namespace cohttps::http2 {

COHTTPS_DEF void patience::pass(time_point now) noexcept {
  if (last_ == time_point()) last_ = now;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now - last_);
  if (seconds.count() <= 0) return;
  last_ += seconds;
  earn(static_cast<std::uint64_t>(std::min<std::int64_t>(seconds.count(), 3600)) * per_second_);
}

COHTTPS_DEF bool patience::take(const frame_header& f, bool awaited) noexcept {
  // Padding is no content; where there is some beside it, `content` makes up for the frame.
  if (f.type == frame_type::data && awaited && (f.ends_stream() || (f.length != 0 && !f.padded())))
    return true;
  // After a request was given up, content that was under way is no flood.
  if (f.type == frame_type::data && !awaited) earn(f.length / 512);
  if (left_ == 0) return false;
  --left_;
  return true;
}

}  // namespace cohttps::http2
