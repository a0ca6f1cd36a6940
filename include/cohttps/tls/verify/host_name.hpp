// Compares the names in a certificate with a host: the rules of RFC 9525 (service identity),
// without Botan.
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/http/cookie/public_suffix.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cohttps::tls {

/// An IP address as in a certificate: 4 or 16 bytes in network order.
struct ip_address {
  std::array<std::uint8_t, 16> bytes{};
  std::size_t size = 0;

  std::span<const std::uint8_t> data() const noexcept { return std::span(bytes).first(size); }
};

/// Parses an IPv4 address such as "192.0.2.1": four decimal numbers without leading zeros.
constexpr std::optional<ip_address> parse_ipv4(std::string_view text) noexcept {
  ip_address address;
  while (address.size < 4) {
    const auto dot = text.find('.');
    const auto part = text.substr(0, dot);
    const auto value = ascii::parse_decimal(part);
    if (!value || *value > 255 || part.size() > 3 || (part.size() > 1 && part[0] == '0'))
      return std::nullopt;
    address.bytes[address.size++] = static_cast<std::uint8_t>(*value);
    if (dot == std::string_view::npos)
      return address.size == 4 ? std::optional(address) : std::nullopt;
    text.remove_prefix(dot + 1);
  }
  return std::nullopt;
}

/// Parses an IPv6 address in a text form of RFC 4291, 2.2, without brackets and without a zone.
constexpr std::optional<ip_address> parse_ipv6(std::string_view text) noexcept {
  ip_address address;
  std::optional<std::size_t> gap;  // the position of "::"
  auto& at = address.size;
  if (text.starts_with("::")) {
    gap = 0;
    text.remove_prefix(2);
  } else if (text.starts_with(':')) {
    return std::nullopt;
  }
  while (!text.empty()) {
    const auto colon = text.find(':');
    const auto part = text.substr(0, colon);
    if (colon == std::string_view::npos && part.find('.') != std::string_view::npos) {
      const auto tail = parse_ipv4(part);
      if (!tail || at > 12) return std::nullopt;
      for (std::size_t i = 0; i < 4; ++i) address.bytes[at++] = tail->bytes[i];
      break;
    }
    if (part.empty() || part.size() > 4 || at > 14) return std::nullopt;
    unsigned value = 0;
    for (const char c : part) {
      if (!ascii::is_hex(c)) return std::nullopt;
      value = value * 16 + static_cast<unsigned>(ascii::hex_value(c));
    }
    address.bytes[at++] = static_cast<std::uint8_t>(value >> 8);
    address.bytes[at++] = static_cast<std::uint8_t>(value & 255);
    if (colon == std::string_view::npos) break;
    text.remove_prefix(colon + 1);
    if (text.starts_with(':')) {
      if (gap) return std::nullopt;
      gap = at;
      text.remove_prefix(1);
    } else if (text.empty()) {
      return std::nullopt;  // the text ends with a single colon
    }
  }
  if (gap ? at > 14 : at != 16) return std::nullopt;
  if (gap) {
    const auto begin = address.bytes.begin();
    std::move_backward(begin + static_cast<std::ptrdiff_t>(*gap),
                       begin + static_cast<std::ptrdiff_t>(at), address.bytes.end());
    std::fill(begin + static_cast<std::ptrdiff_t>(*gap),
              address.bytes.end() - static_cast<std::ptrdiff_t>(at - *gap), std::uint8_t{0});
    at = 16;
  }
  return address;
}

/// Parses an IPv4 or IPv6 address. Returns nothing for other text, such as a name.
constexpr std::optional<ip_address> parse_ip(std::string_view text) noexcept {
  return text.find(':') == std::string_view::npos ? parse_ipv4(text) : parse_ipv6(text);
}

/// Formats an address for messages: "192.0.2.1" or "2001:db8::1" (RFC 5952, 4).
COHTTPS_DECL std::string to_string(std::span<const std::uint8_t> address);

/// Whether `name` is a host name in ASCII form. A name has at most 253 characters. Its labels have
/// 1 to 63 letters, digits, hyphens and underscores, which occur in practice. A hyphen is not first
/// or last in a label. The last label does not consist of digits only.
constexpr bool is_host_name(std::string_view name) noexcept {
  if (name.empty() || name.size() > 253) return false;
  std::size_t label = 0;
  bool numeric = true;  // of the last label
  char previous = '.';
  for (const char c : name) {
    if (c == '.') {
      if (label == 0 || previous == '-') return false;
      label = 0;
      numeric = true;
    } else {
      if (!ascii::is_alnum(c) && c != '_' && (c != '-' || label == 0)) return false;
      if (!ascii::is_digit(c)) numeric = false;
      if (++label > 63) return false;
    }
    previous = c;
  }
  return label != 0 && previous != '-' && !numeric;
}

/// Whether the certificate's dNSName `pattern` covers the host name `host`, both in ASCII (A-label)
/// form. The comparison ignores case (RFC 9525, 6.3). "*" matches exactly one label, and has to be
/// the whole first label. A wildcard with fewer than two labels after it ("*.com", "*") would cover
/// a registry, so it covers nothing here.
constexpr bool matches_host_name(std::string_view pattern, std::string_view host) noexcept {
  if (host.ends_with('.')) host.remove_suffix(1);  // the DNS root, as in "example.com."
  if (!is_host_name(host)) return false;
  if (!pattern.starts_with("*.")) return is_host_name(pattern) && ascii::iequals(pattern, host);
  pattern.remove_prefix(2);
  if (!is_host_name(pattern) || pattern.find('.') == std::string_view::npos) return false;
  const auto dot = host.find('.');
  return dot != std::string_view::npos && ascii::iequals(pattern, host.substr(dot + 1));
}

/// Whether `pattern` is a wildcard directly below a suffix under which a registry sells names, such
/// as "*.co.uk".
COHTTPS_DECL bool spans_registry(std::string_view pattern);

/// Whether `pattern` may have been meant for `host`. "*" matches any number of characters. This is
/// only for the text of errors, and never for accepting a certificate.
constexpr bool resembles(std::string_view pattern, std::string_view host) noexcept {
  std::size_t p = 0, h = 0;
  std::size_t star = std::string_view::npos, resume = 0;
  while (h < host.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = h;
    } else if (p < pattern.size() && ascii::to_lower(pattern[p]) == ascii::to_lower(host[h])) {
      ++p, ++h;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      h = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

/// The names in a certificate that can cover a host: its dNSName and iPAddress entries. The common
/// name does not count (RFC 9525, 6.3, and earlier RFC 6125).
struct certificate_names {
  std::vector<std::string> dns;
  std::vector<std::vector<std::uint8_t>> ip;
};

/// Whether one of `names` covers `host`, which is a name in A-label form or an address without
/// brackets. An address is compared as bytes with the iPAddress entries only, and a name with the
/// dNSName entries only. In builds with libpsl a wildcard that `spans_registry` covers nothing.
COHTTPS_DECL bool covers(const certificate_names& names, std::string_view host);

}  // namespace cohttps::tls

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/tls/verify/host_name.ipp>
#endif
