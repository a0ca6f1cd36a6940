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

  explicit http2_server_peer(std::vector<nghttp2_settings_entry> settings = {}) {
    nghttp2_session_callbacks* c = nullptr;
    nghttp2_session_callbacks_new(&c);
    nghttp2_session_callbacks_set_on_begin_headers_callback(c, on_begin);
    nghttp2_session_callbacks_set_on_header_callback(c, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(c, on_data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(c, on_frame);
    nghttp2_session_callbacks_set_on_stream_close_callback(c, on_close);
    nghttp2_option* o = nullptr;
    nghttp2_option_new(&o);
    nghttp2_option_set_no_auto_window_update(o, 1);
    nghttp2_session_server_new2(&session_, c, this, o);
    nghttp2_option_del(o);
    nghttp2_session_callbacks_del(c);
    nghttp2_submit_settings(session_, 0, settings.data(), settings.size());
  }
  http2_server_peer(const http2_server_peer&) = delete;
  http2_server_peer& operator=(const http2_server_peer&) = delete;
  ~http2_server_peer() { nghttp2_session_del(session_); }

  nghttp2_session* session() noexcept { return session_; }

  /// False when the client broke a rule.
  bool receive(std::span<const std::byte> bytes) {
    if (deaf) return true;
    const auto used = nghttp2_session_mem_recv(
        session_, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
    return used == static_cast<ssize_t>(bytes.size());
  }
  std::string send() {
    std::string out;
    while (true) {
      const std::uint8_t* bytes = nullptr;
      const auto size = nghttp2_session_mem_send(session_, &bytes);
      if (size <= 0) return out;
      out.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
    }
  }

  void respond(std::int32_t id, lines head, std::string content = {}, lines trailers = {}) {
    answer& a = answers_[id];
    a.content = std::move(content);
    a.trailers = std::move(trailers);
    a.held = false;
    const bool any = !a.content.empty() || !a.trailers.empty();
    nghttp2_data_provider source{{.ptr = &a}, on_read};
    const auto nv = pairs(head);
    nghttp2_submit_response(session_, id, nv.data(), nv.size(), any ? &source : nullptr);
  }
  /// A head whose content comes by `append`, and ends with `end`.
  void begin(std::int32_t id, lines head) {
    answer& a = answers_[id];
    a.held = true;
    nghttp2_data_provider source{{.ptr = &a}, on_read};
    const auto nv = pairs(head);
    nghttp2_submit_response(session_, id, nv.data(), nv.size(), &source);
  }
  void append(std::int32_t id, std::string_view content) {
    answers_[id].content += content;
    nghttp2_session_resume_data(session_, id);
  }
  void end(std::int32_t id) {
    answers_[id].held = false;
    nghttp2_session_resume_data(session_, id);
  }
  void interim(std::int32_t id, lines head) {
    const auto nv = pairs(head);
    nghttp2_submit_headers(session_, 0, id, nullptr, nv.data(), nv.size(), nullptr);
  }
  void reset(std::int32_t id, std::uint32_t code) {
    nghttp2_submit_rst_stream(session_, 0, id, code);
  }
  void goaway(std::int32_t last, std::uint32_t code, std::string_view text = {}) {
    nghttp2_submit_goaway(session_, 0, last, code,
                          reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
  }
  void settings(std::vector<nghttp2_settings_entry> entries) {
    nghttp2_submit_settings(session_, 0, entries.data(), entries.size());
  }
  void consume(std::int32_t id, std::size_t size) { nghttp2_session_consume(session_, id, size); }

 private:
  struct answer {
    std::string content;
    std::size_t at = 0;
    lines trailers;
    bool held = false;
  };

  static std::vector<nghttp2_nv> pairs(lines& all) {
    std::vector<nghttp2_nv> nv;
    for (auto& [name, value] : all)
      nv.push_back({reinterpret_cast<std::uint8_t*>(name.data()),
                    reinterpret_cast<std::uint8_t*>(value.data()), name.size(), value.size(),
                    NGHTTP2_NV_FLAG_NONE});
    return nv;
  }
  static http2_server_peer& of(void* self) { return *static_cast<http2_server_peer*>(self); }

  static int on_begin(nghttp2_session*, const nghttp2_frame* f, void* self) {
    http2_request& r = of(self).requests[f->hd.stream_id];
    r.id = f->hd.stream_id;
    auto& most = of(self).most_at_a_time;
    most = std::max(most, ++of(self).open_);
    return 0;
  }
  static int on_header(nghttp2_session*, const nghttp2_frame* f, const std::uint8_t* name,
                       std::size_t name_size, const std::uint8_t* value, std::size_t value_size,
                       std::uint8_t, void* self) {
    http2_request& r = of(self).requests[f->hd.stream_id];
    (f->headers.cat == NGHTTP2_HCAT_REQUEST ? r.head : r.trailers)
        .append_unchecked({reinterpret_cast<const char*>(name), name_size},
                          {reinterpret_cast<const char*>(value), value_size});
    return 0;
  }
  static int on_data(nghttp2_session* session, std::uint8_t, std::int32_t id,
                     const std::uint8_t* data, std::size_t size, void* self) {
    const std::string_view part(reinterpret_cast<const char*>(data), size);
    of(self).requests[id].content += part;
    if (of(self).on_content) of(self).on_content(of(self).requests[id], part);
    if (of(self).pipes)
      of(self).append(id, part);
    else if (of(self).reads_content)
      nghttp2_session_consume(session, id, size);
    return 0;
  }
  static int on_frame(nghttp2_session*, const nghttp2_frame* f, void* self) {
    http2_server_peer& mine = of(self);
    const bool head = f->hd.type == NGHTTP2_HEADERS && f->headers.cat == NGHTTP2_HCAT_REQUEST;
    const bool ends = f->hd.flags & NGHTTP2_FLAG_END_STREAM &&
                      (f->hd.type == NGHTTP2_HEADERS || f->hd.type == NGHTTP2_DATA);
    if (f->hd.type == NGHTTP2_GOAWAY) mine.goaways.push_back(f->goaway.error_code);
    if (f->hd.type == NGHTTP2_PING && !(f->hd.flags & NGHTTP2_FLAG_ACK)) ++mine.pings;
    if (f->hd.type == NGHTTP2_RST_STREAM) mine.resets[f->hd.stream_id] = f->rst_stream.error_code;
    if (ends) mine.requests[f->hd.stream_id].ended = true;
    if (ends && mine.pipes) mine.end(f->hd.stream_id);
    if (mine.on_request && (mine.early ? head : ends))
      mine.on_request(mine, mine.requests[f->hd.stream_id]);
    return 0;
  }
  static int on_close(nghttp2_session*, std::int32_t, std::uint32_t, void* self) {
    --of(self).open_;
    return 0;
  }
  static ssize_t on_read(nghttp2_session* session, std::int32_t id, std::uint8_t* to,
                         std::size_t room, std::uint32_t* flags, nghttp2_data_source* source,
                         void* self) {
    answer& a = *static_cast<answer*>(source->ptr);
    const std::size_t size = std::min(room, a.content.size() - a.at);
    if (size == 0 && a.held) return NGHTTP2_ERR_DEFERRED;
    if (size != 0) std::memcpy(to, a.content.data() + a.at, size);
    a.at += size;
    if (of(self).pipes) nghttp2_session_consume(session, id, size);
    if (!a.held && a.at == a.content.size()) {
      *flags |= NGHTTP2_DATA_FLAG_EOF;
      if (!a.trailers.empty()) {
        *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
        const auto nv = pairs(a.trailers);
        nghttp2_submit_trailer(session, id, nv.data(), nv.size());
      }
    }
    return static_cast<ssize_t>(size);
  }

  nghttp2_session* session_ = nullptr;
  std::map<std::int32_t, answer> answers_;
  std::size_t open_ = 0;
};

}  // namespace cohttps::testing
