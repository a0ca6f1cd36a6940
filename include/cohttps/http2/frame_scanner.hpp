// Where frames begin (RFC 9113, 4.1).
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

/// Cuts bytes into pieces none of which holds parts of two frames, or a part of a frame's header:
/// so that each frame can be judged before it is read.
class frame_scanner {
 public:
  struct piece {
    std::span<const std::byte> bytes;    ///< empty while a header is incomplete
    std::optional<frame_header> begins;  ///< the frame that begins with them
  };

  /// Takes the next piece off `bytes`. Pieces end with the next call, as `bytes` do.
  COHTTPS_DECL piece next(std::span<const std::byte>& bytes) noexcept;

 private:
  static constexpr std::size_t size_of_header = 9;

  COHTTPS_DECL static std::span<const std::byte> take(std::span<const std::byte>& bytes,
                                                      std::size_t most);

  COHTTPS_DECL static frame_header decode(std::span<const std::byte> h) noexcept;

  std::array<std::byte, size_of_header> header_{};
  std::size_t have_ = 0;  // of a header that comes in pieces
  std::size_t left_ = 0;  // of the frame's payload
};

}  // namespace cohttps::http2

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/http2/frame_scanner.ipp>
#endif
