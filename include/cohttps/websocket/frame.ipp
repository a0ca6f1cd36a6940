// Definitions for frame.hpp.
#pragma once

#include <cohttps/websocket/frame.hpp>

#include <cstring>

namespace cohttps::websocket {

namespace detail {

/// 32 bytes at a time, in the vector registers of the machine.
using mask_block = std::uint32_t __attribute__((vector_size(32)));

COHTTPS_DECL std::unexpected<error> bad_frame(std::string_view what);
COHTTPS_DEF std::unexpected<error> bad_frame(std::string_view what) {
  return fail(error_category::protocol, "websocket_frame",
              "the server sent " + std::string(what) + " (RFC 6455, 5.2)");
}

}  // namespace detail

COHTTPS_DEF std::size_t write_header(std::span<std::byte, max_header_size> out,
                                     const frame_header& header, const mask_key& key) noexcept {
  out[0] = static_cast<std::byte>((header.final ? 0x80u : 0u) | (header.compressed ? 0x40u : 0u) |
                                  static_cast<unsigned>(header.op));
  std::size_t at = 2;
  const auto put = [&](int bytes) {
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
      out[at++] = static_cast<std::byte>(header.size >> shift & 0xff);
  };
  if (header.size < 126) {
    out[1] = static_cast<std::byte>(0x80u | header.size);
  } else if (header.size < 0x10000) {
    out[1] = std::byte{0x80 | 126};
    put(2);
  } else {
    out[1] = std::byte{0x80 | 127};
    put(8);
  }
  std::memcpy(out.data() + at, key.data(), key.size());
  return at + key.size();
}

COHTTPS_DEF result<frame_header> read_header(std::span<const std::byte> header, bool compression) {
  const auto first = std::to_integer<unsigned>(header[0]);
  const auto second = std::to_integer<unsigned>(header[1]);
  const auto op = first & 15;
  if (first & 0x30 || (first & 0x40 && !compression))
    return detail::bad_frame("a frame with a reserved bit of an extension that was not agreed on");
  if (op > 10 || (op > 2 && op < 8)) return detail::bad_frame("a frame with a reserved opcode");
  if (second & 0x80) return detail::bad_frame("a masked frame, as only clients do");
  frame_header out{static_cast<opcode>(op), (first & 0x80) != 0, (first & 0x40) != 0, second & 127};
  if (is_control(out.op)) {
    if (!out.final) return detail::bad_frame("a fragmented control frame");
    if (out.compressed) return detail::bad_frame("a compressed control frame");
    if (out.size > max_control_size) return detail::bad_frame("a control frame that is too long");
  }
  if (out.compressed && out.op == opcode::continuation)
    return detail::bad_frame("a continuation frame with the bit of compression");
  if (out.size < 126) return out;
  const bool wide = out.size == 127;
  out.size = 0;
  for (std::size_t i = 2; i < (wide ? 10u : 4u); ++i)
    out.size = out.size << 8 | std::to_integer<std::uint64_t>(header[i]);
  if (out.size >> 63) return detail::bad_frame("a frame with a length of more than 63 bits");
  if (out.size < (wide ? 0x10000u : 126u))
    return detail::bad_frame("a frame whose length has more bytes than it needs");
  return out;
}

COHTTPS_DEF void apply_mask(std::span<std::byte> data, const mask_key& key,
                            std::size_t offset) noexcept {
  mask_key turned;
  for (std::size_t i = 0; i < 4; ++i) turned[i] = key[(offset + i) & 3];
  copy_masked(data, data.data(), turned);
}

COHTTPS_DEF void copy_masked(std::span<const std::byte> from, std::byte* to,
                             const mask_key& key) noexcept {
  using detail::mask_block;
  std::uint32_t word;
  std::memcpy(&word, key.data(), sizeof(word));
  const std::byte* in = from.data();
  std::size_t left = from.size();
  const auto mask_by = [&]<class Block>(const Block& mask) {
    for (; left >= sizeof(Block); left -= sizeof(Block)) {
      Block block;
      std::memcpy(&block, in, sizeof(block));
      block ^= mask;
      std::memcpy(to, &block, sizeof(block));
      in += sizeof(block);
      to += sizeof(block);
    }
  };
  mask_by(mask_block{} + word);
  mask_by(word);
  for (std::size_t i = 0; i < left; ++i) to[i] = in[i] ^ key[i];
}

}  // namespace cohttps::websocket
