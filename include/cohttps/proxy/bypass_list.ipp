// Definitions for bypass_list.hpp.
#pragma once

#include <cohttps/proxy/bypass_list.hpp>

namespace cohttps {

COHTTPS_DEF bypass_list bypass_list::parse(std::string_view text) {
  bypass_list list;
  list.add(text);
  return list;
}

COHTTPS_DEF void bypass_list::add(std::string_view text) {
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

COHTTPS_DEF bool bypass_list::matches(const url& to) const {
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

COHTTPS_DEF bool bypass_list::empty() const noexcept { return entries_.empty(); }

COHTTPS_DEF std::string_view bypass_list::without_dot(std::string_view host) noexcept {
  if (host.ends_with('.')) host.remove_suffix(1);
  return host;
}

COHTTPS_DEF bool bypass_list::in_domain(std::string_view host, std::string_view domain) noexcept {
  if (!host.ends_with(domain)) return false;
  return host.size() == domain.size() || host[host.size() - domain.size() - 1] == '.';
}

COHTTPS_DEF bool bypass_list::in_network(const address& ip, const entry& e) noexcept {
  // ::/0 and similar networks are IPv6 networks, and do not contain mapped addresses.
  if (ip.is_v4 != e.network.is_v4) return false;
  const std::size_t whole = e.bits / 8u, rest = e.bits % 8u;
  const auto& [a, b] = std::pair(ip.bytes, e.network.bytes);
  if (!std::equal(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(whole), b.begin()))
    return false;
  return rest == 0 || (a[whole] ^ b[whole]) >> (8 - rest) == 0;
}

COHTTPS_DEF auto bypass_list::parse_address(std::string_view text) noexcept
    -> std::optional<address> {
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

COHTTPS_DEF void bypass_list::store(const std::uint16_t* pieces, std::size_t n,
                                    std::uint8_t* to) noexcept {
  for (std::size_t i = 0; i < n; ++i) {
    *to++ = static_cast<std::uint8_t>(pieces[i] >> 8);
    *to++ = static_cast<std::uint8_t>(pieces[i] & 0xff);
  }
}

COHTTPS_DEF std::string bypass_list::with_zeros(std::string_view network) {
  std::string whole(network);
  if (whole.ends_with('.')) whole.pop_back();
  auto parts = 1 + std::ranges::count(whole, '.');
  for (; parts < 4; ++parts) whole += ".0";
  return whole;
}

COHTTPS_DEF auto bypass_list::parse_entry(std::string_view item) -> std::optional<entry> {
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
    // A part of ::ffff:0:0/96 is an IPv4 network. A larger network is an IPv6 network.
    if (e.bits < 96) e.network.is_v4 = false;
    return e;
  }
  // A single colon, or one after brackets, begins a port. More colons make an IPv6 address.
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

}  // namespace cohttps
