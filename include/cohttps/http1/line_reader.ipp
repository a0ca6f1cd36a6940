// Definitions for line_reader.hpp.
#pragma once

#include <cohttps/http1/line_reader.hpp>

namespace cohttps::http1 {

COHTTPS_DEF auto line_reader::next(std::string_view rest, std::size_t limit,
                                   std::string_view& line) noexcept -> outcome {
  const std::string_view window = rest.substr(0, limit);
  const std::size_t lf = scan::find_lf(window, scanned_);
  if (lf == window.npos) {
    scanned_ = window.size();
    return rest.size() >= limit ? outcome::too_long : outcome::more;
  }
  const bool bare = lf == at_ || rest[lf - 1] != '\r';
  line = rest.substr(at_, lf - (bare ? 0 : 1) - at_);
  at_ = scanned_ = lf + 1;
  return bare ? outcome::bare_line : outcome::line;
}

}  // namespace cohttps::http1
