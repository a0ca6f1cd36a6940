// Definitions for codec.hpp.
#pragma once

#include <cohttps/http2/codec.hpp>

#ifdef COHTTPS_HAS_NGHTTP2

namespace cohttps::http2 {

COHTTPS_DEF std::string library_version() { return nghttp2_version(0)->version_str; }

COHTTPS_DEF bool codec::receive(std::span<const std::byte> bytes) {
  const auto* in = reinterpret_cast<const std::uint8_t*>(bytes.data());
  const auto used = nghttp2_session_mem_recv(session_.get(), in, bytes.size());
  if (used >= 0) return true;
  if (used == NGHTTP2_ERR_NOMEM || used == NGHTTP2_ERR_CALLBACK_FAILURE) throw std::bad_alloc();
  if (used == NGHTTP2_ERR_FLOODED || used == NGHTTP2_ERR_TOO_MANY_CONTINUATIONS)
    events_.terminated(error_code::enhance_your_calm, nghttp2_strerror(static_cast<int>(used)));
  return false;
}

COHTTPS_DEF bool codec::produce(buffer& out) {
  const std::size_t before = out.size();
  out_ = &out;
  const std::uint8_t* bytes = nullptr;
  const auto size = nghttp2_session_mem_send(session_.get(), &bytes);
  out_ = nullptr;
  if (size == NGHTTP2_ERR_NOMEM || size == NGHTTP2_ERR_CALLBACK_FAILURE) throw std::bad_alloc();
  if (size > 0) out.append(std::as_bytes(std::span(bytes, static_cast<std::size_t>(size))));
  return out.size() != before;
}

COHTTPS_DEF stream* codec::find(std::int32_t id) const noexcept { return find(session_.get(), id); }

COHTTPS_DEF stream* codec::find(std::uint32_t id) const noexcept {
  return find(static_cast<std::int32_t>(id));
}

COHTTPS_DEF bool codec::wants_write() const noexcept {
  return nghttp2_session_want_write(session_.get()) != 0;
}

COHTTPS_DEF std::optional<std::int32_t> codec::open(stream& s, std::span<const header_line> head,
                                                    bool content) {
  nghttp2_data_provider source{{.ptr = &s}, on_read};
  const auto nv = pairs(head);
  const auto id = nghttp2_submit_request(session_.get(), nullptr, nv.data(), nv.size(),
                                         content ? &source : nullptr, &s);
  if (id == NGHTTP2_ERR_NOMEM) throw std::bad_alloc();
  if (id < 0) return std::nullopt;
  return id;
}

COHTTPS_DEF void codec::resume(std::int32_t id) {
  (void)nghttp2_session_resume_data(session_.get(), id);
}

COHTTPS_DEF void codec::reset(std::int32_t id, error_code code) {
  (void)nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, id,
                                  static_cast<std::uint32_t>(code));
}

COHTTPS_DEF void codec::forget(std::int32_t id) {
  (void)nghttp2_session_set_stream_user_data(session_.get(), id, nullptr);
}

COHTTPS_DEF void codec::terminate(error_code code) {
  (void)nghttp2_session_terminate_session(session_.get(), static_cast<std::uint32_t>(code));
}

COHTTPS_DEF void codec::ping() {
  (void)nghttp2_submit_ping(session_.get(), NGHTTP2_FLAG_NONE, nullptr);
}

COHTTPS_DEF void codec::consumed(std::int32_t id, std::size_t size) {
  (void)nghttp2_session_consume_stream(session_.get(), id, size);
}

COHTTPS_DEF void codec::set_window(std::int32_t id, std::uint32_t size) {
  (void)nghttp2_session_set_local_window_size(session_.get(), NGHTTP2_FLAG_NONE, id,
                                              static_cast<std::int32_t>(size));
}

COHTTPS_DEF std::uint32_t codec::peer_streams() const noexcept {
  return nghttp2_session_get_remote_settings(session_.get(),
                                             NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
}

COHTTPS_DEF bool codec::peer_takes_extended_connect() const noexcept {
  return nghttp2_session_get_remote_settings(session_.get(),
                                             NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL) == 1;
}

COHTTPS_DEF void codec::pass(std::size_t size) {
  passed_ += size;
  if (passed_ < passed_at_once) return;
  (void)nghttp2_session_consume_connection(session_.get(), std::exchange(passed_, 0));
}

COHTTPS_DEF void codec::check(int code) {
  if (code != 0) throw std::bad_alloc();  // the checked calls fail for no other reason
}

COHTTPS_DEF nghttp2_session* codec::make(const limits& bounds, codec& self) {
  const auto options = made<nghttp2_option, nghttp2_option_new, nghttp2_option_del>();
  nghttp2_option_set_no_auto_window_update(options.get(), 1);
  nghttp2_option_set_no_closed_streams(options.get(), 1);
  nghttp2_option_set_max_send_header_block_length(options.get(), 256 * 1024);
  // Accepts white space around a value, which is later removed as in HTTP/1.1. Too many servers
  // send it.
  nghttp2_option_set_no_rfc9113_leading_and_trailing_ws_validation(options.get(), 1);
  nghttp2_option_set_peer_max_concurrent_streams(options.get(), bounds.streams);

  const auto callbacks = made<nghttp2_session_callbacks, nghttp2_session_callbacks_new,
                              nghttp2_session_callbacks_del>();
  nghttp2_session_callbacks* c = callbacks.get();
  nghttp2_session_callbacks_set_on_header_callback(c, on_header);
  nghttp2_session_callbacks_set_on_invalid_header_callback(c, on_invalid_header);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(c, on_data);
  nghttp2_session_callbacks_set_on_frame_recv_callback(c, on_frame);
  nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(c, on_invalid_frame);
  nghttp2_session_callbacks_set_on_stream_close_callback(c, on_close);
  nghttp2_session_callbacks_set_on_frame_send_callback(c, on_sent);
  nghttp2_session_callbacks_set_send_data_callback(c, on_send_data);
  nghttp2_session_callbacks_set_error_callback2(c, on_complaint);
  nghttp2_mem memory{
      nullptr, [](std::size_t size, void*) { return block_memory::allocate(size); },
      [](void* block, void*) { block_memory::deallocate(block); },
      [](std::size_t n, std::size_t size, void*) { return block_memory::allocate_zeroed(n, size); },
      [](void* block, std::size_t size, void*) { return block_memory::reallocate(block, size); }};
  nghttp2_session* raw = nullptr;
  check(nghttp2_session_client_new3(&raw, c, &self, options.get(), &memory));
  return raw;
}

COHTTPS_DEF std::span<const nghttp2_nv> codec::pairs(std::span<const header_line> lines) {
  nv_.clear();
  for (const header_line& l : lines)
    nv_.push_back(
        {bytes_of(l.name), bytes_of(l.value), l.name.size(), l.value.size(),
         static_cast<std::uint8_t>(l.secret ? NGHTTP2_NV_FLAG_NO_INDEX : NGHTTP2_NV_FLAG_NONE)});
  return nv_;
}

COHTTPS_DEF std::uint8_t* codec::bytes_of(std::string_view s) noexcept {  // nghttp2 only reads
  return reinterpret_cast<std::uint8_t*>(const_cast<char*>(s.data()));
}

COHTTPS_DEF std::string_view codec::text(const std::uint8_t* bytes, std::size_t size) noexcept {
  return {reinterpret_cast<const char*>(bytes), size};
}

COHTTPS_DEF stream* codec::find(nghttp2_session* s, std::int32_t id) noexcept {
  return id == 0 ? nullptr : static_cast<stream*>(nghttp2_session_get_stream_user_data(s, id));
}

COHTTPS_DEF int codec::on_invalid_header(nghttp2_session*, const nghttp2_frame*,
                                         const std::uint8_t*, std::size_t, const std::uint8_t*,
                                         std::size_t, std::uint8_t, void*) {
  return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
}

COHTTPS_DEF int codec::on_data(nghttp2_session* session, std::uint8_t, std::int32_t id,
                               const std::uint8_t* data, std::size_t size, void* self) {
  static_cast<codec*>(self)->pass(size);
  return guarded([&] {
    if (stream* s = find(session, id)) events(self).data(*s, std::as_bytes(std::span(data, size)));
  });
}

COHTTPS_DEF int codec::on_frame(nghttp2_session* session, const nghttp2_frame* frame, void* self) {
  return guarded([&] { tell(session, frame, self); });
}

COHTTPS_DEF void codec::tell(nghttp2_session* session, const nghttp2_frame* frame, void* self) {
  const bool flagged = frame->hd.flags & NGHTTP2_FLAG_END_STREAM;  // the bit of ACK is the same
  stream* s = find(session, frame->hd.stream_id);
  switch (frame->hd.type) {
    case NGHTTP2_HEADERS:
      if (s) events(self).fields_end(*s, flagged);
      break;
    case NGHTTP2_DATA:
      if (s && flagged) events(self).data_ends(*s);
      break;
    case NGHTTP2_RST_STREAM:
      if (s) events(self).reset(*s, static_cast<error_code>(frame->rst_stream.error_code));
      break;
    case NGHTTP2_SETTINGS:
      events(self).settings(flagged);
      break;
    case NGHTTP2_PING:
      if (flagged) events(self).pong();
      break;
    case NGHTTP2_GOAWAY:
      events(self).goaway(static_cast<error_code>(frame->goaway.error_code),
                          static_cast<std::uint32_t>(frame->goaway.last_stream_id),
                          text(frame->goaway.opaque_data, frame->goaway.opaque_data_len));
      break;
    default:
      break;
  }
}

COHTTPS_DEF int codec::on_invalid_frame(nghttp2_session* session, const nghttp2_frame* frame,
                                        int code, void* self) {
  codec& mine = *static_cast<codec*>(self);
  if (frame->hd.type != NGHTTP2_HEADERS) return 0;  // the code of the reset says enough
  return guarded([&] {
    if (stream* s = find(session, frame->hd.stream_id))
      mine.events_.malformed(
          *s, mine.complaint_.empty() ? nghttp2_strerror(code) : std::string_view(mine.complaint_));
  });
}

COHTTPS_DEF int codec::on_close(nghttp2_session* session, std::int32_t id, std::uint32_t code,
                                void* self) {
  return guarded([&] {
    if (stream* s = find(session, id)) events(self).closed(*s, static_cast<error_code>(code));
  });
}

COHTTPS_DEF int codec::on_sent(nghttp2_session* session, const nghttp2_frame* frame, void* self) {
  return guarded([&] {
    if (frame->hd.type == NGHTTP2_GOAWAY && frame->goaway.error_code != NGHTTP2_NO_ERROR) {
      events(self).terminated(static_cast<error_code>(frame->goaway.error_code),
                              text(frame->goaway.opaque_data, frame->goaway.opaque_data_len));
    } else if (frame->hd.type == NGHTTP2_HEADERS) {
      if (stream* s = find(session, frame->hd.stream_id)) events(self).head_sent(*s);
    }
  });
}

COHTTPS_DEF ssize_t codec::on_read(nghttp2_session* session, std::int32_t id, std::uint8_t*,
                                   std::size_t room, std::uint32_t* flags, nghttp2_data_source*,
                                   void* self) {
  stream* s = find(session, id);
  if (!s) return NGHTTP2_ERR_DEFERRED;  // the stream is being reset
  const auto ready = events(self).content(*s, room);
  if (ready.size == 0 && !ready.ends) return NGHTTP2_ERR_DEFERRED;
  *flags = NGHTTP2_DATA_FLAG_NO_COPY;
  if (ready.ends) *flags |= NGHTTP2_DATA_FLAG_EOF;
  if (ready.ends && !ready.trailers.empty()) {
    *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
    int submitted = 0;
    const int failed = guarded([&] {
      const auto nv = static_cast<codec*>(self)->pairs(ready.trailers);
      submitted = nghttp2_submit_trailer(session, id, nv.data(), nv.size());
    });
    if (failed != 0) return failed;
    if (submitted != 0) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  }
  return static_cast<ssize_t>(ready.size);
}

COHTTPS_DEF int codec::on_send_data(nghttp2_session* session, nghttp2_frame* frame,
                                    const std::uint8_t* header, std::size_t size,
                                    nghttp2_data_source*, void* self) {
  codec& mine = *static_cast<codec*>(self);
  stream* s = find(session, frame->hd.stream_id);
  if (!s) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  return guarded([&] {
    mine.out_->prepare(9 + size);  // so that the whole frame is appended, or nothing
    mine.out_->append(std::as_bytes(std::span(header, 9)));
    mine.out_->append(mine.events_.take_content(*s, size));
  });
}

COHTTPS_DEF int codec::on_complaint(nghttp2_session*, int, const char* message, std::size_t size,
                                    void* self) {
  const std::string_view all(message, size);
  return guarded([&] {
    static_cast<codec*>(self)->complaint_ =
        ascii::printable(all.substr(0, all.find(", value:")), 160);
  });
}

}  // namespace cohttps::http2

#endif
