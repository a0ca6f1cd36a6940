// Definitions for server_peer.hpp.
#include "http2/server_peer.hpp"

#include <algorithm>
#include <cstring>

namespace cohttps::testing {

http2_server_peer::http2_server_peer(std::vector<nghttp2_settings_entry> settings) {
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

bool http2_server_peer::receive(std::span<const std::byte> bytes) {
  if (deaf) return true;
  const auto used = nghttp2_session_mem_recv(
      session_, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  return used == static_cast<ssize_t>(bytes.size());
}

std::string http2_server_peer::send() {
  std::string out;
  while (true) {
    const std::uint8_t* bytes = nullptr;
    const auto size = nghttp2_session_mem_send(session_, &bytes);
    if (size <= 0) return out;
    out.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
  }
}

void http2_server_peer::respond(std::int32_t id, lines head, std::string content, lines trailers) {
  answer& a = answers_[id];
  a.content = std::move(content);
  a.trailers = std::move(trailers);
  a.held = false;
  const bool any = !a.content.empty() || !a.trailers.empty();
  nghttp2_data_provider source{{.ptr = &a}, on_read};
  const auto nv = pairs(head);
  nghttp2_submit_response(session_, id, nv.data(), nv.size(), any ? &source : nullptr);
}

void http2_server_peer::begin(std::int32_t id, lines head) {
  answer& a = answers_[id];
  a.held = true;
  nghttp2_data_provider source{{.ptr = &a}, on_read};
  const auto nv = pairs(head);
  nghttp2_submit_response(session_, id, nv.data(), nv.size(), &source);
}

void http2_server_peer::append(std::int32_t id, std::string_view content) {
  answers_[id].content += content;
  nghttp2_session_resume_data(session_, id);
}

void http2_server_peer::end(std::int32_t id) {
  answers_[id].held = false;
  nghttp2_session_resume_data(session_, id);
}

void http2_server_peer::interim(std::int32_t id, lines head) {
  const auto nv = pairs(head);
  nghttp2_submit_headers(session_, 0, id, nullptr, nv.data(), nv.size(), nullptr);
}

void http2_server_peer::goaway(std::int32_t last, std::uint32_t code, std::string_view text) {
  nghttp2_submit_goaway(session_, 0, last, code, reinterpret_cast<const std::uint8_t*>(text.data()),
                        text.size());
}

void http2_server_peer::settings(std::vector<nghttp2_settings_entry> entries) {
  nghttp2_submit_settings(session_, 0, entries.data(), entries.size());
}

std::vector<nghttp2_nv> http2_server_peer::pairs(lines& all) {
  std::vector<nghttp2_nv> nv;
  for (auto& [name, value] : all)
    nv.push_back({reinterpret_cast<std::uint8_t*>(name.data()),
                  reinterpret_cast<std::uint8_t*>(value.data()), name.size(), value.size(),
                  NGHTTP2_NV_FLAG_NONE});
  return nv;
}

int http2_server_peer::on_begin(nghttp2_session*, const nghttp2_frame* f, void* self) {
  http2_request& r = of(self).requests[f->hd.stream_id];
  r.id = f->hd.stream_id;
  auto& most = of(self).most_at_a_time;
  most = std::max(most, ++of(self).open_);
  return 0;
}

int http2_server_peer::on_header(nghttp2_session*, const nghttp2_frame* f, const std::uint8_t* name,
                                 std::size_t name_size, const std::uint8_t* value,
                                 std::size_t value_size, std::uint8_t, void* self) {
  http2_request& r = of(self).requests[f->hd.stream_id];
  (f->headers.cat == NGHTTP2_HCAT_REQUEST ? r.head : r.trailers)
      .append_unchecked({reinterpret_cast<const char*>(name), name_size},
                        {reinterpret_cast<const char*>(value), value_size});
  return 0;
}

int http2_server_peer::on_data(nghttp2_session* session, std::uint8_t, std::int32_t id,
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

int http2_server_peer::on_frame(nghttp2_session*, const nghttp2_frame* f, void* self) {
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

ssize_t http2_server_peer::on_read(nghttp2_session* session, std::int32_t id, std::uint8_t* to,
                                   std::size_t room, std::uint32_t* flags,
                                   nghttp2_data_source* source, void* self) {
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

}  // namespace cohttps::testing
