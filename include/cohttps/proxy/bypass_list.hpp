// Which hosts are reached without a proxy: the list that `no_proxy` holds.
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/url/host.hpp>
#include <cohttps/url/url.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohttps {

/// Hosts by name, domain, address or network, in curl's notation and others that are met:
/// ```
///   *                                  all
///   example.com .example.com           the host and all below it, at label borders; so does
///   *.example.com                      this
///   192.0.2.1 ::1 [::1] fe80::1%eth0   an address; its zone does not matter
///   192.0.2.0/24 2001:db8::/32         a network (RFC 4632, 3.1)
///   192.0.2/24 10/8                    the same, with the last zeros left out
///   192.0.2.* 10.*                     the same
///   example.com:8080 [::1]:8080        any of them but a network, on one port
/// ```
/// Separated by commas, semicolons or white space; case and a trailing dot do not matter. An entry
/// of another form is passed over. Names are not looked up: a network holds the URLs whose host is
/// an address in it. An IPv4-mapped IPv6 address (RFC 4291, 2.5.5.2) is the same as the IPv4
/// address.
class bypass_list {
 public:
  bypass_list() = default;

  static bypass_list parse(std::string_view text) {
    bypass_list list;
    list.add(text);
    return list;
  }

  /// Adds the entries of `text`.
  void add(std::string_view text) {
    constexpr std::string_view separators = ",; \t\r\n";
    while (true) {
      const auto begin = text.find_first_not_of(separators);
      if (begin == text.npos) return;
      text.remove_prefix(begin);
      const std::string_view item = text.substr(0, text.find_first_of(separators));
      text.remove_prefix(item.size());
      if (auto parsed = parse_entry(item)) entries_.push_back(*std::move(parsed));
    }
  }

  bool matches(const url& to) const {
    const std::string_view host = without_dot(to.host());
    const auto ip = to.is_ip_address() ? parse_address(host) : std::nullopt;
    return std::ranges::any_of(entries_, [&](const entry& e) {
      if (e.port != 0 && e.port != to.port()) return false;
      switch (e.what) {
        case kind::all:
          return true;
        case kind::domain:
          return !ip && in_domain(host, e.domain);
        case kind::network:
          return ip && in_network(*ip, e);
      }
      return false;
    });
  }

  bool empty() const noexcept { return entries_.empty(); }

  friend bool operator==(const bypass_list&, const bypass_list&) = default;

 private:
  enum class kind : std::uint8_t { all, domain, network };

  /// An address of either family; IPv4 as ::ffff:a.b.c.d.
  struct address {
    std::array<std::uint8_t, 16> bytes{};
    bool is_v4 = false;  // or mapped
    friend bool operator==(const address&, const address&) = default;
  };
  struct entry {
    kind what = kind::all;
    std::uint16_t port = 0;  // 0: any
    std::uint8_t bits = 128;
    address network{};
    std::string domain{};
    friend bool operator==(const entry&, const entry&) = default;
  };

  static std::string_view without_dot(std::string_view host) noexcept {
    if (host.ends_with('.')) host.remove_suffix(1);
    return host;
  }

  static bool in_domain(std::string_view host, std::string_view domain) noexcept {
    if (!host.ends_with(domain)) return false;
    return host.size() == domain.size() || host[host.size() - domain.size() - 1] == '.';
  }

  static bool in_network(const address& ip, const entry& e) noexcept {
    // ::/0 and the like are networks of IPv6: mapped addresses are not meant.
    if (ip.is_v4 != e.network.is_v4) return false;
    const std::size_t whole = e.bits / 8u, rest = e.bits % 8u;
    const auto& [a, b] = std::pair(ip.bytes, e.network.bytes);
    if (!std::equal(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(whole), b.begin()))
      return false;
    return rest == 0 || (a[whole] ^ b[whole]) >> (8 - rest) == 0;
  }

  /// An IPv4 address with four decimal parts, or an IPv6 address, with brackets or without.
  static std::optional<address> parse_address(std::string_view text) noexcept {
    address out;
    if (text.find(':') == text.npos) {
      std::uint16_t halves[2] = {};
      if (!detail::parse_embedded_ipv4(text, halves)) return std::nullopt;
      out.is_v4 = true;
      out.bytes[10] = out.bytes[11] = 0xff;
      store(halves, 2, out.bytes.data() + 12);
      return out;
    }
    if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
    text = text.substr(0, text.find('%'));  // the zone (RFC 4007, 11)
    detail::ipv6_pieces pieces;
    if (!detail::parse_ipv6(text, pieces).empty()) return std::nullopt;
    store(pieces.data(), pieces.size(), out.bytes.data());
    constexpr std::array<std::uint8_t, 12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    out.is_v4 = std::equal(mapped.begin(), mapped.end(), out.bytes.begin());
    return out;
  }

  static void store(const std::uint16_t* pieces, std::size_t n, std::uint8_t* to) noexcept {
    for (std::size_t i = 0; i < n; ++i) {
      *to++ = static_cast<std::uint8_t>(pieces[i] >> 8);
      *to++ = static_cast<std::uint8_t>(pieces[i] & 0xff);
    }
  }

  /// An IPv4 network with the zeros that were left out: "10" is "10.0.0.0".
  static std::string with_zeros(std::string_view network) {
    std::string whole(network);
    if (whole.ends_with('.')) whole.pop_back();
    auto parts = 1 + std::ranges::count(whole, '.');
    for (; parts < 4; ++parts) whole += ".0";
    return whole;
  }

  static std::optional<entry> parse_entry(std::string_view item) {
    entry e;
    if (item == "*") return e;
    if (item.ends_with(".*")) {
      const std::string_view network = item.substr(0, item.size() - 2);
      const auto ip = parse_address(with_zeros(network));
      if (!ip || !ip->is_v4) return std::nullopt;
      e.what = kind::network;
      e.network = *ip;
      e.bits = static_cast<std::uint8_t>(96 + 8 * (1 + std::ranges::count(network, '.')));
      return e;
    }
    if (const auto slash = item.find('/'); slash != item.npos) {
      e.what = kind::network;
      const std::string_view network = item.substr(0, slash);
      const bool dotted = network.find(':') == network.npos;
      const auto bits = ascii::parse_decimal(item.substr(slash + 1));
      const auto ip = dotted ? parse_address(with_zeros(network)) : parse_address(network);
      if (!ip || !bits || *bits > (dotted ? 32u : 128u)) return std::nullopt;
      e.network = *ip;
      e.bits = static_cast<std::uint8_t>(*bits + (dotted ? 96 : 0));
      // Part of ::ffff:0:0/96 is a network of IPv4; what is larger than that is one of IPv6.
      if (e.bits < 96) e.network.is_v4 = false;
      return e;
    }
    // One colon, or one behind brackets, begins a port; more make an IPv6 address.
    const auto bracket = item.rfind(']');
    const auto colon = item.find(':', bracket == item.npos ? 0 : bracket);
    if (colon != item.npos && (bracket != item.npos || item.find(':', colon + 1) == item.npos)) {
      const auto port = ascii::parse_decimal(item.substr(colon + 1));
      if (!port || *port == 0 || *port > 65535) return std::nullopt;
      e.port = static_cast<std::uint16_t>(*port);
      item = item.substr(0, colon);
    }
    item = without_dot(item);
    if (const auto ip = parse_address(item)) {
      e.what = kind::network;
      e.network = *ip;
      return e;
    }
    e.what = kind::domain;
    if (item.starts_with("*.")) item.remove_prefix(1);
    if (item.starts_with('.')) item.remove_prefix(1);
    if (item.empty() || item.front() == '.' || item.find('*') != item.npos) return std::nullopt;
    const auto type = detail::parse_host(item, e.domain);
    if (!type || *type != detail::host_kind::domain) return std::nullopt;
    return e;
  }

  std::vector<entry> entries_;
};

}  // namespace cohttps
