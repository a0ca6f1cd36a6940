// A client's side of one HTTP/2 connection, without input or output.
#pragma once

#ifdef COHTTPS_HAS_NGHTTP2

#include <cohttps/core/buffer.hpp>
#include <cohttps/core/error.hpp>
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
  result<void> open(stream& s, const request_head& request) {
    if (failure_ || going_away_ || open_ >= capacity()) return no_room();
    if (!request.protocol.empty() && !codec_.peer_takes_extended_connect())
      return fail(error_category::usage, "extended_connect_unsupported",
                  "the server does not take CONNECT with a protocol (RFC 8441, 3)");
    auto lines = lines_.build(request);
    if (!lines) {
      lines.error().replay(replay_safety::not_sent);
      return pass(std::move(lines));
    }
    const auto id = codec_.open(s, *lines, request.has_content);
    if (!id) return going_away_ = true, no_room();
    s.id_ = *id;
    opened_ = true;
    s.to_head_ = request.verb == method::head;
    s.content_ends_ = s.content_sent_ = !request.has_content;
    s.window_ = limits_.window;
    link(s);
    patience_.request();
    while (!s.sent_ && codec_.produce(out_)) continue;
    if (s.sent_) return {};
    unlink(s);
    return no_room();
  }

  /// Takes all of `bytes`, which came in at `now`. An error is the connection's end, and its
  /// streams' too; a GOAWAY that says why is among what is outgoing then.
  result<void> receive(std::span<const std::byte> bytes, time_point now) {
    if (failure_) return std::unexpected(*failure_);
    patience_.pass(now);
    while (!bytes.empty() && !failure_) {
      const auto piece = scanner_.next(bytes);
      if (piece.begins) {
        // What nghttp2 thinks of the last frame shows in what it sends. DATA that goes on is judged
        // as a whole.
        const frame_header& f = *piece.begins;
        if (f.type != frame_type::data || f.type != last_.type || f.stream != last_.stream)
          collect();
        if (!failure_) begin_frame(f);
      }
      if (!failure_ && !piece.bytes.empty() && !codec_.receive(piece.bytes))
        end(error_code::protocol_error, "the frame cannot be read");
    }
    collect();
    if (!failure_) return {};
    if (!std::exchange(said_goodbye_, true)) {
      codec_.terminate(ended_with_);
      while (codec_.produce(out_)) continue;
    }
    return std::unexpected(*failure_);
  }

  /// The peer has closed the connection, or it broke: all that is open fails.
  void connection_lost(const std::optional<error>& why = {}) {
    if (failure_) return;
    failure_ = why ? *why : detail::connection_closed(told_, goaway_code_, goaway_text_, false);
    for (stream* s = first_; s; s = s->next_)
      if (s->open_)
        shut(*s, why ? *why
                     : detail::connection_closed(told_, goaway_code_, goaway_text_, s->answered_));
  }

  /// What is to be sent, to be consumed by whoever sends it.
  buffer& outgoing() {
    collect();
    return out_;
  }

  bool wants_write() const noexcept { return !out_.empty() || codec_.wants_write(); }

  /// A stream whose state has changed since it was named last; null when there is none.
  stream* next_changed() noexcept {
    stream* s = changed_;
    if (!s) return nullptr;
    changed_ = s->next_changed_;
    s->changed_ = false;
    return s;
  }

  /// Requests that may be open at a time; 0 once no more are taken.
  std::size_t capacity() const noexcept {
    return failure_ || going_away_ ? 0 : std::min(codec_.peer_streams(), limits_.streams);
  }
  /// Requests that are open: the peer has to say or to take something.
  std::size_t open_streams() const noexcept { return open_; }

  /// Asks for a sign of life; `pongs` counts those that came.
  void ping() { codec_.ping(); }
  std::size_t pongs() const noexcept { return pongs_; }

  /// The peer has said goodbye, but not to all that was sent to it.
  bool took_some() const noexcept { return took_some_; }

  /// The peer's settings are known.
  bool settled() const noexcept { return settled_; }
  bool peer_takes_extended_connect() const noexcept { return codec_.peer_takes_extended_connect(); }
  const std::optional<error>& failure() const noexcept { return failure_; }

  /// Says goodbye (RFC 9113, 6.8): what is outgoing then is the end.
  void close() {
    if (failure_ || std::exchange(said_goodbye_, true)) return;
    codec_.terminate(error_code::no_error);
    going_away_ = true;
    while (codec_.produce(out_)) continue;
  }

 private:
  friend stream;

  // Enough to be written at once; what follows waits for its turn.
  static constexpr std::size_t enough = 64 * 1024;

  void collect() {
    while (out_.size() < enough && codec_.produce(out_)) continue;
  }

  static result<void> no_room() {
    return std::unexpected(error(error_category::peer_closed, "no_more_streams",
                                 "the connection takes no more requests")
                               .replay(replay_safety::not_sent));
  }

  // ---- streams ---------------------------------------------------------------------------------

  void link(stream& s) noexcept {
    s.session_ = this;
    s.open_ = true;
    s.previous_ = nullptr;
    s.next_ = first_;
    if (first_) first_->previous_ = &s;
    first_ = &s;
    ++open_;
  }
  void unlink(stream& s) noexcept {
    (s.previous_ ? s.previous_->next_ : first_) = s.next_;
    if (s.next_) s.next_->previous_ = s.previous_;
    if (s.open_) --open_;
    s.open_ = false;
    s.session_ = nullptr;
    if (std::exchange(s.changed_, false)) {
      stream** link = &changed_;
      while (*link != &s) link = &(*link)->next_changed_;
      *link = s.next_changed_;
    }
  }
  void change(stream& s) noexcept {
    if (std::exchange(s.changed_, true)) return;
    s.next_changed_ = changed_;
    changed_ = &s;
  }

  /// Nothing comes or goes any more.
  void shut(stream& s, std::optional<error> why) {
    if (why && !s.failure_ && !s.ended_) s.failure_ = std::move(why);
    if (!s.content_sent_) s.stop_sending_ = true;
    s.open_ = false;
    --open_;
    change(s);
  }

  /// Ends it for what the peer did.
  void refuse(stream& s, error why, error_code told) {
    if (s.failure_) return;
    s.failure_ = std::move(why);
    codec_.reset(s.id_, told);
    change(s);
  }

  /// Ends it for what we did.
  void cancel(stream& s) {
    if (!s.open_ || failure_) return;
    codec_.reset(s.id_, s.ended_ ? error_code::no_error : error_code::cancel);
    codec_.forget(s.id_);
    s.open_ = false;
    --open_;
  }

  void credit(stream& s, std::size_t size) {
    if (!s.open_ || failure_ || size == 0) return;
    s.credited_ += size;
    // Who has read a whole window and never let half of it lie gets more, as then it is the way
    // that takes the time.
    if (s.credited_ >= s.window_ && s.window_ < limits_.largest_window) {
      if (!s.lagged_) {
        s.window_ = std::min(2 * s.window_, limits_.largest_window);
        codec_.set_window(s.id_, s.window_);
      }
      s.credited_ = 0;
      s.lagged_ = false;
    }
    codec_.consumed(s.id_, size);
  }

  // ---- what the codec finds --------------------------------------------------------------------

  /// What is to be said about a frame before it is read.
  void begin_frame(const frame_header& f) {
    last_ = f;
    if (f.type == frame_type::headers || f.type == frame_type::continuation) {
      // The code of a head is bounded as its fields are, which are not known yet.
      block_ = f.type == frame_type::headers ? f.length : block_ + f.length;
      if (block_ > limits_.head)
        return end(error_code::enhance_your_calm, "a field block that is too large");
    }
    if (f.type == frame_type::priority && f.stream == 0)
      return end(error_code::protocol_error, "PRIORITY: stream_id == 0");
    // Our SETTINGS came before the first request, so that no push was ever allowed; nor does it
    // matter whether the peer has acknowledged them (RFC 9113, 8.4).
    if (f.type == frame_type::push_promise)
      return end(error_code::protocol_error, "PUSH_PROMISE: push is disabled");
    if (f.type == frame_type::priority_update)
      return end(error_code::protocol_error, "servers send none (RFC 9218, 7.1)");
    const stream* s = codec_.find(f.stream);
    if (!patience_.take(f, s && !s->failure_))
      end(error_code::enhance_your_calm, "too many frames that bring nothing forward");
  }

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
  [[gnu::cold]] error ended_early(const stream& s, error_code code) const {
    if (code == error_code::refused_stream) return detail::not_processed(goaway_code_);
    if (code == error_code::protocol_error && s.has_head_ &&
        (s.to_head_ || is_bodyless(s.status())))
      return {error_category::protocol, "malformed_response",
              "content came where there is none, in answer to HEAD or with status 204 or 304 "
              "(RFC 9113, 8.1.1)"};
    if (code == error_code::protocol_error && s.has_head_ && s.length_)
      return {error_category::protocol, "content_length_mismatch",
              "the content has not the length that Content-Length says (RFC 9113, 8.1.1)"};
    return {error_category::protocol, detail::reason_of(code),
            "the server broke the rules of a stream (RFC 9113, 5.4.2; " +
                std::string(to_string(code)) + ")"};
  }

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
  [[gnu::cold]] void end(error_code code, std::string_view why) {
    if (failure_) return;
    failure_ = detail::connection_broken(code, why, last_);
    ended_with_ = code;
    for (stream* s = first_; s; s = s->next_)
      if (s->open_) shut(*s, failure_);
  }

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

inline std::span<const std::byte> stream::take_content() {
  const std::size_t before = given_.size();
  given_.clear();
  std::swap(given_, received_);
  if (session_) session_->credit(*this, before);
  return given_.data();
}

inline void stream::give_content(std::span<const std::byte> bytes, bool last) {
  content_ = bytes;
  content_ends_ = last;
  if (session_ && open_) session_->codec_.resume(id_);
}

inline result<void> stream::end_content(const fields& trailers) {
  auto lines = trailer_lines(trailers);
  if (!lines) return pass(std::move(lines));
  trailer_lines_ = *std::move(lines);
  give_content({}, true);
  return {};
}

inline void stream::cancel() noexcept {
  if (session_) session_->cancel(*this);
}

}  // namespace cohttps::http2

#endif
