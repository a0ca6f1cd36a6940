// Finds the beginnings of frames (RFC 9113, 4.1).
#pragma once

#include <cohttps/core/separate.hpp>
#include <cohttps/http2/error_code.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace cohttps::http2 {

/// Cuts bytes into pieces. No piece contains parts of two frames, or only a part of a frame's
/// header. The session can therefore judge each frame before it reads the frame.
class frame_scanner {
 public:
  struct piece {
    std::span<const std::byte> bytes;    ///< empty while a header is incomplete
    std::optional<frame_header> begins;  ///< the frame that begins with this piece
  };

  /// Removes the next piece from `bytes` and returns it. The piece is valid until the next call,
  /// and only as long as `bytes` are.
  COHTTPS_DECL piece next(std::span<const std::byte>& bytes) noexcept;

 private:
  static constexpr std::size_t size_of_header = 9;

  COHTTPS_DECL static std::span<const std::byte> take(std::span<const std::byte>& bytes,
                                                      std::size_t most);

  COHTTPS_DECL static frame_header decode(std::span<const std::byte> h) noexcept;

  std::array<std::byte, size_of_header> header_{};
  std::size_t have_ = 0;          // bytes of a header that arrives in pieces
  std::size_t payload_left_ = 0;  // bytes of the frame's payload that are still to come
};

}  // namespace cohttps::http2

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/http2/frame_scanner.ipp>
#endif
