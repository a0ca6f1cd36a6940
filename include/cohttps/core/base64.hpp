// Base64 (RFC 4648, 4).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace cohttps {

/// With padding.
inline std::string to_base64(std::string_view bytes) {
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

}  // namespace cohttps
