// Definitions for punycode.hpp.
#pragma once

#include <cohttps/url/punycode.hpp>

namespace cohttps::detail {

COHTTPS_DEF std::string punycode::encode(std::u32string_view label) {
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

COHTTPS_DEF std::optional<std::u32string> punycode::decode(std::string_view text) {
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

COHTTPS_DEF void punycode::append_integer(std::string& out, std::uint64_t value,
                                          std::uint32_t bias) {
  constexpr char digits[] = "abcdefghijklmnopqrstuvwxyz0123456789";
  for (std::uint32_t k = base;; k += base) {
    const std::uint32_t t = threshold(k, bias);
    if (value < t) break;
    out += digits[t + (value - t) % (base - t)];
    value = (value - t) / (base - t);
  }
  out += digits[value];
}

}  // namespace cohttps::detail
