// The extension permessage-deflate (RFC 7692, 7.2): messages compressed and decompressed.
#pragma once

#include <cohttps/core/buffer.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/http/coding/zlib_stream.hpp>
#include <cohttps/websocket/compression.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <utility>

namespace cohttps::websocket {

#ifdef COHTTPS_HAS_ZLIB

inline constexpr bool has_compression = true;

/// Decompresses the messages of a server, one after another.
class message_inflater {
 public:
  explicit message_inflater(const compression_parameters& agreed)
      : stream_(-std::max(agreed.server_window_bits, 9)), takeover_(agreed.server_takeover) {}

  enum class outcome {
    more,       ///< `in` is used up
    output,     ///< there is output, and maybe more of it
    end,        ///< the message has ended
    malformed,  ///< `in` is not deflate data
  };

  /// Decodes a part of `in`, and shortens `in` to the rest. `ends`: the message ends with `in`.
  /// `data` is set to the output, which is valid until the next call.
  COHTTPS_DECL outcome run(std::span<const std::byte>& in, bool ends,
                           std::span<const std::byte>& data);

 private:
  static constexpr std::size_t piece = 16 * 1024;
  /// The end of a message's last block, which is not sent (7.2.1).
  static constexpr std::array<std::byte, 4> tail{std::byte{0}, std::byte{0}, std::byte{0xff},
                                                 std::byte{0xff}};

  cohttps::detail::inflater stream_;
  bool takeover_;
  std::size_t tail_taken_ = 0;
  std::unique_ptr<std::byte[]> out_;
};

/// Compresses the messages of the client, one after another.
class message_deflater {
 public:
  message_deflater(const compression_parameters& agreed, int level)
      : stream_(agreed.client_window_bits, level), takeover_(agreed.client_takeover) {}

  /// zlib has no raw deflate with a window of 256 bytes: messages go out as they are then.
  static bool supports(const compression_parameters& agreed) noexcept {
    return agreed.client_window_bits > 8;
  }

  /// Compresses a piece of a message. `last`: the message ends with it. The result is valid until
  /// the next call.
  COHTTPS_DECL std::span<const std::byte> run(std::span<const std::byte> in, bool last);

 private:
  cohttps::detail::deflater stream_;
  bool takeover_;
  buffer out_;
};

#else

inline constexpr bool has_compression = false;

#endif

}  // namespace cohttps::websocket

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/websocket/deflate.ipp>
#endif
