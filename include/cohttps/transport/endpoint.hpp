// An address and a port, independent of any socket library.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace cohttps {

/// An IPv4 or IPv6 address with a TCP port.
struct endpoint {
  std::array<std::byte, 16> address{};  ///< network order; an IPv4 address fills the first four
  bool is_v6 = false;
  std::uint16_t port = 0;
  std::uint32_t scope = 0;  ///< the zone of a link-local IPv6 address, else 0

  friend bool operator==(const endpoint&, const endpoint&) = default;
};

/// "192.0.2.1:443" or "[2001:db8::1]:443".
inline std::string to_string(const endpoint& e) {
  const auto byte = [&](std::size_t i) { return std::to_integer<unsigned>(e.address[i]); };
  std::string out;
  if (!e.is_v6) {
    for (std::size_t i = 0; i < 4; ++i) out += (i ? "." : "") + std::to_string(byte(i));
    return out + ":" + std::to_string(e.port);
  }
  // RFC 5952: the first longest run of two or more zero groups is shortened.
  const auto group = [&](std::size_t i) { return byte(2 * i) << 8 | byte(2 * i + 1); };
  std::size_t best = 8, best_length = 1;
  for (std::size_t i = 0; i < 8;) {
    std::size_t run = i;
    while (run < 8 && group(run) == 0) ++run;
    if (run - i > best_length) best = i, best_length = run - i;
    i = run + 1;
  }
  constexpr char digits[] = "0123456789abcdef";
  out = "[";
  for (std::size_t i = 0; i < 8; ++i) {
    if (i == best) {
      out += "::";
      i += best_length - 1;
      continue;
    }
    if (out.back() != '[' && out.back() != ':') out += ':';
    bool started = false;
    for (int shift = 12; shift >= 0; shift -= 4) {
      const unsigned digit = group(i) >> shift & 15;
      started = started || digit != 0 || shift == 0;
      if (started) out += digits[digit];
    }
  }
  return out + "]:" + std::to_string(e.port);
}

}  // namespace cohttps
