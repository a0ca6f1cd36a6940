// A client's side of one HTTP/2 connection, without input or output.
#pragma once

#ifdef COHTTPS_HAS_NGHTTP2

#include <cohttps/core/buffer.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/http/status.hpp>
#include <cohttps/http2/codec.hpp>
#include <cohttps/http2/error_code.hpp>
#include <cohttps/http2/frame_scanner.hpp>
#include <cohttps/http2/limits.hpp>
#include <cohttps/http2/patience.hpp>
#include <cohttps/http2/request_lines.hpp>
#include <cohttps/http2/stream.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace cohttps::http2 {

/// Bytes of the peer go into `receive`; what is to be sent comes out of `outgoing`, beginning with
/// the preface. What has become of the requests is told by their streams: `next_changed` names
/// those that it is worth to look at, after each of these calls.
///
/// Not movable; its streams may be destroyed before or after it. Throws std::bad_alloc.
class session final : frame_events {
 public:
  explicit session(const limits& bounds = {})
      : limits_(bounds), patience_(bounds), codec_(bounds, *this) {}
  session(const session&) = delete;
  session& operator=(const session&) = delete;
  ~session() override {
    connection_lost();
    for (stream* s = first_; s; s = s->next_) s->session_ = nullptr;
  }

  /// Sends a head. Fails with category usage for what cannot be sent, and with `not_sent` when this
  /// connection takes no more requests; then nothing has happened.
  COHTTPS_DECL result<void> open(stream& s, const request_head& request);

  /// Takes all of `bytes`, which came in at `now`. An error is the connection's end, and its
  /// streams' too; a GOAWAY that says why is among what is outgoing then.
  COHTTPS_DECL result<void> receive(std::span<const std::byte> bytes, time_point now);

  /// The peer has closed the connection, or it broke: all that is open fails.
  COHTTPS_DECL void connection_lost(const std::optional<error>& why = {});

  /// What is to be sent, to be consumed by whoever sends it.
  COHTTPS_DECL buffer& outgoing();

  COHTTPS_DECL bool wants_write() const noexcept;

  /// A stream whose state has changed since it was named last; null when there is none.
  COHTTPS_DECL stream* next_changed() noexcept;

  /// Requests that may be open at a time; 0 once no more are taken.
  COHTTPS_DECL std::size_t capacity() const noexcept;
  /// Requests that are open: the peer has to say or to take something.
  std::size_t open_streams() const noexcept { return open_; }

  /// Asks for a sign of life; `pongs` counts those that came.
  COHTTPS_DECL void ping();
  std::size_t pongs() const noexcept { return pongs_; }

  /// The peer has said goodbye, but not to all that was sent to it.
  bool took_some() const noexcept { return took_some_; }

  /// The peer's settings are known.
  bool settled() const noexcept { return settled_; }
  COHTTPS_DECL bool peer_takes_extended_connect() const noexcept;
  const std::optional<error>& failure() const noexcept { return failure_; }

  /// Says goodbye (RFC 9113, 6.8): what is outgoing then is the end.
  COHTTPS_DECL void close();

 private:
  friend stream;

  // Enough to be written at once; what follows waits for its turn.
  static constexpr std::size_t enough = 64 * 1024;

  COHTTPS_DECL void collect();

  COHTTPS_DECL static result<void> no_room();

  // ---- streams ---------------------------------------------------------------------------------

  COHTTPS_DECL void link(stream& s) noexcept;
  COHTTPS_DECL void unlink(stream& s) noexcept;
  COHTTPS_DECL void change(stream& s) noexcept;

  /// Nothing comes or goes any more.
  COHTTPS_DECL void shut(stream& s, std::optional<error> why);

  /// Ends it for what the peer did.
  COHTTPS_DECL void refuse(stream& s, error why, error_code told);

  /// Ends it for what we did.
  COHTTPS_DECL void cancel(stream& s);

  COHTTPS_DECL void credit(stream& s, std::size_t size);

  // ---- what the codec finds --------------------------------------------------------------------

  /// What is to be said about a frame before it is read.
  COHTTPS_DECL void begin_frame(const frame_header& f);

  void field(stream& s, std::string_view name, std::string_view value) override {
    if (failure_ || s.failure_) return;
    if (auto wrong = s.take_field(limits_, name, value))
      refuse(s, *std::move(wrong), error_code::cancel);
  }

  void fields_end(stream& s, bool ends_stream) override {
    if (failure_ || s.failure_) return;
    if (auto wrong = s.end_fields(limits_)) return refuse(s, *std::move(wrong), error_code::cancel);
    if (ends_stream) s.ended_ = true;
    change(s);
  }

  void data(stream& s, std::span<const std::byte> bytes) override {
    if (failure_ || s.failure_) return;
    patience_.content(bytes.size());
    s.answered_ = true;
    s.received_size_ += bytes.size();
    s.received_.append(bytes);
    if (s.received_.size() > s.window_ / 2) s.lagged_ = true;
    change(s);
  }

  void data_ends(stream& s) override {
    if (failure_ || s.failure_) return;
    s.ended_ = true;
    change(s);
  }

  void settings(bool acknowledges) override { settled_ = settled_ || !acknowledges; }
  void pong() override { ++pongs_; }

  void goaway(error_code code, std::uint32_t last, std::string_view text) override {
    going_away_ = told_ = true;
    goaway_code_ = code;
    took_some_ = opened_ && last != 0;
    goaway_text_ = text.substr(0, 256);
  }

  void reset(stream& s, error_code code) override {
    if (failure_ || s.failure_) return;
    s.answered_ = true;
    s.stop_sending_ = true;
    if (!s.ended_) s.failure_ = detail::stream_reset(code);
  }

  void malformed(stream& s, std::string_view why) override {
    if (failure_ || s.failure_) return;
    s.failure_ = error(error_category::protocol, "malformed_response",
                       "the response breaks RFC 9113, 8.1.1: " + std::string(why));
    change(s);
  }

  void closed(stream& s, error_code code) override {
    if (failure_ || !s.open_) return;
    std::optional<error> why;
    if (!s.ended_ && !s.failure_) why = ended_early(s, code);
    shut(s, std::move(why));
  }

  /// Why nghttp2 has closed a stream, where nothing has said it yet.
  COHTTPS_DECL [[gnu::cold]] error ended_early(const stream& s, error_code code) const;

  void head_sent(stream& s) override { s.sent_ = true; }

  void terminated(error_code code, std::string_view why) override { end(code, why); }

  ready_content content(stream& s, std::size_t room) override {
    if (failure_) return {};
    const std::size_t size = std::min(room, s.content_.size());
    const bool ends = s.content_ends_ && size == s.content_.size();
    if (ends && size == 0) s.content_sent_ = true, change(s);
    return {size, ends, s.trailer_lines_};
  }

  std::span<const std::byte> take_content(stream& s, std::size_t size) override {
    const auto taken = s.content_.first(size);
    s.content_ = s.content_.subspan(size);
    patience_.content(size);
    if (s.content_.empty()) {
      s.content_sent_ = s.content_ends_;
      change(s);
    }
    return taken;
  }

  /// The end of the connection for what the peer did.
  COHTTPS_DECL [[gnu::cold]] void end(error_code code, std::string_view why);

  limits limits_;
  patience patience_;
  frame_scanner scanner_;
  request_lines lines_;
  buffer out_;
  stream* first_ = nullptr;    // all that have not been destroyed
  stream* changed_ = nullptr;  // of these, those to be named
  std::size_t open_ = 0;
  std::size_t pongs_ = 0;
  std::size_t block_ = 0;  // bytes of the field block that is coming in
  frame_header last_;
  std::optional<error> failure_;
  error_code ended_with_{};
  error_code goaway_code_{};
  std::string goaway_text_;
  bool opened_ = false;
  bool told_ = false;
  bool took_some_ = false;
  bool going_away_ = false;
  bool settled_ = false;
  bool said_goodbye_ = false;
  codec codec_;
};

inline stream::~stream() {
  if (!session_) return;
  session_->cancel(*this);
  session_->unlink(*this);
}

}  // namespace cohttps::http2

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/http2/session.ipp>
#endif

#endif
