// The other side of a connection, by nghttp2's own server: bytes in, bytes out.
#pragma once

#include <cohttps/http/fields.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <nghttp2/nghttp2.h>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohttps::testing {

/// A request as the server sees it.
struct http2_request {
  std::int32_t id = 0;
  fields head;  ///< with the pseudo-header fields
  fields trailers;
  std::string content;
  bool ended = false;
  std::string operator[](std::string_view name) const {
    return std::string(head.find(name).value_or(""));
  }
};

class http2_server_peer {
 public:
  using lines = std::vector<std::pair<std::string, std::string>>;

  /// Called once a request is complete, or with `early` when its head is.
  std::function<void(http2_server_peer&, http2_request&)> on_request;
  bool early = false;
  /// Called with each part of a request's content.
  std::function<void(http2_request&, std::string_view)> on_content;
  /// Content of requests that was received counts as read at once; else by `consume`.
  bool reads_content = true;
  /// Sends content back as it comes, where `begin` was called. What the client does not take it
  /// does not read.
  bool pipes = false;

  /// From now on nothing that comes arrives, as behind a cable that was pulled out.
  bool deaf = false;

  std::map<std::int32_t, http2_request> requests;
  std::map<std::int32_t, std::uint32_t> resets;  ///< by the client
  std::vector<std::uint32_t> goaways;            ///< from the client
  std::size_t pings = 0;
  std::size_t most_at_a_time = 0;

  explicit http2_server_peer(std::vector<nghttp2_settings_entry> settings = {});
  http2_server_peer(const http2_server_peer&) = delete;
  http2_server_peer& operator=(const http2_server_peer&) = delete;
  ~http2_server_peer() { nghttp2_session_del(session_); }

  nghttp2_session* session() noexcept { return session_; }

  /// False when the client broke a rule.
  bool receive(std::span<const std::byte> bytes);
  std::string send();

  void respond(std::int32_t id, lines head, std::string content = {}, lines trailers = {});
  /// A head whose content comes by `append`, and ends with `end`.
  void begin(std::int32_t id, lines head);
  void append(std::int32_t id, std::string_view content);
  void end(std::int32_t id);
  void interim(std::int32_t id, lines head);
  void reset(std::int32_t id, std::uint32_t code) {
    nghttp2_submit_rst_stream(session_, 0, id, code);
  }
  void goaway(std::int32_t last, std::uint32_t code, std::string_view text = {});
  void settings(std::vector<nghttp2_settings_entry> entries);
  void consume(std::int32_t id, std::size_t size) { nghttp2_session_consume(session_, id, size); }

 private:
  struct answer {
    std::string content;
    std::size_t at = 0;
    lines trailers;
    bool held = false;
  };

  static std::vector<nghttp2_nv> pairs(lines& all);
  static http2_server_peer& of(void* self) { return *static_cast<http2_server_peer*>(self); }

  static int on_begin(nghttp2_session*, const nghttp2_frame* f, void* self);
  static int on_header(nghttp2_session*, const nghttp2_frame* f, const std::uint8_t* name,
                       std::size_t name_size, const std::uint8_t* value, std::size_t value_size,
                       std::uint8_t, void* self);
  static int on_data(nghttp2_session* session, std::uint8_t, std::int32_t id,
                     const std::uint8_t* data, std::size_t size, void* self);
  static int on_frame(nghttp2_session*, const nghttp2_frame* f, void* self);
  static int on_close(nghttp2_session*, std::int32_t, std::uint32_t, void* self) {
    --of(self).open_;
    return 0;
  }
  static ssize_t on_read(nghttp2_session* session, std::int32_t id, std::uint8_t* to,
                         std::size_t room, std::uint32_t* flags, nghttp2_data_source* source,
                         void* self);

  nghttp2_session* session_ = nullptr;
  std::map<std::int32_t, answer> answers_;
  std::size_t open_ = 0;
};

}  // namespace cohttps::testing
