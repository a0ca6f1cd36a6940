// Definitions for frame_scanner.hpp.
#pragma once

#include <cohttps/http2/frame_scanner.hpp>

namespace cohttps::http2 {

COHTTPS_DEF auto frame_scanner::next(std::span<const std::byte>& bytes) noexcept -> piece {
  if (payload_left_ != 0) {
    const auto part = take(bytes, payload_left_);
    payload_left_ -= part.size();
    return {part, std::nullopt};
  }
  if (have_ == 0 && bytes.size() >= size_of_header) {
    const frame_header h = decode(bytes);
    const auto part = take(bytes, size_of_header + h.length);
    payload_left_ = size_of_header + h.length - part.size();
    return {part, h};
  }
  const auto part = take(bytes, size_of_header - have_);
  std::ranges::copy(part, header_.begin() + static_cast<std::ptrdiff_t>(have_));
  have_ += part.size();
  if (have_ < size_of_header) return {};
  have_ = 0;
  const frame_header h = decode(header_);
  payload_left_ = h.length;
  return {header_, h};
}

COHTTPS_DEF std::span<const std::byte> frame_scanner::take(std::span<const std::byte>& bytes,
                                                           std::size_t most) {
  const auto part = bytes.first(std::min(bytes.size(), most));
  bytes = bytes.subspan(part.size());
  return part;
}

COHTTPS_DEF frame_header frame_scanner::decode(std::span<const std::byte> h) noexcept {
  const auto at = [&](std::size_t i) { return std::to_integer<std::uint32_t>(h[i]); };
  return {static_cast<frame_type>(at(3)), static_cast<std::uint8_t>(at(4)),
          (at(5) & 0x7f) << 24 | at(6) << 16 | at(7) << 8 | at(8),
          at(0) << 16 | at(1) << 8 | at(2)};
}

}  // namespace cohttps::http2
