// Punycode (RFC 3492): a label of any characters written with letters, digits and hyphens.
#pragma once

#include <cohttps/core/ascii.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cohttps::detail {

struct punycode {
  /// `label` without the "xn--" that says that a label is encoded.
  static std::string encode(std::u32string_view label) {
    std::string out;
    for (char32_t c : label)
      if (c < 0x80) out += static_cast<char>(c);
    const auto basic = static_cast<std::uint32_t>(out.size());
    if (basic > 0) out += '-';
    std::uint32_t handled = basic, n = initial_n, bias = initial_bias;
    std::uint64_t delta = 0;
    while (handled < label.size()) {
      char32_t next = 0x110000;
      for (char32_t c : label)
        if (c >= n) next = std::min(next, c);
      delta += std::uint64_t{next - n} * (handled + 1);
      n = next;
      for (char32_t c : label) {
        if (c < n) ++delta;
        if (c != n) continue;
        append_integer(out, delta, bias);
        bias = adapt(delta, handled + 1, handled == basic);
        delta = 0;
        ++handled;
      }
      ++delta;
      ++n;
    }
    return out;
  }

  /// The label that `text`, without its "xn--", stands for; nothing when it stands for none.
  static std::optional<std::u32string> decode(std::string_view text) {
    std::u32string out;
    // A delimiter counts only after at least one basic code point (RFC 3492, 6.2).
    if (const auto hyphen = text.rfind('-'); hyphen != text.npos && hyphen > 0) {
      out.assign(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(hyphen));
      text.remove_prefix(hyphen + 1);
    }
    if (!std::ranges::all_of(out, [](char32_t c) { return c < 0x80; })) return std::nullopt;
    std::uint64_t n = initial_n, i = 0;
    std::uint32_t bias = initial_bias;
    while (!text.empty()) {
      const std::uint64_t before = i;
      std::uint64_t weight = 1;
      for (std::uint32_t k = base;; k += base) {
        if (text.empty()) return std::nullopt;
        const int digit = digit_value(text.front());
        text.remove_prefix(1);
        if (digit < 0) return std::nullopt;
        i += static_cast<std::uint64_t>(digit) * weight;
        const std::uint32_t t = threshold(k, bias);
        if (static_cast<std::uint32_t>(digit) < t) break;
        weight *= base - t;
        if (i > UINT32_MAX || weight > UINT32_MAX) return std::nullopt;
      }
      const std::uint64_t size = out.size() + 1;
      bias = adapt(i - before, size, before == 0);
      n += i / size;
      i %= size;
      if (n > 0x10ffff || (n >= 0xd800 && n < 0xe000)) return std::nullopt;
      out.insert(static_cast<std::size_t>(i), 1, static_cast<char32_t>(n));
      ++i;
    }
    return out;
  }

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

  static void append_integer(std::string& out, std::uint64_t value, std::uint32_t bias) {
    constexpr char digits[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    for (std::uint32_t k = base;; k += base) {
      const std::uint32_t t = threshold(k, bias);
      if (value < t) break;
      out += digits[t + (value - t) % (base - t)];
      value = (value - t) / (base - t);
    }
    out += digits[value];
  }

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
