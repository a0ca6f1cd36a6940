// WebSocket (RFC 6455) over HTTP/1.1 and HTTP/2 (RFC 8441).
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

/// Up to 8 names of subprotocols, written in place: `{"chat", "superchat"}`. Views, as all options
/// of a request are.
class protocol_list {
 public:
  protocol_list() = default;
  protocol_list(std::string_view a, std::string_view b = {}, std::string_view c = {},
                std::string_view d = {}, std::string_view e = {}, std::string_view f = {},
                std::string_view g = {}, std::string_view h = {}) noexcept
      : names_{a, b, c, d, e, f, g, h} {}

  /// The value of Sec-WebSocket-Protocol; empty for none.
  COHTTPS_DECL std::string text() const;

 private:
  std::array<std::string_view, 8> names_{};
};

/// How a WebSocket is opened and used.
struct websocket_options {
  /// Subprotocols, best first; the server chooses one of them, or none.
  protocol_list protocols = {};
  /// Fields, credentials, and limits of the opening request. Its `timeout` ends with the opening.
  request_options request = {};

  /// permessage-deflate (RFC 7692), where the program was built with zlib and the server takes it.
  websocket::compression_options compression = {};

  /// Bytes that a received message may have, after decompression.
  std::uint64_t max_message = 16 * 1024 * 1024;

  /// While a message is awaited and nothing has come for this long, the server is sent a ping;
  /// empty: it is not.
  std::optional<std::chrono::nanoseconds> ping_interval = {};
  /// How long a pong may take, until the connection counts as lost.
  std::chrono::nanoseconds pong_timeout = std::chrono::seconds(20);
  /// How long `websocket_stream::close` waits for the server.
  std::chrono::nanoseconds close_timeout = std::chrono::seconds(5);
};

/// A message that was received, or a part of one. Its data is a view.
struct websocket_message {
  std::span<const std::byte> data;
  bool is_text = false;
  bool is_last = true;  ///< false for a part that others follow

  std::string_view text() const noexcept {
    return {reinterpret_cast<const char*>(data.data()), data.size()};
  }
};

namespace detail {

/// An open WebSocket. `<cohttps/websocket.ipp>` has the one that there is.
class websocket_connection {
 public:
  websocket_connection() = default;
  websocket_connection(const websocket_connection&) = delete;
  websocket_connection& operator=(const websocket_connection&) = delete;
  virtual ~websocket_connection() = default;

  /// `whole`: messages are collected; else their parts are given as they come.
  virtual task<result<std::optional<websocket_message>>> receive(bool whole) = 0;
  virtual task<result<void>> send(std::span<const std::byte> data, bool text) = 0;
  virtual task<result<void>> send_part(std::span<const std::byte> data, bool text, bool last) = 0;
  virtual task<result<std::chrono::nanoseconds>> ping() = 0;
  virtual task<result<void>> close(std::uint16_t code, std::string reason) = 0;
  virtual const response_metadata& response() const noexcept = 0;

  std::string protocol;
  bool compressed = false;
  std::uint16_t close_code = websocket::close_code::abnormal;
  std::string close_reason;
};

/// The options of a WebSocket, without views.
template <>
struct delivery<websocket_stream> {
  std::string key;        ///< Sec-WebSocket-Key
  std::string protocols;  ///< that were offered
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

/// An open WebSocket. Destroyed, it closes the connection without a word; see `close`.
///
/// ```
/// auto socket = co_await client.websocket("wss://example.com/chat", {.protocols = {"chat"}});
/// co_await socket.send("hello");
/// while (auto message = co_await socket.receive()) std::cout << message->text() << '\n';
/// ```
/// One coroutine may receive while another one sends. Pings of the server are answered, and its
/// close frame too, while a message is awaited.
///
/// Threads: those of its client.
class websocket_stream {
 public:
  explicit websocket_stream(std::unique_ptr<detail::websocket_connection> opened) noexcept
      : connection_(std::move(opened)) {}

  /// The next message: a view that is valid until the next call. Nothing when the server has closed
  /// the connection in order; `close_code` tells with which code. Throws `error`:
  /// - peer_closed "websocket_aborted": the connection ended without a close frame
  /// - protocol, limit: those of `websocket::reader::next`; the server has been told
  /// - timeout "websocket_pong": see `ping_interval`
  COHTTPS_DECL task<std::optional<websocket_message>> receive();
  /// As `receive`, giving the error.
  COHTTPS_DECL task<result<std::optional<websocket_message>>> try_receive();

  /// The next part of a message as it comes, for messages that are large or endless.
  COHTTPS_DECL task<std::optional<websocket_message>> receive_part();

  /// Sends a text message, which has to be UTF-8. Throws `error`; usage "websocket_busy" when
  /// another coroutine is sending.
  COHTTPS_DECL task<void> send(std::string_view text);
  /// Sends a binary message.
  COHTTPS_DECL task<void> send(std::span<const std::byte> data);

  /// Sends a part of a message, in a frame of its own. `last` ends the message.
  COHTTPS_DECL task<void> send_part(std::string_view text, bool last);
  COHTTPS_DECL task<void> send_part(std::span<const std::byte> data, bool last);

  /// Sends a ping, and gives the time until the pong has come. Another coroutine has to be
  /// receiving meanwhile. Throws `error` (timeout, "websocket_pong") after
  /// `websocket_options::pong_timeout`, and the connection is closed.
  COHTTPS_DECL task<std::chrono::nanoseconds> ping();

  /// Sends a close frame and waits, for `close_timeout` at most, for that of the server. Messages
  /// that come meanwhile are lost. Does nothing on a connection that has ended.
  COHTTPS_DECL task<void> close(std::uint16_t code = websocket::close_code::normal,
                                std::string_view reason = {});

  /// The code of the server's close frame: `websocket::close_code::none` when it had none, and
  /// `abnormal` while there is none.
  COHTTPS_DECL std::uint16_t close_code() const noexcept;
  COHTTPS_DECL const std::string& close_reason() const noexcept;

  /// The subprotocol that the server has chosen; empty for none.
  COHTTPS_DECL std::string_view protocol() const noexcept;
  /// True when messages may be compressed.
  COHTTPS_DECL bool compressed() const noexcept;

  /// Returns the fields of the opening response.
  COHTTPS_DECL const fields& headers() const;
  COHTTPS_DECL const connection_info& connection() const;

 private:
  COHTTPS_DECL detail::websocket_connection& open() const;

  std::unique_ptr<detail::websocket_connection> connection_;
};

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/client/websocket.ipp>
#endif
