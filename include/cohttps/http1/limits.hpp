// Limits on the parts of a response besides its content.
#pragma once

#include <cstddef>

namespace cohttps::http1 {

/// Limits on what a peer can make a client read and store. Exceeding one is an error of category
/// `limit`. The content has no limit here; the code that stores the content limits it.
struct limits {
  std::size_t head = 256 * 1024;  ///< bytes from the status line to the empty line
  std::size_t fields = 1000;      ///< field lines of a head
  std::size_t interim = 100;      ///< 1xx responses before the final one
  std::size_t chunk_line = 4096;  ///< bytes of a chunk's size line: size, extensions and CRLF

  /// Bytes of chunk extensions that a message may have in addition to the number of its content
  /// bytes. Tiny chunks can therefore not carry endless extensions.
  std::size_t chunk_extensions = 16 * 1024;

  std::size_t trailers = 16 * 1024;  ///< bytes of the trailer section
  std::size_t trailer_fields = 32;   ///< field lines of the trailer section
};

}  // namespace cohttps::http1
