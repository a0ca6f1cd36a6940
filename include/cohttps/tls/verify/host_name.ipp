// Definitions for host_name.hpp.
#pragma once

#include <cohttps/tls/verify/host_name.hpp>

namespace cohttps::tls {

COHTTPS_DEF std::string to_string(std::span<const std::uint8_t> address) {
  std::string out;
  if (address.size() != 16) {
    for (const auto byte : address) out += (out.empty() ? "" : ".") + std::to_string(byte);
    return out;
  }
  std::array<unsigned, 8> groups{};
  for (std::size_t i = 0; i < 8; ++i)
    groups[i] = static_cast<unsigned>(address[2 * i] << 8 | address[2 * i + 1]);
  // Find the first of the longest runs of zero groups. A run of one group is not shortened.
  std::size_t gap = 8;
  std::size_t longest = 1;
  for (std::size_t i = 0; i < 8; ++i) {
    std::size_t run = 0;
    while (i + run < 8 && groups[i + run] == 0) ++run;
    if (run > longest) gap = i, longest = run;
  }
  constexpr char digits[] = "0123456789abcdef";
  for (std::size_t i = 0; i < 8; ++i) {
    if (i == gap) {
      out += "::";
      i += longest - 1;
      continue;
    }
    if (!out.empty() && !out.ends_with(':')) out += ':';
    for (int shift = 12; shift >= 0; shift -= 4)
      if (shift == 0 || groups[i] >> shift) out += digits[groups[i] >> shift & 15];
  }
  return out;
}

COHTTPS_DEF bool spans_registry(std::string_view pattern) {
  if (!pattern.starts_with("*.")) return false;
  std::string below(pattern.substr(2));
  for (char& c : below) c = ascii::to_lower(c);
  return is_registry_suffix(below);
}

COHTTPS_DEF bool covers(const certificate_names& names, std::string_view host) {
  if (const auto address = parse_ip(host))
    return std::ranges::any_of(
        names.ip, [&](const auto& ip) { return std::ranges::equal(ip, address->data()); });
  return std::ranges::any_of(names.dns, [&](const auto& dns) {
    return matches_host_name(dns, host) && !spans_registry(dns);
  });
}

}  // namespace cohttps::tls
