// Limits on what an HTTP/2 peer can make a client read, store and do.
#pragma once

#include <cstddef>
#include <cstdint>

namespace cohttps::http2 {

/// Limits for one connection. Exceeding one is an error of category `limit`, or of category
/// `protocol` if only an attacker exceeds it.
struct limits {
  std::size_t head = 256 * 1024;     ///< bytes of a head (RFC 9113, 6.5.2), decoded and encoded
  std::size_t fields = 1000;         ///< field lines of a head
  std::size_t interim = 100;         ///< 1xx responses before the final one
  std::size_t trailers = 16 * 1024;  ///< bytes of a trailer section, counted likewise
  std::size_t trailer_fields = 32;   ///< field lines of a trailer section

  /// Requests that may be open at the same time, if the server also allows this number.
  std::uint32_t streams = 100;

  /// Bytes of content that a stream stores while its reader does not take them. If the reader keeps
  /// up, the window grows up to `largest_window`, which a connection with long round-trip times
  /// needs.
  std::uint32_t window = 1024 * 1024;
  /// Bytes; a window grows to this while the reader keeps up.
  std::uint32_t largest_window = 8 * 1024 * 1024;

  /// Frames that advance no request (RFC 9113, 10.5): how many at once, and how many per second.
  std::uint32_t idle_frames = 1000;
  std::uint32_t idle_frames_per_second = 10;  ///< how many more each second
};

}  // namespace cohttps::http2
