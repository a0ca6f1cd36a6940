// Reads the frames that a WebSocket server sends (RFC 6455, 5 and 7), without doing I/O.
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/websocket/close_code.hpp>
#include <cohttps/websocket/compression.hpp>
#include <cohttps/websocket/deflate.hpp>
#include <cohttps/websocket/frame.hpp>
#include <cohttps/websocket/utf8_validator.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace cohttps::websocket {

/// Turns bytes into pieces of messages and control frames. A piece is a view into the given bytes,
/// so that a message of one frame is not copied; compressed ones are decompressed into memory of
/// the reader's.
class reader {
 public:
  enum class kind : std::uint8_t { need_more, data, ping, pong, close };

  struct event {
    kind what = kind::need_more;
    /// A piece of a message, the payload of a ping or pong, or the reason of a close frame. Valid
    /// until the next call.
    std::span<const std::byte> data = {};
    bool text = false;   ///< the message is text, and UTF-8 so far
    bool first = false;  ///< the first piece of its message
    bool last = false;   ///< the last piece, which may be empty
  };

  /// `max_message`: bytes that a message may have, after decompression.
  COHTTPS_DECL reader(std::uint64_t max_message, std::optional<compression_parameters> compression);
  reader(const reader&) = delete;
  reader& operator=(const reader&) = delete;

  /// The next event of `in`, which is shortened to the bytes that it did not need. After `close`
  /// and after an error it is not called again. Errors:
  /// - protocol: "websocket_frame", "websocket_sequence", "websocket_close", "websocket_utf8",
  ///   "websocket_deflate"
  /// - limit: "websocket_too_large"
  COHTTPS_DECL result<event> next(std::span<const std::byte>& in);

  /// After an event `close`, the code that the server sent, or `close_code::none`. After an error,
  /// the code that the server is to get.
  std::uint16_t close_code() const noexcept { return close_code_; }

 private:
  /// True when the header of a frame is complete.
  COHTTPS_DECL bool take_header(std::span<const std::byte>& in) noexcept;
  COHTTPS_DECL result<void> begin_frame();
  COHTTPS_DECL result<event> take_control(std::span<const std::byte>& in);
  COHTTPS_DECL result<event> take_data(std::span<const std::byte>& in);
  COHTTPS_DECL result<event> read_close();
  /// The event for a piece of the message.
  COHTTPS_DECL result<event> give(std::span<const std::byte> piece, bool last);

  COHTTPS_DECL [[gnu::cold]] std::unexpected<error> refuse(std::uint16_t code,
                                                           error_category category,
                                                           std::string_view reason,
                                                           std::string message);

  std::uint64_t max_message_;
  bool may_compress_;
  // ---- of the frame
  std::array<std::byte, 10> header_{};
  std::size_t header_size_ = 0;
  bool in_frame_ = false;
  frame_header frame_;
  std::uint64_t left_ = 0;  // bytes of its payload
  std::array<std::byte, max_control_size> control_{};
  // ---- of the message
  bool in_message_ = false;
  bool text_ = false;
  bool compressed_ = false;
  bool first_ = false;
  std::uint64_t size_ = 0;
  utf8_validator utf8_;
#ifdef COHTTPS_HAS_ZLIB
  std::unique_ptr<message_inflater> inflater_;
#endif
  std::uint16_t close_code_ = close_code::abnormal;
};

}  // namespace cohttps::websocket

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/websocket/reader.ipp>
#endif
