// Text in the charsets that are met, as UTF-8 (the Encoding Standard).
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/http/media_type.hpp>
#include <cohttps/url/utf8.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cohttps {

namespace detail {

enum class charset : std::uint8_t { utf_8, windows_1252, utf_16le, utf_16be };

/// "Get an encoding": the names that are used for these.
inline std::optional<charset> find_charset(std::string_view name) noexcept {
  struct label {
    std::string_view name;
    charset means;
  };
  constexpr label labels[] = {
      {"utf-8", charset::utf_8},
      {"utf8", charset::utf_8},
      {"unicode-1-1-utf-8", charset::utf_8},
      {"us-ascii", charset::windows_1252},
      {"ascii", charset::windows_1252},
      {"ansi_x3.4-1968", charset::windows_1252},
      {"iso-8859-1", charset::windows_1252},
      {"iso8859-1", charset::windows_1252},
      {"iso_8859-1", charset::windows_1252},
      {"iso88591", charset::windows_1252},
      {"latin1", charset::windows_1252},
      {"l1", charset::windows_1252},
      {"windows-1252", charset::windows_1252},
      {"cp1252", charset::windows_1252},
      {"x-cp1252", charset::windows_1252},
      {"utf-16", charset::utf_16le},
      {"utf-16le", charset::utf_16le},
      {"utf-16be", charset::utf_16be},
  };
  name = ascii::trim(name);
  for (const auto& [known, means] : labels)
    if (ascii::iequals(name, known)) return means;
  return std::nullopt;
}

inline constexpr std::string_view replacement = "\xef\xbf\xbd";  // U+FFFD

/// The bytes of the UTF-8 sequence at the front of `text`, or, negative, of what is not one and
/// becomes a single U+FFFD: as much of it as could have begun one (Unicode, 3.9, table 3-8).
inline int utf8_sequence(std::string_view text) noexcept {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = at(0);
  if (lead < 0x80) return 1;
  const int size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4) return -1;
  // No longer than it need be, no surrogates, nothing above U+10FFFF.
  const unsigned low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
  const unsigned high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
  for (int i = 1; i < size; ++i) {
    const auto n = static_cast<std::size_t>(i);
    if (n == text.size()) return -i;
    if (at(n) < (i == 1 ? low : 0x80u) || at(n) > (i == 1 ? high : 0xbfu)) return -i;
  }
  return size;
}

inline std::string from_utf8(std::string_view text) {
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

inline std::string from_windows_1252(std::string_view text) {
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

inline std::string from_utf16(std::string_view text, bool big_endian) {
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

/// `bytes` of this charset as UTF-8. As in browsers, a byte order mark at the front goes before
/// `charset` and is left out, ISO 8859-1 and ASCII mean Windows-1252, "utf-16" is little-endian,
/// and what is malformed becomes U+FFFD. An empty `charset` is UTF-8.
///
/// Fails with usage "charset_unknown" for other charsets: use the bytes, and a library that has
/// them.
inline result<std::string> to_utf8(std::string_view bytes, std::string_view charset) {
  using namespace std::string_view_literals;
  if (bytes.starts_with("\xef\xbb\xbf"sv)) return detail::from_utf8(bytes.substr(3));
  if (bytes.starts_with("\xfe\xff"sv)) return detail::from_utf16(bytes.substr(2), true);
  if (bytes.starts_with("\xff\xfe"sv)) return detail::from_utf16(bytes.substr(2), false);
  const auto known = charset.empty() ? detail::charset::utf_8 : detail::find_charset(charset);
  if (!known)
    return fail(error_category::usage, "charset_unknown",
                "the text is in the charset \"" + ascii::printable(charset) +
                    "\", which is not known here; take its bytes");
  switch (*known) {
    case detail::charset::utf_8:
      return detail::from_utf8(bytes);
    case detail::charset::windows_1252:
      return detail::from_windows_1252(bytes);
    default:
      return detail::from_utf16(bytes, *known == detail::charset::utf_16be);
  }
}

/// The text of content with this Content-Type, which may be empty or malformed: then it is UTF-8,
/// as it is without a charset. Fails as `to_utf8`.
inline result<std::string> decode_text(std::string_view bytes, std::string_view content_type) {
  const auto type = parse_media_type(content_type);
  return to_utf8(bytes, type ? type->charset().value_or("") : "");
}

}  // namespace cohttps
