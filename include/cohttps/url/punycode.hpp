// Punycode (RFC 3492). It writes a label of any characters with letters, digits and hyphens.
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/separate.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cohttps::detail {

struct punycode {
  /// Encodes `label`. The result does not contain the "xn--" that marks an encoded label.
  COHTTPS_DECL static std::string encode(std::u32string_view label);

  /// Decodes `text`, which is without its "xn--". Returns nothing if `text` is not valid Punycode.
  COHTTPS_DECL static std::optional<std::u32string> decode(std::string_view text);

 private:
  // RFC 3492, 5: parameter values.
  static constexpr std::uint32_t base = 36, t_min = 1, t_max = 26, skew = 38, damp = 700;
  static constexpr std::uint32_t initial_bias = 72, initial_n = 0x80;

  static constexpr std::uint32_t threshold(std::uint32_t k, std::uint32_t bias) noexcept {
    return k <= bias ? t_min : std::min(k - bias, t_max);
  }

  static constexpr int digit_value(char c) noexcept {
    if (ascii::is_digit(c)) return c - '0' + 26;
    return ascii::is_alpha(c) ? ascii::to_lower(c) - 'a' : -1;
  }

  COHTTPS_DECL static void append_integer(std::string& out, std::uint64_t value,
                                          std::uint32_t bias);

  // RFC 3492, 6.1.
  static constexpr std::uint32_t adapt(std::uint64_t delta, std::uint64_t size,
                                       bool first) noexcept {
    delta = first ? delta / damp : delta / 2;
    delta += delta / size;
    std::uint32_t k = 0;
    for (; delta > (base - t_min) * t_max / 2; k += base) delta /= base - t_min;
    return k + static_cast<std::uint32_t>((base - t_min + 1) * delta / (delta + skew));
  }
};

}  // namespace cohttps::detail

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/url/punycode.ipp>
#endif
