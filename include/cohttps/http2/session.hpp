// The client's side of one HTTP/2 connection, without I/O.
#pragma once

#ifdef COHTTPS_HAS_NGHTTP2

#include <cohttps/core/buffer.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/http/status.hpp>
#include <cohttps/http2/codec.hpp>
#include <cohttps/http2/error_code.hpp>
#include <cohttps/http2/flood_guard.hpp>
#include <cohttps/http2/frame_scanner.hpp>
#include <cohttps/http2/limits.hpp>
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

/// The caller passes the peer's bytes to `receive`, and sends the bytes that `outgoing` returns.
/// The first of these are the connection preface. The streams tell what happened to the requests.
/// After each of these calls `next_changed` returns the streams whose state has changed.
///
/// A session cannot be moved. Its streams may be destroyed before or after it. Its functions may
/// throw `std::bad_alloc`.
class session final : frame_events {
 public:
  explicit session(const limits& bounds = {})
      : limits_(bounds), flood_guard_(bounds), codec_(bounds, *this) {}
  session(const session&) = delete;
  session& operator=(const session&) = delete;
  ~session() override {
    connection_lost();
    for (stream* s = first_; s; s = s->next_) s->session_ = nullptr;
  }

  /// Sends the head of a request. Fails with category usage if the request cannot be sent, and with
  /// `not_sent` if this connection accepts no more requests. After an error nothing was sent.
  COHTTPS_DECL result<void> open(stream& s, const request_head& request);

  /// Takes all of `bytes`, which arrived at `now`. An error ends the connection and all of its
  /// streams. A GOAWAY that names the reason is then in `outgoing`.
  COHTTPS_DECL result<void> receive(std::span<const std::byte> bytes, time_point now);

  /// Call it when the peer has closed the connection, or when the connection broke. All open
  /// streams fail.
  COHTTPS_DECL void connection_lost(const std::optional<error>& why = {});

  /// Returns the bytes to send. The caller consumes those that it has sent.
  COHTTPS_DECL buffer& outgoing();

  COHTTPS_DECL bool wants_write() const noexcept;

  /// Returns a stream whose state has changed since this function last returned it, or null if
  /// there is none.
  COHTTPS_DECL stream* next_changed() noexcept;

  /// Returns how many requests may be open at the same time; 0 if the connection accepts no more.
  COHTTPS_DECL std::size_t capacity() const noexcept;
  /// Returns how many requests are open: the peer still has to send or to receive something.
  std::size_t open_streams() const noexcept { return open_; }

  /// Sends a PING, to see whether the peer still answers. `pongs` counts the answers.
  COHTTPS_DECL void ping();
  std::size_t pongs() const noexcept { return pongs_; }

  /// True if the peer has sent a GOAWAY, but has accepted at least one request.
  bool processed_requests() const noexcept { return processed_requests_; }

  /// True if the settings of the peer have arrived.
  bool settled() const noexcept { return settings_received_; }
  COHTTPS_DECL bool peer_takes_extended_connect() const noexcept;
  const std::optional<error>& failure() const noexcept { return failure_; }

  /// Ends the connection with a GOAWAY (RFC 9113, 6.8). The session sends nothing after the bytes
  /// that are then in `outgoing`.
  COHTTPS_DECL void close();

 private:
  friend stream;

  // Enough bytes for one write. Later frames wait until these bytes are sent.
  static constexpr std::size_t enough = 64 * 1024;

  COHTTPS_DECL void collect();

  COHTTPS_DECL static result<void> no_room();

  // ---- streams ---------------------------------------------------------------------------------

  COHTTPS_DECL void link(stream& s) noexcept;
  COHTTPS_DECL void unlink(stream& s) noexcept;
  COHTTPS_DECL void change(stream& s) noexcept;

  /// Closes a stream on which neither side sends anything more.
  COHTTPS_DECL void shut(stream& s, std::optional<error> why);

  /// Ends a stream because of a fault of the peer.
  COHTTPS_DECL void refuse(stream& s, error why, error_code told);

  /// Ends a stream because this side no longer needs it.
  COHTTPS_DECL void cancel(stream& s);

  COHTTPS_DECL void credit(stream& s, std::size_t size);

  // ---- the events of the codec ------------------------------------------------------------------

  /// Judges a frame before the codec reads it.
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
    flood_guard_.content(bytes.size());
    s.answered_ = true;
    s.received_size_ += bytes.size();
    s.received_.append(bytes);
    if (s.received_.size() > s.window_ / 2) s.reader_lagged_ = true;
    change(s);
  }

  void data_ends(stream& s) override {
    if (failure_ || s.failure_) return;
    s.ended_ = true;
    change(s);
  }

  void settings(bool acknowledges) override {
    settings_received_ = settings_received_ || !acknowledges;
  }
  void pong() override { ++pongs_; }

  void goaway(error_code code, std::uint32_t last, std::string_view text) override {
    going_away_ = goaway_received_ = true;
    goaway_code_ = code;
    processed_requests_ = stream_opened_ && last != 0;
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

  /// Returns the reason for which nghttp2 closed a stream, if no other error has named it.
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
    flood_guard_.content(size);
    if (s.content_.empty()) {
      s.content_sent_ = s.content_ends_;
      change(s);
    }
    return taken;
  }

  /// Ends the connection because of a fault of the peer.
  COHTTPS_DECL [[gnu::cold]] void end(error_code code, std::string_view why);

  limits limits_;
  flood_guard flood_guard_;
  frame_scanner scanner_;
  request_lines lines_;
  buffer out_;
  stream* first_ = nullptr;            // all streams that still exist
  stream* changed_streams_ = nullptr;  // those of them that `next_changed` returns next
  std::size_t open_ = 0;
  std::size_t pongs_ = 0;
  std::size_t block_ = 0;  // bytes of the field block that is arriving
  frame_header last_;
  std::optional<error> failure_;
  error_code ended_with_{};
  error_code goaway_code_{};
  std::string goaway_text_;
  bool stream_opened_ = false;
  bool goaway_received_ = false;
  bool processed_requests_ = false;
  bool going_away_ = false;
  bool settings_received_ = false;
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
