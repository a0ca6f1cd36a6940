// Writes the frames that a WebSocket client sends (RFC 6455, 5), without doing I/O.
#pragma once

#include <cohttps/core/buffer.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/websocket/close_code.hpp>
#include <cohttps/websocket/compression.hpp>
#include <cohttps/websocket/deflate.hpp>
#include <cohttps/websocket/frame.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

namespace cohttps::websocket {

/// Masking keys that nobody can guess (10.3): from a source of random bytes, many at a time.
class mask_keys {
 public:
  using source = void (*)(std::span<std::byte>);

  explicit mask_keys(source fill) noexcept : fill_(fill) {}

  COHTTPS_DECL mask_key next();

 private:
  source fill_;
  std::array<std::byte, 512> bytes_{};
  std::size_t used_ = 512;
};

/// Appends frames to a buffer. One message at a time; control frames may come between its pieces.
class writer {
 public:
  COHTTPS_DECL writer(mask_keys::source random, std::optional<compression_parameters> agreed,
                      const compression_options& options);
  writer(const writer&) = delete;
  writer& operator=(const writer&) = delete;

  /// A message in one frame.
  COHTTPS_DECL void append_message(buffer& out, bool text, std::span<const std::byte> data);

  /// A piece of a message, in a frame of its own.
  COHTTPS_DECL void append_piece(buffer& out, bool text, std::span<const std::byte> data,
                                 bool last);
  /// True between the first and the last piece of a message.
  bool in_message() const noexcept { return in_message_; }

  /// `payload` has at most `max_control_size` bytes.
  COHTTPS_DECL void append_control(buffer& out, opcode op, std::span<const std::byte> payload);

  /// A close frame. `reason` is cut after 123 bytes, between two characters.
  COHTTPS_DECL void append_close(buffer& out, std::uint16_t code, std::string_view reason);

 private:
  COHTTPS_DECL void append(buffer& out, const frame_header& header,
                           std::span<const std::byte> payload);

  mask_keys keys_;
  std::size_t threshold_;
#ifdef COHTTPS_HAS_ZLIB
  std::unique_ptr<message_deflater> deflater_;
#endif
  bool in_message_ = false;
  bool compresses_ = false;  // the message that is being sent
};

}  // namespace cohttps::websocket

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/websocket/writer.ipp>
#endif
