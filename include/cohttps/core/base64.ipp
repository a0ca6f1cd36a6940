// Definitions for base64.hpp.
#pragma once

#include <cohttps/core/base64.hpp>

namespace cohttps {

COHTTPS_DEF std::string to_base64(std::string_view bytes) {
  constexpr char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t j = 0; j < 3; ++j)
      group = group << 8 | (i + j < bytes.size() ? static_cast<unsigned char>(bytes[i + j]) : 0u);
    for (std::size_t j = 0; j < 4; ++j)
      out += j > bytes.size() - i ? '=' : alphabet[group >> (18 - 6 * j) & 63];
  }
  return out;
}

COHTTPS_DEF std::optional<std::vector<std::uint8_t>> from_base64(std::string_view text) {
  static constexpr std::uint8_t space = 64, padding = 65, foreign = 66;
  static constexpr auto values = [] {
    std::array<std::uint8_t, 256> made{};
    made.fill(foreign);
    for (const char c : {' ', '\t', '\r', '\n'}) made[static_cast<unsigned char>(c)] = space;
    made['='] = padding;
    for (std::uint8_t i = 0; i < 26; ++i) {
      made[std::size_t{'A'} + i] = i;
      made[std::size_t{'a'} + i] = static_cast<std::uint8_t>(26 + i);
      if (i < 10) made[std::size_t{'0'} + i] = static_cast<std::uint8_t>(52 + i);
    }
    made['+'] = 62;
    made['/'] = 63;
    return made;
  }();
  std::vector<std::uint8_t> out(text.size() / 4 * 3);
  std::size_t size = 0;
  std::uint32_t group = 0;
  int digits = 0, paddings = 0;
  const auto put = [&](int shift) { out[size++] = static_cast<std::uint8_t>(group >> shift); };
  const auto value_at = [&](std::size_t i) { return values[static_cast<unsigned char>(text[i])]; };
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (digits == 0 && paddings == 0 && text.size() - i > 4) [[likely]] {
      const unsigned a = value_at(i), b = value_at(i + 1), c = value_at(i + 2), d = value_at(i + 3);
      if ((a | b | c | d) < space) [[likely]] {
        group = a << 18 | b << 12 | c << 6 | d;
        put(16), put(8), put(0);
        i += 3;
        continue;
      }
    }
    const std::uint8_t value = value_at(i);
    if (value < space && paddings == 0) {
      group = group << 6 | value;
      if (++digits < 4) continue;
      put(16), put(8), put(0);
      digits = 0;
    } else if (value == padding) {
      ++paddings;
    } else if (value != space) {
      return std::nullopt;
    }
  }
  // RFC 4648, 3.5: the unused bits of the last digit must be zero.
  const bool padded = digits >= 2 && digits + paddings == 4;
  if (padded) {
    if ((group & (digits == 2 ? 0xfu : 0x3u)) != 0) return std::nullopt;
    for (int bits = digits * 6 - 8; bits >= 0; bits -= 8) put(bits);
  } else if (digits != 0 || paddings != 0) {
    return std::nullopt;
  }
  out.resize(size);
  return out;
}

}  // namespace cohttps
