// Where frames begin (RFC 9113, 4.1).
#pragma once

#include <cohttps/http2/error_code.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace cohttps::http2 {

/// Cuts bytes into pieces none of which holds parts of two frames, or a part of a frame's header:
/// so that each frame can be judged before it is read.
class frame_scanner {
 public:
  struct piece {
    std::span<const std::byte> bytes;    ///< empty while a header is incomplete
    std::optional<frame_header> begins;  ///< the frame that begins with them
  };

  /// Takes the next piece off `bytes`. Pieces end with the next call, as `bytes` do.
  piece next(std::span<const std::byte>& bytes) noexcept {
    if (left_ != 0) {
      const auto part = take(bytes, left_);
      left_ -= part.size();
      return {part, std::nullopt};
    }
    if (have_ == 0 && bytes.size() >= size_of_header) {
      const frame_header h = decode(bytes);
      const auto part = take(bytes, size_of_header + h.length);
      left_ = size_of_header + h.length - part.size();
      return {part, h};
    }
    const auto part = take(bytes, size_of_header - have_);
    std::ranges::copy(part, header_.begin() + static_cast<std::ptrdiff_t>(have_));
    have_ += part.size();
    if (have_ < size_of_header) return {};
    have_ = 0;
    const frame_header h = decode(header_);
    left_ = h.length;
    return {header_, h};
  }

 private:
  static constexpr std::size_t size_of_header = 9;

  static std::span<const std::byte> take(std::span<const std::byte>& bytes, std::size_t most) {
    const auto part = bytes.first(std::min(bytes.size(), most));
    bytes = bytes.subspan(part.size());
    return part;
  }

  static frame_header decode(std::span<const std::byte> h) noexcept {
    const auto at = [&](std::size_t i) { return std::to_integer<std::uint32_t>(h[i]); };
    return {static_cast<frame_type>(at(3)), static_cast<std::uint8_t>(at(4)),
            (at(5) & 0x7f) << 24 | at(6) << 16 | at(7) << 8 | at(8),
            at(0) << 16 | at(1) << 8 | at(2)};
  }

  std::array<std::byte, size_of_header> header_{};
  std::size_t have_ = 0;  // of a header that comes in pieces
  std::size_t left_ = 0;  // of the frame's payload
};

}  // namespace cohttps::http2
