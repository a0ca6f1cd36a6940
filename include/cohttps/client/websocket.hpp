// WebSocket (RFC 6455) over HTTP/1.1, HTTP/2 (RFC 8441) and HTTP/3 (RFC 9220).
#pragma once

#include <cohttps/client/operation.hpp>
#include <cohttps/client/options.hpp>
#include <cohttps/client/response_stream.hpp>
#include <cohttps/connection/connection_info.hpp>
#include <cohttps/core/buffer.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/http/fields.hpp>
#include <cohttps/task/task.hpp>
#include <cohttps/websocket/close_code.hpp>
#include <cohttps/websocket/compression.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace cohttps {

class websocket_stream;

/// Up to 8 names of subprotocols: `{"chat", "superchat"}`. Like all options of a request, the list
/// holds views.
class protocol_list {
 public:
  protocol_list() = default;
  protocol_list(std::string_view a, std::string_view b = {}, std::string_view c = {},
                std::string_view d = {}, std::string_view e = {}, std::string_view f = {},
                std::string_view g = {}, std::string_view h = {}) noexcept
      : names_{a, b, c, d, e, f, g, h} {}

  /// Returns the value of Sec-WebSocket-Protocol; empty for none.
  COHTTPS_DECL std::string text() const;

 private:
  std::array<std::string_view, 8> names_{};
};

/// How a WebSocket is opened and used.
struct websocket_options {
  /// Subprotocols, the preferred one first. The server chooses one of them, or none.
  protocol_list protocols = {};
  /// Fields, credentials and limits of the opening request. Its `timeout` limits only the opening.
  request_options request = {};

  /// permessage-deflate (RFC 7692). It is offered if the program was built with zlib.
  websocket::compression_options compression = {};

  /// The largest size of a received message, in bytes after decompression.
  std::uint64_t max_message = 16 * 1024 * 1024;

  /// The client sends a ping if a coroutine waits for a message and nothing has arrived for this
  /// long. Without a value it sends no pings.
  std::optional<std::chrono::nanoseconds> ping_interval = {};
  /// The connection counts as lost if a pong takes longer than this.
  std::chrono::nanoseconds pong_timeout = std::chrono::seconds(20);
  /// The longest time for which `websocket_stream::close` waits for the server.
  std::chrono::nanoseconds close_timeout = std::chrono::seconds(5);
};

/// A received message, or a part of one. Its data is a view.
struct websocket_message {
  std::span<const std::byte> data;
  bool is_text = false;  ///< true for text, false for bytes
  bool is_last = true;   ///< false for a part that is not the last one

  /// The message as text; valid until the next `receive`.
  std::string_view text() const noexcept {
    return {reinterpret_cast<const char*>(data.data()), data.size()};
  }
};

namespace detail {

/// The content of a frame: a whole message, a part that is not the last one, or the last part.
enum class frame_content : std::uint8_t { message, part, last_part };

/// The interface of an open WebSocket. `open_websocket` implements it.
class websocket_connection {
 public:
  websocket_connection() = default;
  websocket_connection(const websocket_connection&) = delete;
  websocket_connection& operator=(const websocket_connection&) = delete;
  virtual ~websocket_connection() = default;

  /// If `whole` is true, returns a whole message, else the next part of one.
  virtual task<result<std::optional<websocket_message>>> receive(bool whole) = 0;
  virtual task<result<void>> send(std::span<const std::byte> data, bool text,
                                  frame_content content) = 0;
  virtual task<result<std::chrono::nanoseconds>> ping() = 0;
  virtual task<result<void>> close(std::uint16_t code, std::string reason) = 0;
  virtual const response_metadata& response() const noexcept = 0;

  std::string protocol;
  bool compressed = false;
  std::uint16_t close_code = websocket::close_code::abnormal;
  std::string close_reason;
};

/// The options of a WebSocket as values that the operation owns.
template <>
struct delivery<websocket_stream> {
  std::string key;        ///< Sec-WebSocket-Key
  std::string protocols;  ///< the offered subprotocols
  websocket::compression_options compression;
  std::uint64_t max_message;
  std::optional<std::chrono::nanoseconds> ping_interval;
  std::chrono::nanoseconds pong_timeout;
  std::chrono::nanoseconds close_timeout;
};

COHTTPS_DECL task<result<websocket_stream>> perform(const shared_client_state&, request&,
                                                    const operation_stops&,
                                                    const delivery<websocket_stream>&);

}  // namespace detail

/// An open WebSocket. The destructor closes the connection without a close frame; see `close`.
///
/// ```
/// auto socket = co_await client.websocket("wss://example.com/chat", {.protocols = {"chat"}});
/// co_await socket.send("hello");
/// while (auto message = co_await socket.receive()) std::cout << message->text() << '\n';
/// ```
/// One coroutine may receive while another one sends. The WebSocket answers the server's pings and
/// its close frame while a coroutine waits for a message.
///
/// Threads: those of its client.
class websocket_stream {
 public:
  /// A stream without a connection: its calls fail with usage "moved_from".
  websocket_stream() = default;
  explicit websocket_stream(std::unique_ptr<detail::websocket_connection> opened) noexcept
      : connection_(std::move(opened)) {}

  /// Returns the next message: a view that is valid until the next call. Returns nothing after the
  /// server's close frame, whose code `close_code` returns. Throws `error`:
  /// - peer_closed "websocket_aborted": the connection ended without a close frame
  /// - protocol, limit: the errors of `websocket::reader::next`; the client has sent a close frame
  /// - timeout "websocket_pong": see `ping_interval`
  COHTTPS_DECL task<std::optional<websocket_message>> receive();
  /// Like `receive`, but returns the error.
  COHTTPS_DECL task<result<std::optional<websocket_message>>> try_receive();

  /// Returns the next part of a message as soon as it arrives, for messages that are large or have
  /// no end.
  COHTTPS_DECL task<std::optional<websocket_message>> receive_part();

  /// Sends a text message, which has to be UTF-8. Throws `error`, for example usage
  /// "websocket_busy" if another coroutine is sending.
  COHTTPS_DECL task<void> send(std::string_view text);
  /// Sends a binary message.
  COHTTPS_DECL task<void> send(std::span<const std::byte> data);

  /// Sends a part of a message, in a frame of its own. `last` ends the message.
  COHTTPS_DECL task<void> send_part(std::string_view text, bool last);
  COHTTPS_DECL task<void> send_part(std::span<const std::byte> data, bool last);

  /// Sends a ping, and returns the time until the pong arrives. Another coroutine has to receive
  /// meanwhile. After `websocket_options::pong_timeout` it closes the connection and throws `error`
  /// (timeout, "websocket_pong").
  COHTTPS_DECL task<std::chrono::nanoseconds> ping();

  /// Sends a close frame, and waits for the close frame of the server, at most for `close_timeout`.
  /// Another coroutine that receives gets the messages that arrive meanwhile. Those that arrive
  /// while no coroutine receives are lost. Does nothing if the connection has ended.
  COHTTPS_DECL task<void> close(std::uint16_t code = websocket::close_code::normal,
                                std::string_view reason = {});

  /// Returns the code of the server's close frame: `websocket::close_code::none` if the frame has
  /// no code, and `abnormal` if no close frame has arrived.
  COHTTPS_DECL std::uint16_t close_code() const noexcept;
  /// The server's words for the end; empty if it gave none.
  COHTTPS_DECL const std::string& close_reason() const noexcept;

  /// Returns the subprotocol that the server chose; empty for none.
  COHTTPS_DECL std::string_view protocol() const noexcept;
  /// True if messages may be compressed.
  COHTTPS_DECL bool compressed() const noexcept;

  /// Returns the fields of the opening response.
  COHTTPS_DECL const fields& headers() const;
  /// The connection, with its addresses and TLS.
  COHTTPS_DECL const connection_info& connection() const;

 private:
  COHTTPS_DECL detail::websocket_connection& open() const;

  std::unique_ptr<detail::websocket_connection> connection_;
};

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/client/websocket.ipp>
#endif
