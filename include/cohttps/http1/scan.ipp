// Definitions for scan.hpp.
#pragma once

#include <cohttps/http1/scan.hpp>

namespace cohttps::http1::scan {
namespace detail {

COHTTPS_DEF std::size_t field_value_end_swar(std::string_view s, std::size_t i) noexcept {
  constexpr std::uint64_t ones = 0x0101010101010101;
  constexpr std::uint64_t highs = 0x80 * ones;
  for (; s.size() - i >= 8; i += 8) {
    std::uint64_t word;
    std::memcpy(&word, s.data() + i, 8);
    // Both terms mark a byte by its high bit. A borrow can add a mark, but never removes one. The
    // loop checks a marked word byte by byte, because a tab also marks it.
    const std::uint64_t below_space = (word - 0x20 * ones) & ~word;
    const std::uint64_t del = word ^ (0x7f * ones);
    const std::uint64_t is_del = (del - ones) & ~del;
    if ((below_space | is_del) & highs) {
      const std::size_t end = field_value_end_bytewise(s.substr(0, i + 8), i);
      if (end != i + 8) return end;
    }
  }
  return field_value_end_bytewise(s, i);
}

}  // namespace detail
}  // namespace cohttps::http1::scan

namespace cohttps::http1::scan {

COHTTPS_DEF std::size_t field_value_end(std::string_view s) noexcept {
#ifdef COHTTPS_HTTP1_SSE2
  return detail::field_value_end_sse2(s);
#else
  return detail::field_value_end_swar(s);
#endif
}

COHTTPS_DEF std::size_t find_lf(std::string_view s, std::size_t from) noexcept {
  if (from >= s.size()) return std::string_view::npos;
  const void* found = std::memchr(s.data() + from, '\n', s.size() - from);
  return found ? static_cast<std::size_t>(static_cast<const char*>(found) - s.data())
               : std::string_view::npos;
}

}  // namespace cohttps::http1::scan
