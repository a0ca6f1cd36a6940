// The stream of one request over an HTTP/2 connection.
#pragma once

#ifdef COHTTPS_HAS_NGHTTP2

#include <cohttps/core/error.hpp>
#include <cohttps/core/recycler.hpp>
#include <cohttps/core/stop.hpp>
#include <cohttps/http/fields.hpp>
#include <cohttps/http/response_head.hpp>
#include <cohttps/http/status.hpp>
#include <cohttps/http2/request_lines.hpp>
#include <cohttps/net/content_pieces.hpp>
#include <cohttps/net/deadline.hpp>
#include <cohttps/net/http2_connection.hpp>
#include <cohttps/net/http_stream.hpp>
#include <cohttps/net/request_view.hpp>
#include <cohttps/task/side_task.hpp>
#include <cohttps/task/task.hpp>
#include <cohttps/transport/sleep.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace cohttps::net {

/// As `http1_connection`: `ask`, then `receive_body` until it gives nothing. Destroyed before, it
/// resets its stream, and the connection goes on.
///
/// Content that takes its time is sent by a task beside these, until the response is complete. An
/// error of this side, such as one of the content's source, fails them; what the peer did, the
/// stream tells them.
template <class = void>
class http2_stream final : public http_stream, public recycled_frame {
 public:
  explicit http2_stream(http2_connection<>& over) noexcept : over_(over) {}
  ~http2_stream() {
    sending_.reset();
    over_.give_up(stream_);
  }

  /// Sends the request and waits for the final response's head; interim ones are skipped. Content
  /// that this head does not want ends here; else the rest of it goes out beside `receive_body`.
  task<result<void>> ask(request_view request, const exchange_paces& paces,
                         deadline& limit) override {
    const auto length = request.length();
    const bool raw = !request.protocol.empty();
    const bool content = raw || request.source || request.trailers || length != 0;
    const http2::request_head head{
        request.verb,    over_.info->tls ? "https" : "http", request.target,
        request.headers, raw ? std::nullopt : length,        content,
        request.protocol};
    const bool at_once =
        raw || (!request.source && !request.trailers && !request.expects_continue &&
                request.memory.size() <= sent_at_once);
    const bool beside = content && !at_once;
    if (beside)
      limit.enter(phase::send, paces.sending, limit.last());
    else
      limit.enter(phase::receive_head, paces.answering, limit.last());
    if (limit.stop_requested()) co_return not_sent();
    if (auto opened = over_.open(stream_, head); !opened) {
      limit.enter(phase::send, paces.sending);
      co_return opened;
    }
    if (beside) {
      sending_.start(send_content(request, paces.answering, limit));
    } else {
      if (content) stream_.give_content(request.memory, !raw);
      if (content && !raw && request.listener) request.listener->sent(request.memory.size());
      sent_ = true;
    }
    auto answered = co_await receive_head(request.listener, paces, limit);
    go_on_.request_stop();
    // A server that has said what it thinks of the request does not wait for the rest of it, unless
    // it is content with it.
    if (beside && (!answered || !is_success(stream_.status()))) stop_sending();
    if (answered) answered = outcome_of_sending();
    // A limit that passed in this moment has stopped what is still going on.
    if (answered && sends() && limit.stop_requested()) co_return canceled();
    co_return answered;
  }

  /// The next part of the content, valid until the next call; an empty one when it is complete.
  task<result<std::span<const std::byte>>> receive_body(deadline& limit) override {
    while (true) {
      if (auto sent = outcome_of_sending(); !sent) co_return pass(std::move(sent));
      const auto part = over_.take_content(stream_);
      if (!part.empty()) {
        limit.progress(part.size());
        co_return part;
      }
      if (stream_.failure()) co_return std::unexpected(*stream_.failure());
      if (stream_.ended()) {
        // A complete response is the end of the request, too: the stream is reset with NO_ERROR
        // where some of it is left (RFC 9113, 8.1).
        if (sending_.started()) stop_sending();
        co_return part;
      }
      const bool changed = co_await over_.changed(stream_, limit.token());
      if (!changed) co_return canceled();
    }
  }

  /// After an extended CONNECT: the next bytes, a view that is valid until the next call; empty
  /// at their end.
  task<result<std::span<const std::byte>>> receive_raw(stop_token stop) override {
    while (true) {
      const auto part = over_.take_content(stream_);
      if (!part.empty()) co_return part;
      if (stream_.failure()) co_return std::unexpected(*stream_.failure());
      if (stream_.ended()) co_return part;
      if (hung_up_) co_return canceled();
      const bool changed = co_await over_.changed(stream_, stop);
      if (!changed) co_return canceled();
    }
  }
  /// Beside `receive_raw`: sends all of `bytes`.
  task<result<void>> send_raw(std::span<const std::byte> bytes, stop_token stop) override {
    stream_.give_content(bytes, false);
    over_.flush();
    while (stream_.content_left() != 0) {
      bool goes_on = !hung_up_ && !stream_.stop_sending() && !stream_.failure();
      if (goes_on) goes_on = co_await over_.changed(stream_, stop);
      if (goes_on) continue;
      stream_.give_content({}, false);  // the caller's memory may go
      if (stream_.failure()) co_return std::unexpected(*stream_.failure());
      if (!stream_.stop_sending()) co_return canceled();
      co_return fail(error_category::peer_closed, "peer_stopped_reading",
                     "the server has ended the stream and takes no more of it");
    }
    co_return result<void>();
  }
  /// Ends both ways, below whoever waits for them.
  void hang_up() noexcept override {
    hung_up_ = true;
    over_.give_up(stream_);
    over_.wake(stream_);
  }

  /// The same where nothing is to be waited for; else, and on any error, nothing.
  std::optional<std::span<const std::byte>> receive_body_at_once() override {
    if (sending_.started()) return std::nullopt;
    const bool content = stream_.has_content();
    if (!content && (!stream_.ended() || stream_.failure())) return std::nullopt;
    return over_.take_content(stream_);
  }

  /// True while content is being sent.
  bool sends() const noexcept override { return sending_.started() && !sending_.done(); }

  response_head take_head() override { return stream_.take_head(); }
  std::optional<std::uint64_t> content_length() const noexcept override {
    return stream_.content_length();
  }
  /// True where that length is of content that comes, as it does not in answer to HEAD.
  bool has_content() const noexcept override { return has_content_; }
  /// After the content.
  const fields& trailers() const noexcept override { return stream_.trailers(); }

  /// True once something of the response has come in.
  bool answered() const noexcept override { return stream_.answered(); }
  bool reusable() noexcept override { return over_.outlives_streams(); }
  void release() noexcept override { delete this; }

 private:
  // More than this goes out while an answer is looked out for.
  static constexpr std::size_t sent_at_once = 16 * 1024;
  static constexpr std::chrono::seconds continue_wait{1};  // RFC 9110, 10.1.1

  static std::unexpected<error> canceled() {
    return fail(error_category::canceled, "canceled", "the operation was canceled");
  }
  static std::unexpected<error> not_sent() {
    auto stopped = canceled();
    stopped.error().replay(replay_safety::not_sent);
    return stopped;
  }

  task<result<void>> receive_head(exchange_listener* listener, const exchange_paces& paces,
                                  deadline& limit) {
    while (true) {
      for (const response_head& interim : stream_.take_interim()) {
        if (listener) listener->interim(interim);
        if (sent_) limit.enter(phase::receive_head, paces.answering);  // it is still to come
      }
      if (stream_.told_to_continue()) go_on_.request_stop();
      if (stream_.has_head()) break;
      if (auto sent = outcome_of_sending(); !sent) co_return sent;
      if (stream_.failure()) co_return std::unexpected(*stream_.failure());
      const bool changed = co_await over_.changed(stream_, limit.token());
      if (!changed) co_return canceled();
    }
    has_content_ = stream_.content_length() && !(stream_.ended() && stream_.received() == 0);
    co_return result<void>();
  }

  // ---- content, beside the answer --------------------------------------------------------------

  /// What the sending failed with or threw, if it did.
  result<void> outcome_of_sending() {
    if (!sending_.done()) return {};
    return sending_.take();
  }
  void stop_sending() {
    sending_.reset();
    stream_.give_content({}, false);  // the caller's memory may go
  }

  task<result<void>> send_content(request_view request, pace answering, deadline& limit) {
    // Whoever waits finds this task done: they are resumed after it, in another turn.
    const waking wake{*this};
    if (request.expects_continue) co_await sleep_for(limit.transport(), continue_wait, go_on_);
    result<void> sent;
    if (request.source)
      sent = co_await send_source(request, limit);
    else
      sent = co_await send_memory(request, limit);
    sent_ = sent.has_value();
    if (!sent)
      stream_.give_content({}, false);  // the caller's memory may go
    else if (stream_.has_head())
      limit.rename(phase::receive_body);
    else
      limit.enter(phase::receive_head, answering);
    co_return sent;
  }

  struct waking {
    http2_stream& of;
    ~waking() { of.over_.wake(of.stream_); }
  };

  task<result<void>> send_source(request_view request, deadline& limit) {
    content_pieces pieces(*request.source, limit);
    while (!refused()) {
      auto piece = co_await pieces.next();
      if (!piece) co_return pass(std::move(piece));
      if (piece->empty()) break;
      auto sent = co_await send_piece(request, *piece, false, limit);
      if (!sent) co_return sent;
    }
    co_return co_await send_end(request, limit);
  }

  task<result<void>> send_memory(request_view request, deadline& limit) {
    auto sent = co_await send_piece(request, request.memory, !request.trailers, limit);
    if (sent && request.trailers) sent = co_await send_end(request, limit);
    co_return sent;
  }

  task<result<void>> send_end(request_view request, deadline& limit) {
    if (refused()) co_return result<void>();
    if (request.trailers) trailers_ = (*request.trailers)();
    if (trailers_.empty()) co_return co_await send_piece(request, {}, true, limit);
    if (auto ended = stream_.end_content(trailers_); !ended) co_return ended;
    co_return co_await taken(request, true, limit);
  }

  task<result<void>> send_piece(request_view request, std::span<const std::byte> piece, bool last,
                                deadline& limit) {
    stream_.give_content(piece, last);
    return taken(request, last, limit);
  }

  /// Returns when the session has taken all that was given, with the end where it is the `last` of
  /// it, or does not want it any more.
  task<result<void>> taken(request_view request, bool last, deadline& limit) {
    over_.flush();
    std::size_t left = stream_.content_left();
    while ((last ? !stream_.content_sent() : left != 0) && !refused()) {
      const bool changed = co_await over_.changed(stream_, limit.token());
      if (!changed) co_return canceled();
      const std::size_t now = stream_.content_left();
      if (now == left) continue;
      limit.progress(left - now);
      if (request.listener) request.listener->sent(left - now);
      left = now;
    }
    co_return result<void>();
  }

  /// The peer takes no more: the stream says whether that is an error.
  bool refused() const noexcept { return stream_.stop_sending() || stream_.failure(); }

  http2_connection<>& over_;
  http2_connection<>::stream stream_;
  fields trailers_;    // of the request, until they are sent
  stop_source go_on_;  // content that waits for 100 (Continue) waits no more
  bool has_content_ = false;
  bool sent_ = false;
  bool hung_up_ = false;
  side_task<result<void>> sending_;
};

template <class T>
http_stream_ptr http2_connection<T>::open_stream() {
  return http_stream_ptr(new http2_stream<>(*this));
}

}  // namespace cohttps::net

#endif
