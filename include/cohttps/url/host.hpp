// Parses and serializes the host of a URL: the URL Standard, "Host parsing" and "Host serializing".
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/url/idna.hpp>
#include <cohttps/url/percent_encoding.hpp>
#include <cohttps/url/utf8.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cohttps::detail {

enum class host_kind : std::uint8_t { domain, ipv4, ipv6 };

enum : std::uint8_t {
  host_lower = 1,      ///< stays unchanged in a domain
  host_upper = 2,      ///< 'A' to 'Z'
  host_forbidden = 4,  ///< "forbidden domain code point", except '%'
};

/// How the parser treats each byte of a domain; 0 for '%' and for bytes outside ASCII.
inline constexpr auto host_bytes = [] {
  std::array<std::uint8_t, 256> table{};
  for (std::size_t i = 0; i < 0x80; ++i) {
    const auto c = static_cast<char>(i);
    if (i <= 0x20 || i == 0x7f ||
        std::string_view("#/:<>?@[\\]^|").find(c) != std::string_view::npos)
      table[i] = host_forbidden;
    else if (c != '%')
      table[i] = ascii::is_upper(c) ? host_upper : host_lower;
  }
  return table;
}();

constexpr std::uint8_t host_byte(char c) noexcept {
  return host_bytes[static_cast<unsigned char>(c)];
}

/// The "IPv4 number parser". Reads decimal, octal after "0", and hexadecimal after "0x". Returns
/// 2^32 for every larger number.
constexpr std::optional<std::uint64_t> parse_ipv4_number(std::string_view text) noexcept {
  if (text.empty()) return std::nullopt;
  unsigned base = 10;
  if (text.size() > 1 && text[0] == '0') {
    base = ascii::to_lower(text[1]) == 'x' ? 16 : 8;
    text.remove_prefix(base == 16 ? 2 : 1);
  }
  constexpr std::uint64_t too_large = std::uint64_t{1} << 32;
  std::uint64_t value = 0;
  for (char c : text) {
    const int digit = ascii::hex_value(c);
    if (digit < 0 || static_cast<unsigned>(digit) >= base) return std::nullopt;
    value = value * base + static_cast<unsigned>(digit);
    if (value > too_large) value = too_large;
  }
  return value;
}

/// The "ends in a number checker".
constexpr bool ends_in_a_number(std::string_view domain) noexcept {
  if (domain.ends_with('.')) domain.remove_suffix(1);
  const auto dot = domain.rfind('.');
  const std::string_view last = dot == domain.npos ? domain : domain.substr(dot + 1);
  if (last.empty() || !ascii::is_digit(last.front())) return false;
  return last.find_first_not_of("0123456789") == last.npos || parse_ipv4_number(last).has_value();
}

/// The "IPv4 parser". Returns what is wrong, or an empty text if it has set `address`.
constexpr std::string_view parse_ipv4(std::string_view text, std::uint32_t& address) noexcept {
  if (text.ends_with('.')) text.remove_suffix(1);
  std::uint64_t value = 0;
  for (int part = 0; part < 4; ++part) {
    const auto dot = text.find('.');
    const auto number = parse_ipv4_number(text.substr(0, dot));
    if (!number) return "has a part that is not a number";
    if (dot == text.npos) {
      // The last part fills the remaining bytes.
      const int bits = 8 * (4 - part);
      if (*number >> bits != 0) return "has a number that is too large";
      address = static_cast<std::uint32_t>(value << bits | *number);
      return {};
    }
    if (*number > 255) return "has a number that is too large";
    value = value << 8 | *number;
    text.remove_prefix(dot + 1);
  }
  return "has more than four parts";
}

COHTTPS_DECL void append_ipv4(std::string& out, std::uint32_t address);

using ipv6_pieces = std::array<std::uint16_t, 8>;

/// Reads the four decimal bytes that may end an IPv6 address, and stores them in two pieces.
constexpr bool parse_embedded_ipv4(std::string_view text, std::uint16_t* piece) noexcept {
  for (int part = 0; part < 4; ++part) {
    const std::string_view number = text.substr(0, text.find('.'));
    const auto value = ascii::parse_decimal(number);
    if (!value || *value > 255 || (number.size() > 1 && number[0] == '0')) return false;
    *piece = static_cast<std::uint16_t>(*piece * 256u + *value);
    if (part == 1) ++piece;
    text.remove_prefix(number.size());
    if (part < 3) {
      if (text.empty()) return false;
      text.remove_prefix(1);
    }
  }
  return text.empty();
}

/// The "IPv6 parser" for the text between the brackets. Returns what is wrong, or an empty text if
/// it has set `pieces`.
constexpr std::string_view parse_ipv6(std::string_view text, ipv6_pieces& pieces) noexcept {
  pieces = {};
  std::size_t count = 0;
  std::optional<std::size_t> gap;  // the piece after "::", which replaces at least one piece
  if (text.starts_with(':')) {
    if (!text.starts_with("::")) return "starts with a single ':'";
    text.remove_prefix(2);
    gap = count = 1;
  }
  while (!text.empty()) {
    if (count == 8) return "has more than eight pieces";
    if (text.front() == ':') {
      if (gap) return "has '::' twice";
      text.remove_prefix(1);
      gap = ++count;
      continue;
    }
    std::size_t length = 0;
    unsigned value = 0;
    for (; length < 4 && length < text.size() && ascii::is_hex(text[length]); ++length)
      value = value * 16 + static_cast<unsigned>(ascii::hex_value(text[length]));
    if (length < text.size() && text[length] == '.') {
      if (count > 6) return "has more than eight pieces";
      if (!parse_embedded_ipv4(text, &pieces[count])) return "ends in a malformed IPv4 address";
      count += 2;
      break;
    }
    if (length < text.size()) {
      if (text[length] != ':') return "has a piece that is not of one to four hexadecimal digits";
      if (length + 1 == text.size()) return "ends with a single ':'";
      ++length;
    }
    text.remove_prefix(length);
    pieces[count++] = static_cast<std::uint16_t>(value);
  }
  if (!gap) return count == 8 ? std::string_view() : "has fewer than eight pieces";
  std::rotate(pieces.begin() + static_cast<std::ptrdiff_t>(*gap),
              pieces.begin() + static_cast<std::ptrdiff_t>(count), pieces.end());
  return {};
}

/// The "IPv6 serializer", with brackets. Writes lower case, and "::" for the longest run of two or
/// more zero pieces, or for the first of equally long ones (RFC 5952).
COHTTPS_DECL void append_ipv6(std::string& out, const ipv6_pieces& pieces);

COHTTPS_DECL std::unexpected<error> refuse_host(std::string_view reason, std::string_view host,
                                                std::string_view why);

/// The "host parser" for special URLs. Appends the normalised host to `out`. `text` must not be
/// empty.
COHTTPS_DECL result<host_kind> parse_host(std::string_view text, std::string& out);

}  // namespace cohttps::detail

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/url/host.ipp>
#endif
