// Definitions for multiplexed_stream.hpp.
#pragma once

#include <cohttps/connection/multiplexed_stream.hpp>

namespace cohttps::detail {

template <class C>
task<result<void>> multiplexed_stream<C>::ask(request_view request, const exchange_limits& limits,
                                              deadline& limit) {
  const auto length = request.length();
  const bool raw = !request.protocol.empty();
  const bool content = raw || request.source || request.trailers || length != 0;
  const http2::request_head head{
      request.verb,    over_.info->tls ? "https" : "http", request.target,
      request.headers, raw ? std::nullopt : length,        content,
      request.protocol};
  const bool at_once = raw || (!request.source && !request.trailers && !request.expects_continue &&
                               request.memory.size() <= sent_at_once);
  const bool beside = content && !at_once;
  if (beside)
    limit.enter(phase::send, limits.sending, limit.cached_now());
  else
    limit.enter(phase::receive_head, limits.answering, limit.cached_now());
  if (limit.stop_requested()) co_return not_sent();
  if (auto opened = over_.open(stream_, head); !opened) {
    limit.enter(phase::send, limits.sending);
    co_return opened;
  }
  if (beside) {
    upload_.start(*this, request, limits.answering, limit);
  } else {
    if (content) stream_.give_content(request.memory, !raw);
    if (content && !raw && request.listener) request.listener->sent(request.memory.size());
    sent_ = true;
  }
  auto answered = co_await receive_head(request.listener, limits, limit);
  upload_.go_on();
  // A server whose status is not 2xx does not wait for the rest of the content.
  if (beside && (!answered || !is_success(stream_.status()))) stop_upload();
  if (answered) answered = outcome_of_upload();
  // A limit that passed at this moment has stopped the upload, which is not complete.
  if (answered && sends() && limit.stop_requested()) co_return canceled();
  co_return answered;
}

template <class C>
task<result<std::span<const std::byte>>> multiplexed_stream<C>::receive_body(deadline& limit) {
  while (true) {
    if (auto sent = outcome_of_upload(); !sent) co_return pass(std::move(sent));
    const auto part = over_.take_content(stream_);
    if (!part.empty()) {
      limit.progress(part.size());
      co_return part;
    }
    if (stream_.failure()) co_return std::unexpected(*stream_.failure());
    if (stream_.ended()) {
      // A complete response also ends the request. If a part of the request is left, the stream is
      // reset with NO_ERROR (RFC 9113, 8.1).
      if (upload_.started()) stop_upload();
      co_return part;
    }
    const bool changed = co_await over_.changed(stream_, limit.token());
    if (!changed) co_return canceled();
  }
}

template <class C>
task<result<std::span<const std::byte>>> multiplexed_stream<C>::receive_raw(stop_token stop) {
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

template <class C>
task<result<void>> multiplexed_stream<C>::send_raw(std::span<const std::byte> bytes,
                                                   stop_token stop) {
  stream_.give_content(bytes, false);
  over_.flush();
  while (stream_.content_left() != 0) {
    bool goes_on = !hung_up_ && !stream_.stop_sending() && !stream_.failure();
    if (goes_on) goes_on = co_await over_.changed(stream_, stop);
    if (goes_on) continue;
    stream_.give_content({}, false);  // the caller may free its memory
    if (stream_.failure()) co_return std::unexpected(*stream_.failure());
    if (!stream_.stop_sending()) co_return canceled();
    co_return fail(error_category::peer_closed, "peer_stopped_reading",
                   "the server has ended the stream and takes no more of it");
  }
  co_return result<void>();
}

template <class C>
void multiplexed_stream<C>::hang_up() noexcept {
  hung_up_ = true;
  over_.give_up(stream_);
  over_.wake(stream_);
}

template <class C>
std::optional<std::span<const std::byte>> multiplexed_stream<C>::receive_body_at_once() {
  if (upload_.started()) return std::nullopt;
  const bool content = stream_.has_content();
  if (!content && (!stream_.ended() || stream_.failure())) return std::nullopt;
  return over_.take_content(stream_);
}

template <class C>
bool multiplexed_stream<C>::sends() const noexcept {
  return upload_.running();
}

template <class C>
response_head multiplexed_stream<C>::take_head() {
  return stream_.take_head();
}

template <class C>
std::optional<std::uint64_t> multiplexed_stream<C>::content_length() const noexcept {
  return stream_.content_length();
}

template <class C>
const fields& multiplexed_stream<C>::trailers() const noexcept {
  return stream_.trailers();
}

template <class C>
bool multiplexed_stream<C>::answered() const noexcept {
  return stream_.answered();
}

template <class C>
bool multiplexed_stream<C>::reusable() noexcept {
  return over_.outlives_streams();
}

template <class C>
std::unexpected<error> multiplexed_stream<C>::canceled() {
  return fail(error_category::canceled, "canceled", "the operation was canceled");
}

template <class C>
std::unexpected<error> multiplexed_stream<C>::not_sent() {
  auto stopped = canceled();
  stopped.error().replay(replay_safety::not_sent);
  return stopped;
}

template <class C>
task<result<void>> multiplexed_stream<C>::receive_head(exchange_listener* listener,
                                                       const exchange_limits& limits,
                                                       deadline& limit) {
  while (true) {
    for (const response_head& interim : stream_.take_interim()) {
      if (listener) listener->interim(interim);
      if (sent_) limit.enter(phase::receive_head, limits.answering);  // the head is still to come
    }
    if (stream_.got_continue()) upload_.go_on();
    if (stream_.has_head()) break;
    if (auto sent = outcome_of_upload(); !sent) co_return sent;
    if (stream_.failure()) co_return std::unexpected(*stream_.failure());
    const bool changed = co_await over_.changed(stream_, limit.token());
    if (!changed) co_return canceled();
  }
  has_content_ = stream_.content_length() && !(stream_.ended() && stream_.received() == 0);
  co_return result<void>();
}

template <class C>
result<void> multiplexed_stream<C>::outcome_of_upload() {
  if (!upload_.done()) return {};
  return upload_.take_outcome();
}

template <class C>
void multiplexed_stream<C>::stop_upload() {
  upload_.stop();
  stream_.give_content({}, false);  // the caller may free its memory
}

template <class C>
task<result<void>> multiplexed_stream<C>::send_piece(std::span<const std::byte> piece, bool last,
                                                     exchange_listener* listener, deadline& limit) {
  stream_.give_content(piece, last);
  return taken(last, listener, limit);
}

template <class C>
task<result<void>> multiplexed_stream<C>::send_end(fields trailers, deadline& limit) {
  if (!wants_content()) co_return result<void>();
  trailers_ = std::move(trailers);
  if (trailers_.empty()) co_return co_await send_piece({}, true, nullptr, limit);
  if (auto ended = stream_.end_content(trailers_); !ended) co_return ended;
  co_return co_await taken(true, nullptr, limit);
}

template <class C>
task<result<void>> multiplexed_stream<C>::taken(bool last, exchange_listener* listener,
                                                deadline& limit) {
  over_.flush();
  std::size_t left = stream_.content_left();
  while ((last ? !stream_.content_sent() : left != 0) && wants_content()) {
    const bool changed = co_await over_.changed(stream_, limit.token());
    if (!changed) co_return canceled();
    const std::size_t now = stream_.content_left();
    if (now == left) continue;
    limit.progress(left - now);
    if (listener) listener->sent(left - now);
    left = now;
  }
  co_return result<void>();
}

template <class C>
void multiplexed_stream<C>::upload_ended(const result<void>* outcome) noexcept {
  sent_ = outcome && *outcome;
  if (!sent_) stream_.give_content({}, false);  // the caller may free its memory
  over_.wake(stream_);
}

template <class C>
bool multiplexed_stream<C>::wants_content() const noexcept {
  return !stream_.stop_sending() && !stream_.failure();
}

}  // namespace cohttps::detail
