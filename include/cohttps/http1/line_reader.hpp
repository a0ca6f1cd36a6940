// The lines of a section, as its bytes come in.
#pragma once

#include <cohttps/core/separate.hpp>
#include <cohttps/http/strictness.hpp>
#include <cohttps/http1/scan.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace cohttps::http1 {

/// Finds where lines end. It is given the same bytes again, and more behind them, and searches none
/// of them twice.
class line_reader {
 public:
  enum class outcome : std::uint8_t {
    line,
    bare_line,  ///< one that ends with LF alone (RFC 9112, 2.2)
    more,       ///< it does not end in what there is
    too_long,   ///< nor can it, within the limit
  };

  /// The next line of `rest`, without its end, which has to lie within `limit` bytes.
  COHTTPS_DECL outcome next(std::string_view rest, std::size_t limit,
                            std::string_view& line) noexcept;

  /// Where the next line begins.
  std::size_t at() const noexcept { return at_; }

 private:
  std::size_t at_ = 0;
  std::size_t scanned_ = 0;  // how far LF was searched for
};

}  // namespace cohttps::http1

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/http1/line_reader.ipp>
#endif
