// Definitions for endpoint.hpp.
#pragma once

#include <cohttps/transport/endpoint.hpp>

namespace cohttps {

COHTTPS_DEF bool endpoint::is_unix() const noexcept { return !path.empty(); }

COHTTPS_DEF endpoint unix_endpoint(std::string_view path) {
  endpoint e;
  e.path = path;
  return e;
}

COHTTPS_DEF std::string address_text(const endpoint& e) {
  if (e.is_unix()) return "unix:" + e.path;
  const auto byte = [&](std::size_t i) { return std::to_integer<unsigned>(e.address[i]); };
  std::string out;
  if (!e.is_v6) {
    for (std::size_t i = 0; i < 4; ++i) out += (i ? "." : "") + std::to_string(byte(i));
    return out;
  }
  // RFC 5952: "::" replaces the longest run of two or more zero groups, or the first of equally
  // long ones.
  const auto group = [&](std::size_t i) { return byte(2 * i) << 8 | byte(2 * i + 1); };
  std::size_t best = 8, best_length = 1;
  for (std::size_t i = 0; i < 8;) {
    std::size_t run = i;
    while (run < 8 && group(run) == 0) ++run;
    if (run - i > best_length) best = i, best_length = run - i;
    i = run + 1;
  }
  constexpr char digits[] = "0123456789abcdef";
  for (std::size_t i = 0; i < 8; ++i) {
    if (i == best) {
      out += "::";
      i += best_length - 1;
      continue;
    }
    if (!out.empty() && out.back() != ':') out += ':';
    bool started = false;
    for (int shift = 12; shift >= 0; shift -= 4) {
      const unsigned digit = group(i) >> shift & 15;
      started = started || digit != 0 || shift == 0;
      if (started) out += digits[digit];
    }
  }
  if (e.scope != 0) out += "%" + std::to_string(e.scope);
  return out;
}

COHTTPS_DEF std::string to_string(const endpoint& e) {
  if (e.is_unix()) return address_text(e);
  const std::string address = address_text(e);
  return (e.is_v6 ? "[" + address + "]:" : address + ":") + std::to_string(e.port);
}

}  // namespace cohttps
