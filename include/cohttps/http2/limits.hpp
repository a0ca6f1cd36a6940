// How much an HTTP/2 peer may make a client read, hold and do.
#pragma once

#include <cstddef>
#include <cstdint>

namespace cohttps::http2 {

/// Bounds on one connection. What passes one fails with category `limit`, or `protocol` where the
/// peer can only mean harm.
struct limits {
  std::size_t head = 256 * 1024;     ///< of a head, counted as RFC 9113, 6.5.2 does; also its code
  std::size_t fields = 1000;         ///< field lines of a head
  std::size_t interim = 100;         ///< 1xx responses before the final one
  std::size_t trailers = 16 * 1024;  ///< of a trailer section, counted as a head is
  std::size_t trailer_fields = 32;   ///< field lines of a trailer section

  /// Requests at a time, where the server allows as many.
  std::uint32_t streams = 100;

  /// Bytes of content that a stream holds for a reader that does not come. A reader that keeps up
  /// gets a window that grows to `largest_window`, as a long way there and back needs it.
  std::uint32_t window = 1024 * 1024;
  std::uint32_t largest_window = 8 * 1024 * 1024;

  /// Frames that bring nothing forward (RFC 9113, 10.5): so many at once, and so many a second.
  std::uint32_t idle_frames = 1000;
  std::uint32_t idle_frames_per_second = 10;
};

}  // namespace cohttps::http2
