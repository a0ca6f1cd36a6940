// Definitions for session.hpp.
#pragma once

#include <cohttps/http2/session.hpp>

#ifdef COHTTPS_HAS_NGHTTP2

namespace cohttps::http2 {

COHTTPS_DEF result<void> session::open(stream& s, const request_head& request) {
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
  stream_opened_ = true;
  s.to_head_ = request.verb == method::head;
  s.content_ends_ = s.content_sent_ = !request.has_content;
  s.window_ = limits_.window;
  link(s);
  flood_guard_.request();
  while (!s.sent_ && codec_.produce(out_)) continue;
  if (s.sent_) return {};
  unlink(s);
  return no_room();
}

COHTTPS_DEF result<void> session::receive(std::span<const std::byte> bytes, time_point now) {
  if (failure_) return std::unexpected(*failure_);
  flood_guard_.pass(now);
  while (!bytes.empty() && !failure_) {
    const auto piece = scanner_.next(bytes);
    if (piece.begins) {
      // nghttp2 shows in the frames that it sends what it thinks of the last frame, so collect them
      // first. Consecutive DATA frames of one stream are judged together.
      const frame_header& f = *piece.begins;
      if (f.type != frame_type::data || f.type != last_.type || f.stream != last_.stream) collect();
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

COHTTPS_DEF void session::connection_lost(const std::optional<error>& why) {
  if (failure_) return;
  failure_ =
      why ? *why : detail::connection_closed(goaway_received_, goaway_code_, goaway_text_, false);
  for (stream* s = first_; s; s = s->next_)
    if (s->open_)
      shut(*s, why ? *why
                   : detail::connection_closed(goaway_received_, goaway_code_, goaway_text_,
                                               s->answered_));
}

COHTTPS_DEF buffer& session::outgoing() {
  collect();
  return out_;
}

COHTTPS_DEF bool session::wants_write() const noexcept {
  return !out_.empty() || codec_.wants_write();
}

COHTTPS_DEF stream* session::next_changed() noexcept {
  stream* s = changed_streams_;
  if (!s) return nullptr;
  changed_streams_ = s->next_changed_;
  s->in_changed_list_ = false;
  return s;
}

COHTTPS_DEF std::size_t session::capacity() const noexcept {
  return failure_ || going_away_ ? 0 : std::min(codec_.peer_streams(), limits_.streams);
}

COHTTPS_DEF void session::ping() { codec_.ping(); }

COHTTPS_DEF bool session::peer_takes_extended_connect() const noexcept {
  return codec_.peer_takes_extended_connect();
}

COHTTPS_DEF void session::close() {
  if (failure_ || std::exchange(said_goodbye_, true)) return;
  codec_.terminate(error_code::no_error);
  going_away_ = true;
  while (codec_.produce(out_)) continue;
}

COHTTPS_DEF void session::collect() {
  while (out_.size() < enough && codec_.produce(out_)) continue;
}

COHTTPS_DEF result<void> session::no_room() {
  return std::unexpected(
      error(error_category::peer_closed, "no_more_streams", "the connection takes no more requests")
          .replay(replay_safety::not_sent));
}

COHTTPS_DEF void session::link(stream& s) noexcept {
  s.session_ = this;
  s.open_ = true;
  s.previous_ = nullptr;
  s.next_ = first_;
  if (first_) first_->previous_ = &s;
  first_ = &s;
  ++open_;
}

COHTTPS_DEF void session::unlink(stream& s) noexcept {
  (s.previous_ ? s.previous_->next_ : first_) = s.next_;
  if (s.next_) s.next_->previous_ = s.previous_;
  if (s.open_) --open_;
  s.open_ = false;
  s.session_ = nullptr;
  if (std::exchange(s.in_changed_list_, false)) {
    stream** link = &changed_streams_;
    while (*link != &s) link = &(*link)->next_changed_;
    *link = s.next_changed_;
  }
}

COHTTPS_DEF void session::change(stream& s) noexcept {
  if (std::exchange(s.in_changed_list_, true)) return;
  s.next_changed_ = changed_streams_;
  changed_streams_ = &s;
}

COHTTPS_DEF void session::shut(stream& s, std::optional<error> why) {
  if (why && !s.failure_ && !s.ended_) s.failure_ = std::move(why);
  if (!s.content_sent_) s.stop_sending_ = true;
  s.open_ = false;
  --open_;
  change(s);
}

COHTTPS_DEF void session::refuse(stream& s, error why, error_code told) {
  if (s.failure_) return;
  s.failure_ = std::move(why);
  codec_.reset(s.id_, told);
  change(s);
}

COHTTPS_DEF void session::cancel(stream& s) {
  if (!s.open_ || failure_) return;
  codec_.reset(s.id_, s.ended_ ? error_code::no_error : error_code::cancel);
  codec_.forget(s.id_);
  s.open_ = false;
  --open_;
}

COHTTPS_DEF void session::credit(stream& s, std::size_t size) {
  if (!s.open_ || failure_ || size == 0) return;
  s.credited_since_growth_ += size;
  // If the reader has read a whole window, and at no time left half of it unread, only the
  // round-trip time limits the speed. The stream then gets a larger window.
  if (s.credited_since_growth_ >= s.window_ && s.window_ < limits_.largest_window) {
    if (!s.reader_lagged_) {
      s.window_ = std::min(2 * s.window_, limits_.largest_window);
      codec_.set_window(s.id_, s.window_);
    }
    s.credited_since_growth_ = 0;
    s.reader_lagged_ = false;
  }
  codec_.consumed(s.id_, size);
}

COHTTPS_DEF void session::begin_frame(const frame_header& f) {
  last_ = f;
  if (f.type == frame_type::headers || f.type == frame_type::continuation) {
    // This also limits the size of an encoded head, because its fields are not known yet.
    block_ = f.type == frame_type::headers ? f.length : block_ + f.length;
    if (block_ > limits_.head)
      return end(error_code::enhance_your_calm, "a field block that is too large");
  }
  if (f.type == frame_type::priority && f.stream == 0)
    return end(error_code::protocol_error, "PRIORITY: stream_id == 0");
  // This client sent its SETTINGS before the first request, so the server was never allowed to
  // push. It does not matter whether the server has acknowledged them (RFC 9113, 8.4).
  if (f.type == frame_type::push_promise)
    return end(error_code::protocol_error, "PUSH_PROMISE: push is disabled");
  if (f.type == frame_type::priority_update)
    return end(error_code::protocol_error, "a server must not send it (RFC 9218, 7.1)");
  const stream* s = codec_.find(f.stream);
  if (!flood_guard_.take(f, s && !s->failure_))
    end(error_code::enhance_your_calm, "too many frames that advance no request");
}

COHTTPS_DEF error session::ended_early(const stream& s, error_code code) const {
  if (code == error_code::refused_stream) return detail::not_processed(goaway_code_);
  if (code == error_code::protocol_error && s.has_head_ && (s.to_head_ || is_bodyless(s.status())))
    return {error_category::protocol, "malformed_response",
            "content came in a response that has none: to HEAD, or with status 204 or 304 (RFC "
            "9113, 8.1.1)"};
  if (code == error_code::protocol_error && s.has_head_ && s.length_)
    return {error_category::protocol, "content_length_mismatch",
            "the length of the content differs from Content-Length (RFC 9113, 8.1.1)"};
  return {error_category::protocol, detail::reason_of(code),
          "the server broke the rules of a stream (RFC 9113, 5.4.2; " +
              std::string(to_string(code)) + ")"};
}

COHTTPS_DEF void session::end(error_code code, std::string_view why) {
  if (failure_) return;
  failure_ = detail::connection_broken(code, why, last_);
  ended_with_ = code;
  for (stream* s = first_; s; s = s->next_)
    if (s->open_) shut(*s, failure_);
}

COHTTPS_DEF std::span<const std::byte> stream::take_content() {
  const std::size_t before = delivered_.size();
  delivered_.clear();
  std::swap(delivered_, received_);
  if (session_) session_->credit(*this, before);
  return delivered_.data();
}

COHTTPS_DEF void stream::give_content(std::span<const std::byte> bytes, bool last) {
  content_ = bytes;
  content_ends_ = last;
  if (session_ && open_) session_->codec_.resume(id_);
}

COHTTPS_DEF result<void> stream::end_content(const fields& trailers) {
  auto lines = trailer_lines(trailers);
  if (!lines) return pass(std::move(lines));
  trailer_lines_ = *std::move(lines);
  give_content({}, true);
  return {};
}

COHTTPS_DEF void stream::cancel() noexcept {
  if (session_) session_->cancel(*this);
}

}  // namespace cohttps::http2

#endif
