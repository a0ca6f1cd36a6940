// Splits a section into lines while its bytes arrive.
#pragma once

#include <cohttps/core/separate.hpp>
#include <cohttps/http/strictness.hpp>
#include <cohttps/http1/scan.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace cohttps::http1 {

/// Finds the ends of lines. The caller passes the same bytes again, with new bytes after them. The
/// reader searches no byte twice.
class line_reader {
 public:
  enum class outcome : std::uint8_t {
    line,
    bare_line,  ///< the line ends with LF alone (RFC 9112, 2.2)
    more,       ///< the end of the line has not arrived
    too_long,   ///< the line cannot end within the limit
  };

  /// Finds the next line of `rest`, without its line ending. The line must end within the first
  /// `limit` bytes of `rest`.
  COHTTPS_DECL outcome next(std::string_view rest, std::size_t limit,
                            std::string_view& line) noexcept;

  /// Returns the position of the next line.
  std::size_t at() const noexcept { return at_; }

 private:
  std::size_t at_ = 0;
  std::size_t scanned_ = 0;  // the bytes before this position contain no further LF
};

}  // namespace cohttps::http1

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/http1/line_reader.ipp>
#endif
