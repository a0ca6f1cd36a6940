// Definitions for charset.hpp.
#pragma once

#include <cohttps/http/content/charset.hpp>

namespace cohttps {
namespace detail {

COHTTPS_DEF int utf8_sequence(std::string_view text) noexcept {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = at(0);
  if (lead < 0x80) return 1;
  const int size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4) return -1;
  // Overlong sequences, surrogates and characters above U+10FFFF are malformed.
  const unsigned low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
  const unsigned high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
  for (int i = 1; i < size; ++i) {
    const auto n = static_cast<std::size_t>(i);
    if (n == text.size()) return -i;
    if (at(n) < (i == 1 ? low : 0x80u) || at(n) > (i == 1 ? high : 0xbfu)) return -i;
  }
  return size;
}

COHTTPS_DEF std::string from_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  std::size_t done = 0;
  for (std::size_t i = 0; i < text.size();) {
    const int found = utf8_sequence(text.substr(i));
    if (found < 0) {
      out += text.substr(done, i - done);
      out += replacement;
    }
    i += static_cast<std::size_t>(found < 0 ? -found : found);
    if (found < 0) done = i;
  }
  return out += text.substr(done);
}

COHTTPS_DEF std::string from_windows_1252(std::string_view text) {
  constexpr std::array<char16_t, 32> upper = {
      0x20ac, 0x0081, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
      0x2039, 0x0152, 0x008d, 0x017d, 0x008f, 0x0090, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
      0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x009d, 0x017e, 0x0178};
  std::string out;
  out.reserve(text.size());
  for (const char byte : text) {
    const auto c = static_cast<unsigned char>(byte);
    append_utf8(out, c >= 0x80 && c < 0xa0 ? upper[c - 0x80u] : c);
  }
  return out;
}

COHTTPS_DEF std::string from_user_defined(std::string_view text) {
  std::string out;
  for (const char byte : text) {
    const auto c = static_cast<unsigned char>(byte);
    append_utf8(out, c < 0x80 ? char32_t(c) : char32_t(0xf780 + (c - 0x80u)));
  }
  return out;
}

COHTTPS_DEF std::string from_utf16(std::string_view text, bool big_endian) {
  std::string out;
  out.reserve(text.size());
  const auto unit = [&](std::size_t i) -> char32_t {
    const auto first = static_cast<unsigned char>(text[i]);
    const auto second = static_cast<unsigned char>(text[i + 1]);
    return big_endian ? char32_t(first << 8 | second) : char32_t(second << 8 | first);
  };
  std::size_t i = 0;
  for (; i + 1 < text.size(); i += 2) {
    const char32_t c = unit(i);
    const bool surrogate = c >= 0xd800 && c < 0xe000;
    if (!surrogate) {
      append_utf8(out, c);
    } else if (c < 0xdc00 && i + 3 < text.size() && unit(i + 2) >= 0xdc00 && unit(i + 2) < 0xe000) {
      append_utf8(out, 0x10000 + ((c - 0xd800) << 10) + (unit(i + 2) - 0xdc00));
      i += 2;
    } else {
      out += replacement;
    }
  }
  if (i < text.size()) out += replacement;
  return out;
}

}  // namespace detail
}  // namespace cohttps

namespace cohttps {

COHTTPS_DEF result<std::string> to_utf8(std::string_view bytes, std::string_view charset) {
  using namespace std::string_view_literals;
  using detail::charset_kind;
  if (bytes.starts_with("\xef\xbb\xbf"sv)) return detail::from_utf8(bytes.substr(3));
  if (bytes.starts_with("\xfe\xff"sv)) return detail::from_utf16(bytes.substr(2), true);
  if (bytes.starts_with("\xff\xfe"sv)) return detail::from_utf16(bytes.substr(2), false);
  if (charset.empty() || ascii::iequals(charset, "utf-8")) return detail::from_utf8(bytes);
  const detail::charset* known = detail::find_charset(charset);
  switch (known ? known->kind : charset_kind::utf_8) {
    case charset_kind::utf_8:
      return detail::from_utf8(bytes);
    case charset_kind::windows_1252:
      return detail::from_windows_1252(bytes);
    case charset_kind::utf_16le:
    case charset_kind::utf_16be:
      return detail::from_utf16(bytes, known->kind == charset_kind::utf_16be);
    case charset_kind::replacement:
      return std::string(bytes.empty() ? std::string_view() : detail::replacement);
    case charset_kind::x_user_defined:
      return detail::from_user_defined(bytes);
    case charset_kind::single_byte:
    case charset_kind::multiple_byte:
      break;
  }
#ifdef COHTTPS_HAS_ICONV
  if (auto text = detail::from_charset(bytes, *known)) return *std::move(text);
#endif
#ifdef COHTTPS_HAS_ICONV
  const std::string_view cause = "which this system's iconv does not have";
#else
  const std::string_view cause = "but this program was built without iconv (COHTTPS_HAS_ICONV)";
#endif
  return fail(error_category::usage, "charset_unavailable",
              "the text is in the charset \"" + ascii::printable(charset) + "\", " +
                  std::string(cause) + "; use the bytes");
}

COHTTPS_DEF result<std::string> decode_text(std::string_view bytes, std::string_view content_type) {
  const auto type = parse_media_type(content_type);
  return to_utf8(bytes, type ? type->charset().value_or("") : "");
}

}  // namespace cohttps
