// Character classes of RFC 9110: tokens, field values, digits. They never depend on a locale.
#pragma once

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace cohttps::ascii {

constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
constexpr bool is_upper(char c) noexcept { return c >= 'A' && c <= 'Z'; }
constexpr bool is_lower(char c) noexcept { return c >= 'a' && c <= 'z'; }
constexpr bool is_alpha(char c) noexcept { return is_upper(c) || is_lower(c); }
constexpr bool is_alnum(char c) noexcept { return is_alpha(c) || is_digit(c); }

/// OWS of RFC 9110, 5.6.3: space and horizontal tab.
constexpr bool is_space(char c) noexcept { return c == ' ' || c == '\t'; }

constexpr char to_lower(char c) noexcept { return is_upper(c) ? static_cast<char>(c + 32) : c; }
constexpr char to_upper(char c) noexcept { return is_lower(c) ? static_cast<char>(c - 32) : c; }

/// Returns the value of a hexadecimal digit, or -1 for another character.
constexpr int hex_value(char c) noexcept {
  if (is_digit(c)) return c - '0';
  const char l = to_lower(c);
  return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}
constexpr bool is_hex(char c) noexcept { return hex_value(c) >= 0; }

namespace detail {
enum : std::uint8_t { tchar = 1, field_vchar = 2 };

inline constexpr auto classes = [] {
  std::array<std::uint8_t, 256> table{};
  for (int i = 0; i < 256; ++i) {
    const auto c = static_cast<char>(i);
    std::uint8_t bits = 0;
    if (is_alnum(c) || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos)
      bits |= tchar;
    if (i == '\t' || (i >= 0x20 && i != 0x7f)) bits |= field_vchar;
    table[static_cast<std::size_t>(i)] = bits;
  }
  return table;
}();
}  // namespace detail

/// True for a tchar of RFC 9110, 5.6.2.
constexpr bool is_tchar(char c) noexcept {
  return detail::classes[static_cast<unsigned char>(c)] & detail::tchar;
}

/// True for the characters that RFC 9110, 5.5 allows in a field value: visible characters,
/// obs-text, space and tab.
constexpr bool is_field_char(char c) noexcept {
  return detail::classes[static_cast<unsigned char>(c)] & detail::field_vchar;
}

constexpr bool is_token(std::string_view s) noexcept {
  for (char c : s)
    if (!is_tchar(c)) return false;
  return !s.empty();
}

constexpr bool is_field_value(std::string_view s) noexcept {
  for (char c : s)
    if (!is_field_char(c)) return false;
  return true;
}

/// Converts eight characters to lower case at once. The first addition sets the high bit of each
/// character that is at least 'A'. The second addition sets the high bit of each character above
/// 'Z'. Neither addition carries into the next character.
constexpr std::uint64_t to_lower(std::uint64_t eight) noexcept {
  constexpr std::uint64_t each = 0x0101010101010101;
  const std::uint64_t low = eight & 0x7f * each;
  const std::uint64_t upper = (low + (0x80 - 'A') * each) ^ (low + (0x7f - 'Z') * each);
  return eight | (upper & ~eight & 0x80 * each) >> 2;
}

namespace detail {

constexpr bool iequals_same_size(std::string_view a, std::string_view b) noexcept {
  // GCC then sees that a short literal has no eight characters.
  if (a.size() != b.size()) std::unreachable();
  std::size_t i = 0;
  if (!std::is_constant_evaluated())
    for (std::uint64_t x, y; a.size() - i >= 8; i += 8) {
      std::memcpy(&x, a.data() + i, 8);
      std::memcpy(&y, b.data() + i, 8);
      if (x != y && to_lower(x) != to_lower(y)) return false;
    }
  for (; i < a.size(); ++i)
    if (to_lower(a[i]) != to_lower(b[i])) return false;
  return true;
}

}  // namespace detail

constexpr bool iequals(std::string_view a, std::string_view b) noexcept {
  return a.size() == b.size() && detail::iequals_same_size(a, b);
}

/// Returns `s` without the OWS around it.
constexpr std::string_view trim(std::string_view s) noexcept {
  while (!s.empty() && is_space(s.front())) s.remove_prefix(1);
  while (!s.empty() && is_space(s.back())) s.remove_suffix(1);
  return s;
}

inline std::string lower(std::string_view s) {
  std::string out(s);
  for (char& c : out) c = to_lower(c);
  return out;
}

/// Reads a number that consists of decimal digits only. Returns nothing for other text and on
/// overflow.
constexpr std::optional<std::uint64_t> parse_decimal(std::string_view s) noexcept {
  if (s.empty()) return std::nullopt;
  std::uint64_t value = 0;
  for (char c : s) {
    if (!is_digit(c)) return std::nullopt;
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (value > (UINT64_MAX - digit) / 10) return std::nullopt;
    value = value * 10 + digit;
  }
  return value;
}

/// Calls `f` with each element of a comma-separated list (RFC 9110, 5.6.1). Trims the elements,
/// skips empty ones, and ignores commas in quoted strings. Stops when `f` returns false.
template <class F>
constexpr void for_each_element(std::string_view list, F&& f) {
  std::size_t start = 0;
  bool quoted = false;
  for (std::size_t i = 0; i <= list.size(); ++i) {
    if (i < list.size()) {
      if (quoted && list[i] == '\\') {
        ++i;
        continue;
      }
      if (list[i] == '"') quoted = !quoted;
      if (list[i] != ',' || quoted) continue;
    }
    const auto element = trim(list.substr(start, i - start));
    if (!element.empty() && !f(element)) return;
    start = i + 1;
  }
}

/// Returns the part of `text` before the first `mark`, and removes this part and `mark` from
/// `text`. Without a `mark` it takes the whole text.
constexpr std::string_view take_until(std::string_view& text, char mark) noexcept {
  const std::size_t at = text.find(mark);
  const std::string_view part = text.substr(0, at);
  text.remove_prefix(at == text.npos ? text.size() : at + 1);
  return part;
}

/// Makes bytes from a peer readable for people. Printable ASCII stays, and other bytes become \xNN.
/// After `limit` characters the text ends with "...".
inline std::string printable(std::string_view bytes, std::size_t limit = 64) {
  std::string out;
  constexpr char digits[] = "0123456789abcdef";
  for (char c : bytes) {
    if (out.size() >= limit) return out + "...";
    const auto u = static_cast<unsigned char>(c);
    if (u >= 0x20 && u < 0x7f && c != '\\') {
      out += c;
    } else {
      out += "\\x";
      out += digits[u >> 4];
      out += digits[u & 15];
    }
  }
  return out;
}

}  // namespace cohttps::ascii
