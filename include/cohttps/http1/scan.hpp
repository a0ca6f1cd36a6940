// Finds the first byte that a line of a message must not contain, sixteen or eight bytes at a time.
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/separate.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#if defined(__SSE2__) && !defined(COHTTPS_NO_SIMD)
#include <emmintrin.h>
#define COHTTPS_HTTP1_SSE2 1
#endif

namespace cohttps::http1::scan {

/// Returns the index of the first character that is not a tchar (RFC 9110, 5.6.2), or the size.
constexpr std::size_t token_end(std::string_view s) noexcept {
  std::size_t i = 0;
  while (i < s.size() && ascii::is_tchar(s[i])) ++i;
  return i;
}

namespace detail {

constexpr std::size_t field_value_end_bytewise(std::string_view s, std::size_t i) noexcept {
  while (i < s.size() && ascii::is_field_char(s[i])) ++i;
  return i;
}

/// Checks eight bytes at a time, on any machine.
COHTTPS_DECL std::size_t field_value_end_swar(std::string_view s, std::size_t i = 0) noexcept;

#ifdef COHTTPS_HTTP1_SSE2
/// Checks sixteen bytes at a time.
inline std::size_t field_value_end_sse2(std::string_view s) noexcept {
  const __m128i space = _mm_set1_epi8(0x20);
  const __m128i del = _mm_set1_epi8(0x7f);
  const __m128i tab = _mm_set1_epi8('\t');
  std::size_t i = 0;
  for (; s.size() - i >= 16; i += 16) {
    const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(s.data() + i));
    const __m128i from_space = _mm_cmpeq_epi8(_mm_max_epu8(block, space), block);
    const __m128i good = _mm_andnot_si128(_mm_cmpeq_epi8(block, del),
                                          _mm_or_si128(from_space, _mm_cmpeq_epi8(block, tab)));
    const auto mask = static_cast<std::uint32_t>(_mm_movemask_epi8(good));
    if (mask != 0xffff) return i + static_cast<std::size_t>(std::countr_one(mask));
  }
  return field_value_end_swar(s, i);
}
#endif

}  // namespace detail

/// Returns the index of the first character that a field value must not contain (RFC 9110, 5.5), or
/// the size.
COHTTPS_DECL std::size_t field_value_end(std::string_view s) noexcept;

/// Returns the index of the first character that ends or forges a line: NUL, CR or LF (RFC 9110,
/// 5.5). Returns the size if there is none. Other control characters have no meaning for this
/// client.
constexpr std::size_t line_breaking(std::string_view s) noexcept {
  for (std::size_t i = 0; i < s.size(); ++i)
    if (s[i] == '\0' || s[i] == '\r' || s[i] == '\n') return i;
  return s.size();
}

/// Returns the index of the first LF at or after `from`, or `npos`.
COHTTPS_DECL std::size_t find_lf(std::string_view s, std::size_t from) noexcept;

}  // namespace cohttps::http1::scan

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/http1/scan.ipp>
#endif
