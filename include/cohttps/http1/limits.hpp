// How much of a response besides its content is taken.
#pragma once

#include <cstddef>

namespace cohttps::http1 {

/// Bounds on what a peer can make a client read and hold. What passes one fails with category
/// `limit`. The content itself is bounded by whoever keeps it.
struct limits {
  std::size_t head = 256 * 1024;  ///< bytes from the status line to the empty line
  std::size_t fields = 1000;      ///< field lines of a head
  std::size_t interim = 100;      ///< 1xx responses before the final one
  std::size_t chunk_line = 4096;  ///< bytes of a chunk's size, its extensions and CRLF

  /// Bytes of chunk extensions in a message beyond as many bytes as its content has, so that tiny
  /// chunks cannot carry endless extensions.
  std::size_t chunk_extensions = 16 * 1024;

  std::size_t trailers = 16 * 1024;  ///< bytes of the trailer section
  std::size_t trailer_fields = 32;   ///< field lines of the trailer section
};

}  // namespace cohttps::http1
