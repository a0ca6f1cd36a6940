// Definitions for utf8_validator.hpp.
#pragma once

#include <cohttps/websocket/utf8_validator.hpp>

#include <cstring>

namespace cohttps::websocket {

COHTTPS_DEF bool utf8_validator::take(std::span<const std::byte> piece) noexcept {
  const std::byte* at = piece.data();
  const std::byte* const end = at + piece.size();
  while (at != end) {
    if (missing_ == 0) {  // ASCII, 16 bytes at a time
      std::uint64_t words[2];
      while (end - at >= 16) {
        std::memcpy(words, at, sizeof(words));
        if ((words[0] | words[1]) & 0x8080808080808080u) break;
        at += sizeof(words);
      }
      if (at == end) return true;
    }
    const auto byte = std::to_integer<std::uint8_t>(*at++);
    if (missing_ > 0) {
      if (byte < low_ || byte > high_) return false;
      low_ = 0x80;
      high_ = 0xbf;
      --missing_;
    } else if (byte >= 0x80) {
      if (byte < 0xc2 || byte > 0xf4) return false;
      missing_ = byte >= 0xf0 ? 3 : byte >= 0xe0 ? 2 : 1;
      low_ = byte == 0xe0 ? 0xa0 : byte == 0xf0 ? 0x90 : 0x80;
      high_ = byte == 0xed ? 0x9f : byte == 0xf4 ? 0x8f : 0xbf;
    }
  }
  return true;
}

}  // namespace cohttps::websocket
