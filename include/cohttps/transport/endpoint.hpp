// The target of a connection: an address and a port, or a path. Independent of any socket library.
#pragma once

#include <cohttps/core/separate.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cohttps {

/// An IPv4 or IPv6 address with a TCP port, or the path of a Unix domain socket.
struct endpoint {
  std::array<std::byte, 16> address{};  ///< network order; an IPv4 address fills the first four
  bool is_v6 = false;                   ///< true for IPv6
  std::uint16_t port = 0;               ///< 0 to 65535
  std::uint32_t scope = 0;              ///< the zone of a link-local IPv6 address, else 0
  std::string path = {};  ///< path of a Unix domain socket; nothing else counts then; else empty

  /// True if `path` is that of a Unix domain socket.
  COHTTPS_DECL bool is_unix() const noexcept;

  friend bool operator==(const endpoint&, const endpoint&) = default;
};

/// Returns the endpoint of the Unix domain socket at `path`.
COHTTPS_DECL endpoint unix_endpoint(std::string_view path);

namespace detail {

/// Parses four decimal numbers. No number may start with 0, because some readers would take it for
/// octal, and would read another address.
constexpr bool parse_ipv4_literal(std::string_view text, std::byte* out) noexcept {
  for (int part = 0; part < 4; ++part) {
    const std::string_view digits = text.substr(0, text.find('.'));
    if (digits.empty() || digits.size() > 3 || (digits.size() > 1 && digits[0] == '0'))
      return false;
    unsigned value = 0;
    for (const char c : digits) {
      if (c < '0' || c > '9') return false;
      value = value * 10 + static_cast<unsigned>(c - '0');
    }
    if (value > 255) return false;
    out[part] = static_cast<std::byte>(value);
    text.remove_prefix(digits.size());
    if (part == 3) break;
    if (text.empty()) return false;
    text.remove_prefix(1);
  }
  return text.empty();
}

/// Parses an address by RFC 4291, 2.2, without a zone.
constexpr bool parse_ipv6_literal(std::string_view text,
                                  std::array<std::byte, 16>& bytes) noexcept {
  bytes = {};
  std::size_t size = 0;
  std::optional<std::size_t> gap;  // the place of "::"
  if (text.starts_with("::")) {
    gap = 0;
    text.remove_prefix(2);
  }
  while (!text.empty()) {
    const auto end = text.find(':');
    const std::string_view piece = text.substr(0, end);
    if (piece.find('.') != piece.npos) {
      if (end != text.npos || size > 12 || !parse_ipv4_literal(piece, &bytes[size])) return false;
      size += 4;
      break;
    }
    if (piece.empty() || piece.size() > 4 || size == 16) return false;
    unsigned value = 0;
    for (const char c : piece) {
      const char lower = static_cast<char>(c | 0x20);
      if (c >= '0' && c <= '9')
        value = value * 16 + static_cast<unsigned>(c - '0');
      else if (lower >= 'a' && lower <= 'f')
        value = value * 16 + static_cast<unsigned>(lower - 'a' + 10);
      else
        return false;
    }
    bytes[size++] = static_cast<std::byte>(value >> 8);
    bytes[size++] = static_cast<std::byte>(value & 0xff);
    if (end == text.npos) break;
    text.remove_prefix(end + 1);
    if (text.empty()) return false;
    if (text.front() == ':') {
      if (gap) return false;
      gap = size;
      text.remove_prefix(1);
    }
  }
  if (!gap) return size == 16;
  if (size == 16) return false;
  std::copy_backward(bytes.begin() + *gap, bytes.begin() + size, bytes.end());
  std::fill(bytes.begin() + *gap, bytes.end() - static_cast<std::ptrdiff_t>(size - *gap),
            std::byte{0});
  return true;
}

}  // namespace detail

/// Parses an IP literal without brackets, and returns its address with port 0. Returns nothing for
/// other text, such as a name. IPv4 is four decimal numbers. IPv6 is written as in RFC 4291, with
/// an optional numeric zone, "fe80::1%2" (RFC 4007, 11).
constexpr std::optional<endpoint> parse_address(std::string_view text) {
  endpoint e;
  if (text.find(':') == text.npos)
    return detail::parse_ipv4_literal(text, e.address.data()) ? std::optional(e) : std::nullopt;
  e.is_v6 = true;
  const auto percent = text.find('%');
  if (percent != text.npos) {
    const std::string_view zone = text.substr(percent + 1);
    std::uint64_t value = 0;
    for (const char c : zone) {
      if (c < '0' || c > '9') return std::nullopt;
      value = value * 10 + static_cast<unsigned>(c - '0');
      if (value > UINT32_MAX) return std::nullopt;
    }
    if (zone.empty()) return std::nullopt;
    e.scope = static_cast<std::uint32_t>(value);
  }
  if (!detail::parse_ipv6_literal(text.substr(0, percent), e.address)) return std::nullopt;
  return e;
}

/// Returns only the address, such as "192.0.2.1", "2001:db8::1" or "fe80::1%2". The form is that of
/// RFC 5952, and `parse_address` reads it. Returns "unix:/path" for a Unix domain socket.
COHTTPS_DECL std::string address_text(const endpoint& e);

/// Returns text such as "192.0.2.1:443", "[2001:db8::1]:443" or "unix:/path".
COHTTPS_DECL std::string to_string(const endpoint& e);

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/transport/endpoint.ipp>
#endif
