// Frames and header compression by nghttp2 (RFC 9113, 4; RFC 7541). No other header names nghttp2.
#pragma once

#ifdef COHTTPS_HAS_NGHTTP2

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/buffer.hpp>
#include <cohttps/http2/block_memory.hpp>
#include <cohttps/http2/error_code.hpp>
#include <cohttps/http2/limits.hpp>
#include <cohttps/http2/request_lines.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <nghttp2/nghttp2.h>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cohttps::http2 {

class stream;

/// What is found in the peer's bytes, in their order; a `stream` is one that is still open here.
class frame_events {
 public:
  frame_events() = default;
  frame_events(const frame_events&) = delete;
  frame_events& operator=(const frame_events&) = delete;
  virtual ~frame_events() = default;

  virtual void field(stream& s, std::string_view name, std::string_view value) = 0;
  virtual void fields_end(stream& s, bool ends_stream) = 0;
  virtual void data(stream& s, std::span<const std::byte> bytes) = 0;
  virtual void data_ends(stream& s) = 0;
  virtual void settings(bool acknowledges) = 0;
  virtual void pong() = 0;
  virtual void goaway(error_code code, std::uint32_t last, std::string_view text) = 0;
  virtual void reset(stream& s, error_code code) = 0;
  /// What the peer sent on the stream breaks a rule; it is being reset.
  virtual void malformed(stream& s, std::string_view why) = 0;
  /// Nothing comes or goes any more: the stream is forgotten.
  virtual void closed(stream& s, error_code code) = 0;

  virtual void head_sent(stream& s) = 0;
  /// We end the connection because of what the peer did.
  virtual void terminated(error_code code, std::string_view why) = 0;

  /// Content that is ready to be sent: at most `room` bytes of it are taken next.
  struct ready_content {
    std::size_t size = 0;
    bool ends = false;
    std::span<const header_line> trailers = {};
  };
  virtual ready_content content(stream& s, std::size_t room) = 0;
  virtual std::span<const std::byte> take_content(stream& s, std::size_t size) = 0;
};

/// nghttp2's session for clients: bytes in, events out; calls in, bytes out.
class codec {
 public:
  codec(const limits& bounds, frame_events& to) : events_(to) {
    session_.reset(make(bounds, *this));
    // No push (RFC 9113, 8.4), no tree of priorities (RFC 9218, 2.1.1). The connection's window is
    // never what stops a stream: it is as large as those of all streams.
    const nghttp2_settings_entry settings[] = {
        {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 0},
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, bounds.window},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, static_cast<std::uint32_t>(bounds.head)},
        {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1}};
    check(
        nghttp2_submit_settings(session_.get(), NGHTTP2_FLAG_NONE, settings, std::size(settings)));
    check(nghttp2_session_set_local_window_size(session_.get(), NGHTTP2_FLAG_NONE, 0,
                                                connection_window));
  }
  codec(const codec&) = delete;
  codec& operator=(const codec&) = delete;

  /// Takes bytes that are of one frame. False when no more can be taken.
  bool receive(std::span<const std::byte> bytes) {
    const auto* in = reinterpret_cast<const std::uint8_t*>(bytes.data());
    const auto used = nghttp2_session_mem_recv(session_.get(), in, bytes.size());
    if (used >= 0) return true;
    if (used == NGHTTP2_ERR_NOMEM || used == NGHTTP2_ERR_CALLBACK_FAILURE) throw std::bad_alloc();
    if (used == NGHTTP2_ERR_FLOODED || used == NGHTTP2_ERR_TOO_MANY_CONTINUATIONS)
      events_.terminated(error_code::enhance_your_calm, nghttp2_strerror(static_cast<int>(used)));
    return false;
  }

  /// Appends the next frame to `out`, content last; false when there is none.
  bool produce(buffer& out) {
    const std::size_t before = out.size();
    out_ = &out;
    const std::uint8_t* bytes = nullptr;
    const auto size = nghttp2_session_mem_send(session_.get(), &bytes);
    out_ = nullptr;
    if (size == NGHTTP2_ERR_NOMEM || size == NGHTTP2_ERR_CALLBACK_FAILURE) throw std::bad_alloc();
    if (size > 0) out.append(std::as_bytes(std::span(bytes, static_cast<std::size_t>(size))));
    return out.size() != before;
  }

  /// The stream of a number; null when it is over here.
  stream* find(std::int32_t id) const noexcept { return find(session_.get(), id); }
  stream* find(std::uint32_t id) const noexcept { return find(static_cast<std::int32_t>(id)); }

  bool wants_write() const noexcept { return nghttp2_session_want_write(session_.get()) != 0; }

  /// The number of the new stream; nothing when this connection can have no more.
  std::optional<std::int32_t> open(stream& s, std::span<const header_line> head, bool content) {
    nghttp2_data_provider source{{.ptr = &s}, on_read};
    const auto nv = pairs(head);
    const auto id = nghttp2_submit_request(session_.get(), nullptr, nv.data(), nv.size(),
                                           content ? &source : nullptr, &s);
    if (id == NGHTTP2_ERR_NOMEM) throw std::bad_alloc();
    if (id < 0) return std::nullopt;
    return id;
  }

  /// There is content again where there was none.
  void resume(std::int32_t id) { (void)nghttp2_session_resume_data(session_.get(), id); }

  void reset(std::int32_t id, error_code code) {
    (void)nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, id,
                                    static_cast<std::uint32_t>(code));
  }
  /// From now on no event names the stream.
  void forget(std::int32_t id) {
    (void)nghttp2_session_set_stream_user_data(session_.get(), id, nullptr);
  }
  void terminate(error_code code) {
    (void)nghttp2_session_terminate_session(session_.get(), static_cast<std::uint32_t>(code));
  }
  void ping() { (void)nghttp2_submit_ping(session_.get(), NGHTTP2_FLAG_NONE, nullptr); }

  /// Content that was taken by its reader: the peer may send as much again (RFC 9113, 5.2).
  void consumed(std::int32_t id, std::size_t size) {
    (void)nghttp2_session_consume_stream(session_.get(), id, size);
  }
  void set_window(std::int32_t id, std::uint32_t size) {
    (void)nghttp2_session_set_local_window_size(session_.get(), NGHTTP2_FLAG_NONE, id,
                                                static_cast<std::int32_t>(size));
  }

  std::uint32_t peer_streams() const noexcept {
    return nghttp2_session_get_remote_settings(session_.get(),
                                               NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
  }
  bool peer_takes_extended_connect() const noexcept {
    return nghttp2_session_get_remote_settings(session_.get(),
                                               NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL) == 1;
  }

 private:
  static constexpr std::int32_t connection_window = 0x7fffffff;
  static constexpr std::size_t passed_at_once = 1024 * 1024;

  /// Only a stream's own window waits for its reader. The connection's is so large that it need not
  /// be told of every frame.
  void pass(std::size_t size) {
    passed_ += size;
    if (passed_ < passed_at_once) return;
    (void)nghttp2_session_consume_connection(session_.get(), std::exchange(passed_, 0));
  }

  static void check(int code) {
    if (code != 0) throw std::bad_alloc();  // the calls that are checked fail for nothing else
  }

  template <class T, int (*Make)(T**), void (*Delete)(T*)>
  static auto made() {
    T* raw = nullptr;
    check(Make(&raw));
    struct deleter {
      void operator()(T* p) const noexcept { Delete(p); }
    };
    return std::unique_ptr<T, deleter>(raw);
  }

  static nghttp2_session* make(const limits& bounds, codec& self) {
    const auto options = made<nghttp2_option, nghttp2_option_new, nghttp2_option_del>();
    nghttp2_option_set_no_auto_window_update(options.get(), 1);
    nghttp2_option_set_no_closed_streams(options.get(), 1);
    nghttp2_option_set_max_send_header_block_length(options.get(), 256 * 1024);
    // White space around a value is cut off, as in HTTP/1.1; too many servers send it.
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
        [](std::size_t n, std::size_t size, void*) {
          return block_memory::allocate_zeroed(n, size);
        },
        [](void* block, std::size_t size, void*) { return block_memory::reallocate(block, size); }};
    nghttp2_session* raw = nullptr;
    check(nghttp2_session_client_new3(&raw, c, &self, options.get(), &memory));
    return raw;
  }

  std::span<const nghttp2_nv> pairs(std::span<const header_line> lines) {
    nv_.clear();
    for (const header_line& l : lines)
      nv_.push_back(
          {bytes_of(l.name), bytes_of(l.value), l.name.size(), l.value.size(),
           static_cast<std::uint8_t>(l.secret ? NGHTTP2_NV_FLAG_NO_INDEX : NGHTTP2_NV_FLAG_NONE)});
    return nv_;
  }
  static std::uint8_t* bytes_of(std::string_view s) noexcept {  // nghttp2 only reads
    return reinterpret_cast<std::uint8_t*>(const_cast<char*>(s.data()));
  }
  static std::string_view text(const std::uint8_t* bytes, std::size_t size) noexcept {
    return {reinterpret_cast<const char*>(bytes), size};
  }

  static frame_events& events(void* self) noexcept { return static_cast<codec*>(self)->events_; }
  static stream* find(nghttp2_session* s, std::int32_t id) noexcept {
    return id == 0 ? nullptr : static_cast<stream*>(nghttp2_session_get_stream_user_data(s, id));
  }

  // ---- what nghttp2 calls ----------------------------------------------------------------------
  // It is C: no exception may pass through it. The only one that there can be is that of memory,
  // which ends the session; `receive` and `produce` throw it again.

  template <class F>
  static int guarded(F f) noexcept try {
    f();
    return 0;
  } catch (const std::bad_alloc&) {
    return NGHTTP2_ERR_CALLBACK_FAILURE;
  }

  static int on_header(nghttp2_session* session, const nghttp2_frame* frame,
                       const std::uint8_t* name, std::size_t name_size, const std::uint8_t* value,
                       std::size_t value_size, std::uint8_t, void* self) {
    return guarded([&] {
      if (stream* s = find(session, frame->hd.stream_id))
        events(self).field(*s, text(name, name_size), text(value, value_size));
    });
  }

  // Left alone, nghttp2 would leave such a field out and go on.
  static int on_invalid_header(nghttp2_session*, const nghttp2_frame*, const std::uint8_t*,
                               std::size_t, const std::uint8_t*, std::size_t, std::uint8_t, void*) {
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  }

  static int on_data(nghttp2_session* session, std::uint8_t, std::int32_t id,
                     const std::uint8_t* data, std::size_t size, void* self) {
    static_cast<codec*>(self)->pass(size);
    return guarded([&] {
      if (stream* s = find(session, id))
        events(self).data(*s, std::as_bytes(std::span(data, size)));
    });
  }

  static int on_frame(nghttp2_session* session, const nghttp2_frame* frame, void* self) {
    return guarded([&] { tell(session, frame, self); });
  }
  static void tell(nghttp2_session* session, const nghttp2_frame* frame, void* self) {
    const bool flagged = frame->hd.flags & NGHTTP2_FLAG_END_STREAM;  // or ACK, the same bit
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

  static int on_invalid_frame(nghttp2_session* session, const nghttp2_frame* frame, int code,
                              void* self) {
    codec& mine = *static_cast<codec*>(self);
    if (frame->hd.type != NGHTTP2_HEADERS) return 0;  // the reset's code says it all
    return guarded([&] {
      if (stream* s = find(session, frame->hd.stream_id))
        mine.events_.malformed(*s, mine.complaint_.empty() ? nghttp2_strerror(code)
                                                           : std::string_view(mine.complaint_));
    });
  }

  static int on_close(nghttp2_session* session, std::int32_t id, std::uint32_t code, void* self) {
    return guarded([&] {
      if (stream* s = find(session, id)) events(self).closed(*s, static_cast<error_code>(code));
    });
  }

  static int on_sent(nghttp2_session* session, const nghttp2_frame* frame, void* self) {
    return guarded([&] {
      if (frame->hd.type == NGHTTP2_GOAWAY && frame->goaway.error_code != NGHTTP2_NO_ERROR) {
        events(self).terminated(static_cast<error_code>(frame->goaway.error_code),
                                text(frame->goaway.opaque_data, frame->goaway.opaque_data_len));
      } else if (frame->hd.type == NGHTTP2_HEADERS) {
        if (stream* s = find(session, frame->hd.stream_id)) events(self).head_sent(*s);
      }
    });
  }

  static ssize_t on_read(nghttp2_session* session, std::int32_t id, std::uint8_t*, std::size_t room,
                         std::uint32_t* flags, nghttp2_data_source*, void* self) {
    stream* s = find(session, id);
    if (!s) return NGHTTP2_ERR_DEFERRED;  // is being reset
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

  // The content goes from its owner's memory straight behind its frame's header.
  static int on_send_data(nghttp2_session* session, nghttp2_frame* frame,
                          const std::uint8_t* header, std::size_t size, nghttp2_data_source*,
                          void* self) {
    codec& mine = *static_cast<codec*>(self);
    stream* s = find(session, frame->hd.stream_id);
    if (!s) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    return guarded([&] {
      mine.out_->prepare(9 + size);  // all of the frame or nothing
      mine.out_->append(std::as_bytes(std::span(header, 9)));
      mine.out_->append(mine.events_.take_content(*s, size));
    });
  }

  // What is wrong with a field, with its name; never its value.
  static int on_complaint(nghttp2_session*, int, const char* message, std::size_t size,
                          void* self) {
    const std::string_view all(message, size);
    return guarded([&] {
      static_cast<codec*>(self)->complaint_ =
          ascii::printable(all.substr(0, all.find(", value:")), 160);
    });
  }

  struct deleter {
    void operator()(nghttp2_session* s) const noexcept { nghttp2_session_del(s); }
  };

  frame_events& events_;
  std::vector<nghttp2_nv> nv_;
  std::string complaint_;
  buffer* out_ = nullptr;
  std::size_t passed_ = 0;  // of the connection's window
  std::unique_ptr<nghttp2_session, deleter> session_;
};

}  // namespace cohttps::http2

#endif
