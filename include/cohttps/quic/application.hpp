// The protocol above QUIC, as a connection sees it: what streams bring, and what they are to send.
#pragma once

#include <cohttps/core/error.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace cohttps::quic {

using stream_id = std::int64_t;

/// The next bytes of a stream. They have to stay where they are until they are acknowledged.
struct stream_output {
  static constexpr std::size_t most_parts = 16;

  stream_id id = -1;  ///< -1: no stream has something to send
  std::array<std::span<const std::byte>, most_parts> parts = {};
  std::size_t count = 0;  ///< of `parts` that are used
  bool ends = false;      ///< nothing follows the last part
};

/// The functions must not call `connection::receive`, `produce` or `expire`. They may throw
/// `std::bad_alloc`.
class application {
 public:
  application() = default;
  application(const application&) = delete;
  application& operator=(const application&) = delete;
  virtual ~application() = default;

  /// The handshake is done. Streams can be opened from now on. An error ends the connection, here
  /// and below.
  virtual result<void> begin() = 0;
  /// Data of a stream, in order. `ends` says that nothing follows.
  virtual result<void> receive(stream_id id, std::span<const std::byte> data, bool ends) = 0;
  /// The peer has the next `size` bytes of what was sent on a stream.
  virtual result<void> acknowledged(stream_id id, std::uint64_t size) = 0;
  /// The peer has ended its side of a stream before its end (RESET_STREAM).
  virtual void reset(stream_id id, std::uint64_t code) = 0;
  /// The peer reads no more of a stream (STOP_SENDING).
  virtual void stopped(stream_id id, std::uint64_t code) = 0;
  /// Neither side sends anything more on a stream. `code` is empty without an error.
  virtual result<void> closed(stream_id id, std::optional<std::uint64_t> code) = 0;
  /// The peer takes more data of a stream.
  virtual void unblocked(stream_id id) = 0;
  /// The peer takes more streams.
  virtual void more_streams() = 0;

  virtual result<stream_output> next_output() = 0;
  /// The connection has taken `size` bytes of the last output.
  virtual result<void> taken(stream_id id, std::size_t size) = 0;
  /// The peer takes no more of a stream for now.
  virtual void blocked(stream_id id) = 0;

  /// The code of CONNECTION_CLOSE after one of these functions failed.
  virtual std::uint64_t close_code() const noexcept = 0;
};

}  // namespace cohttps::quic
