// HTTP/2 frames and header compression with nghttp2 (RFC 9113, 4; RFC 7541). Only this header
// includes nghttp2.
#pragma once

#ifdef COHTTPS_HAS_NGHTTP2

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/buffer.hpp>
#include <cohttps/core/separate.hpp>
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

/// The version of nghttp2 that the program runs with.
COHTTPS_DECL std::string library_version();

class stream;

/// The events that the codec finds in the peer's bytes, in their order. A `stream` parameter is a
/// stream that is still open on this side.
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
  /// The peer violated a rule on the stream, and the codec is resetting it.
  virtual void malformed(stream& s, std::string_view why) = 0;
  /// Neither side sends anything more on the stream. The codec forgets it.
  virtual void closed(stream& s, error_code code) = 0;

  virtual void head_sent(stream& s) = 0;
  /// This side ends the connection because of a fault of the peer.
  virtual void terminated(error_code code, std::string_view why) = 0;

  /// Content that is ready to be sent. The codec takes at most `room` bytes of it next.
  struct ready_content {
    std::size_t size = 0;
    bool ends = false;
    std::span<const header_line> trailers = {};
  };
  virtual ready_content content(stream& s, std::size_t room) = 0;
  virtual std::span<const std::byte> take_content(stream& s, std::size_t size) = 0;
};

/// Drives nghttp2's client session. It turns received bytes into events, and calls into bytes to
/// send.
class codec {
 public:
  COHTTPS_DECL codec(const limits& bounds, frame_events& to) : events_(to) {
    session_.reset(make(bounds, *this));
    // The server must not push (RFC 9113, 8.4), and there is no priority tree (RFC 9218, 2.1.1).
    // Only the windows of streams limit the peer: the connection's window has the largest possible
    // size.
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

  /// Reads bytes that belong to one frame. Returns false if the codec can read no more bytes.
  COHTTPS_DECL bool receive(std::span<const std::byte> bytes);

  /// Appends the next frame to `out`; frames with content come last. Returns false if there is
  /// none.
  COHTTPS_DECL bool produce(buffer& out);

  /// Returns the stream with this number, or null if this side has ended it.
  COHTTPS_DECL stream* find(std::int32_t id) const noexcept;
  COHTTPS_DECL stream* find(std::uint32_t id) const noexcept;

  COHTTPS_DECL bool wants_write() const noexcept;

  /// Returns the number of the new stream, or nothing if this connection can open no more streams.
  COHTTPS_DECL std::optional<std::int32_t> open(stream& s, std::span<const header_line> head,
                                                bool content);

  /// Call it when there is content again after there was none.
  COHTTPS_DECL void resume(std::int32_t id);

  COHTTPS_DECL void reset(std::int32_t id, error_code code);
  /// After this call no event names the stream.
  COHTTPS_DECL void forget(std::int32_t id);
  COHTTPS_DECL void terminate(error_code code);
  COHTTPS_DECL void ping();

  /// Call it when the reader has taken `size` bytes of content. The peer may then send as many
  /// again (RFC 9113, 5.2).
  COHTTPS_DECL void consumed(std::int32_t id, std::size_t size);
  COHTTPS_DECL void set_window(std::int32_t id, std::uint32_t size);

  COHTTPS_DECL std::uint32_t peer_streams() const noexcept;
  COHTTPS_DECL bool peer_takes_extended_connect() const noexcept;

 private:
  static constexpr std::int32_t connection_window = 0x7fffffff;
  static constexpr std::size_t passed_at_once = 1024 * 1024;

  /// Counts `size` bytes of the connection's window as consumed. Only the window of a stream waits
  /// for the reader. The connection's window is so large that the codec need not update it for
  /// every frame.
  COHTTPS_DECL void pass(std::size_t size);

  COHTTPS_DECL static void check(int code);

  template <class T, int (*Make)(T**), void (*Delete)(T*)>
  static auto made() {
    T* raw = nullptr;
    check(Make(&raw));
    struct deleter {
      void operator()(T* p) const noexcept { Delete(p); }
    };
    return std::unique_ptr<T, deleter>(raw);
  }

  COHTTPS_DECL static nghttp2_session* make(const limits& bounds, codec& self);

  COHTTPS_DECL std::span<const nghttp2_nv> pairs(std::span<const header_line> lines);
  COHTTPS_DECL static std::uint8_t* bytes_of(std::string_view s) noexcept;
  COHTTPS_DECL static std::string_view text(const std::uint8_t* bytes, std::size_t size) noexcept;

  static frame_events& events(void* self) noexcept { return static_cast<codec*>(self)->events_; }
  COHTTPS_DECL static stream* find(nghttp2_session* s, std::int32_t id) noexcept;

  // ---- the callbacks of nghttp2 -----------------------------------------------------------------
  // nghttp2 is written in C, so no exception may pass through it. The only possible exception is
  // `std::bad_alloc`, which ends the session; `receive` and `produce` throw it again.

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

  // Resets the stream. By default nghttp2 would drop the invalid field and continue.
  COHTTPS_DECL static int on_invalid_header(nghttp2_session*, const nghttp2_frame*,
                                            const std::uint8_t*, std::size_t, const std::uint8_t*,
                                            std::size_t, std::uint8_t, void*);

  COHTTPS_DECL static int on_data(nghttp2_session* session, std::uint8_t, std::int32_t id,
                                  const std::uint8_t* data, std::size_t size, void* self);

  COHTTPS_DECL static int on_frame(nghttp2_session* session, const nghttp2_frame* frame,
                                   void* self);
  COHTTPS_DECL static void tell(nghttp2_session* session, const nghttp2_frame* frame, void* self);

  COHTTPS_DECL static int on_invalid_frame(nghttp2_session* session, const nghttp2_frame* frame,
                                           int code, void* self);

  COHTTPS_DECL static int on_close(nghttp2_session* session, std::int32_t id, std::uint32_t code,
                                   void* self);

  COHTTPS_DECL static int on_sent(nghttp2_session* session, const nghttp2_frame* frame, void* self);

  COHTTPS_DECL static ssize_t on_read(nghttp2_session* session, std::int32_t id, std::uint8_t*,
                                      std::size_t room, std::uint32_t* flags, nghttp2_data_source*,
                                      void* self);

  // Appends the content directly after its frame's header, without a copy in between.
  COHTTPS_DECL static int on_send_data(nghttp2_session* session, nghttp2_frame* frame,
                                       const std::uint8_t* header, std::size_t size,
                                       nghttp2_data_source*, void* self);

  // Stores what is wrong with a field, with the name of the field but never its value.
  COHTTPS_DECL static int on_complaint(nghttp2_session*, int, const char* message, std::size_t size,
                                       void* self);

  struct deleter {
    void operator()(nghttp2_session* s) const noexcept { nghttp2_session_del(s); }
  };

  frame_events& events_;
  std::vector<nghttp2_nv> nv_;
  std::string complaint_;
  buffer* out_ = nullptr;
  std::size_t passed_ = 0;  // consumed bytes of the connection's window, not yet reported
  std::unique_ptr<nghttp2_session, deleter> session_;
};

}  // namespace cohttps::http2

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/http2/codec.ipp>
#endif

#endif
