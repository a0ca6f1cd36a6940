// The header of a WebSocket frame (RFC 6455, 5.2).
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace cohttps::websocket {

enum class opcode : std::uint8_t {
  continuation = 0,
  text = 1,
  binary = 2,
  close = 8,
  ping = 9,
  pong = 10,
};

constexpr bool is_control(opcode op) noexcept { return op >= opcode::close; }

/// Payload that a control frame has at most (5.5).
inline constexpr std::size_t max_control_size = 125;

struct frame_header {
  opcode op = opcode::binary;
  bool final = true;        ///< FIN: the last frame of its message
  bool compressed = false;  ///< RSV1: the message is compressed (RFC 7692, 6)
  std::uint64_t size = 0;   ///< of the payload, in bytes
};

using mask_key = std::array<std::byte, 4>;

/// The longest header of a frame, with its masking key.
inline constexpr std::size_t max_header_size = 14;

/// Writes the header of a frame that a client sends. Returns its size.
COHTTPS_DECL std::size_t write_header(std::span<std::byte, max_header_size> out,
                                      const frame_header& header, const mask_key& key) noexcept;

/// The size of a server's header that begins with these two bytes; a client's has 4 more.
constexpr std::size_t header_size(std::byte second) noexcept {
  const auto length = std::to_integer<unsigned>(second) & 127;
  return length == 127 ? 10 : length == 126 ? 4 : 2;
}

/// Reads a complete header of a frame that a server sent. `compression`: permessage-deflate was
/// agreed on, so that RSV1 may be set. Fails with protocol "websocket_frame" for what RFC 6455
/// forbids: reserved bits and opcodes, a mask, control frames that are long or fragmented, and
/// lengths in more bytes than needed.
COHTTPS_DECL result<frame_header> read_header(std::span<const std::byte> header, bool compression);

/// XORs `data` with the key; `offset` is the place of `data` in its payload (5.3).
COHTTPS_DECL void apply_mask(std::span<std::byte> data, const mask_key& key,
                             std::size_t offset = 0) noexcept;

/// The same from one memory to another of the same size.
COHTTPS_DECL void copy_masked(std::span<const std::byte> from, std::byte* to,
                              const mask_key& key) noexcept;

}  // namespace cohttps::websocket

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/websocket/frame.ipp>
#endif
