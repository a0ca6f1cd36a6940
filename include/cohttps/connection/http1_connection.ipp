// Definitions for http1_connection.hpp.
#pragma once

#include <cohttps/connection/http1_connection.hpp>

namespace cohttps::detail {

template <class T>
void http1_connection<T>::release_memory() noexcept {
  pending_ = {};
  kept_.release();
  out_.release();
  tls_stream_.settle();
  tls_stream_.release_memory();
}

template <class T>
bool http1_connection<T>::usable() noexcept {
  return tls_stream_.idle();
}

template <class T>
task<result<void>> http1_connection<T>::ask(request_view request, const exchange_limits& limits,
                                            deadline& limit) {
  answered_ = sent_ = head_ = false;
  closes_ = request.headers.has_element("connection", "close");  // RFC 9112, 9.6
  parser_.start(request.verb);
  if (auto begun = begin(request); !begun) co_return begun;
  limit.enter(phase::send, limits.sending, limit.cached_now());
  if (limit.stop_requested()) co_return not_sent();
  const bool all = !request.source && request.memory.size() <= joined_content;
  // Small content is sent together with the head: one record, one segment, one call.
  if (all)
    if (auto framed = append_content(request); !framed) co_return framed;
  auto sent = co_await write(out_.data(), limit);
  out_.clear();
  if (sent && all && request.listener && !request.memory.empty())
    request.listener->sent(request.memory.size());
  if (sent && !all) co_return co_await ask_beside_content(request, limits, limit);
  sent_ = sent.has_value();
  if (!sent) co_return sent;
  limit.enter(phase::receive_head, limits.answering, limit.cached_now());
  co_return co_await receive_head(request.listener, limits, limit);
}

template <class T>
task<result<std::span<const std::byte>>> http1_connection<T>::receive_body(deadline& limit) {
  auto step = co_await next_step(limit, reading_token(limit));
  result<void> received;
  if (!step)
    received = pass(std::move(step));
  else if (!step->body.empty())
    limit.progress(step->body.size());
  received = with_upload(std::move(received));
  // A complete response also ends the request: the peer may never read the rest of it (RFC 9112,
  // 9.6). The connection is then not used again.
  if (received && step->body.empty()) upload_.reset();
  if (!received) co_return pass(std::move(received));
  co_return step->body;
}

template <class T>
bool http1_connection<T>::sends() const noexcept {
  return upload_ && upload_->content.running();
}

template <class T>
std::optional<std::span<const std::byte>> http1_connection<T>::receive_body_at_once() {
  if (upload_) return std::nullopt;
  const auto step = parse();
  if (!step || step->what == event::need_more) return std::nullopt;
  return step->body;
}

template <class T>
task<result<std::span<const std::byte>>> http1_connection<T>::receive_raw(stop_token stop) {
  tls_stream_.split();
  if (!pending_.empty()) return std::exchange(pending_, {});
  return tls_stream_.receive(stop);
}

template <class T>
task<result<void>> http1_connection<T>::send_raw(std::span<const std::byte> bytes,
                                                 stop_token stop) {
  tls_stream_.split();
  return tls_stream_.write(bytes, stop);
}

template <class T>
response_head http1_connection<T>::take_head() {
  return parser_.take_head();
}

template <class T>
std::optional<std::uint64_t> http1_connection<T>::content_length() const noexcept {
  return parser_.content_length();
}

template <class T>
bool http1_connection<T>::has_content() const noexcept {
  return parser_.body_delimiter() == http1::delimiter::content_length;
}

template <class T>
const fields& http1_connection<T>::trailers() const noexcept {
  return parser_.trailers();
}

template <class T>
bool http1_connection<T>::reusable() noexcept {
  return sent_ && !closes_ && parser_.keep_alive() && pending_.empty();
}

template <class T>
void http1_connection<T>::hang_up() noexcept {
  tls_stream_.close();
}

template <class T>
void http1_connection<T>::release() noexcept {
  upload_.reset();
}

template <class T>
result<void> http1_connection<T>::begin(const request_view& request) {
  const auto length = request.length();
  chunked_ = !length;
  const auto framing = chunked_                          ? http1::framing::chunked()
                       : !request.source && *length == 0 ? http1::framing::none()
                                                         : http1::framing::content_length(*length);
  auto written =
      http1::write_request_head(out_, request.verb, request.target, request.headers, framing);
  if (!written) written.error().replay(replay_safety::not_sent);
  return written;
}

template <class T>
result<void> http1_connection<T>::append_content(const request_view& request) {
  if (!request.trailers) return out_.append(request.memory), result<void>();
  http1::write_chunk(out_, request.memory);
  auto ended = http1::write_last_chunk(out_, (*request.trailers)());
  if (!ended) out_.clear();
  return ended;
}

template <class T>
task<result<void>> http1_connection<T>::write(std::span<const std::byte> bytes, deadline& limit) {
  return tls_stream_.write(bytes, limit.token(), &limit);
}

template <class T>
task<result<void>> http1_connection<T>::receive_head(exchange_listener* listener,
                                                     const exchange_limits& limits,
                                                     deadline& limit) {
  while (true) {
    auto step = co_await next_step(limit, reading_token(limit));
    if (!step) co_return pass(std::move(step));
    head_ = step->what == event::head;
    if (head_) co_return result<void>();
    if (listener) listener->interim(parser_.head());
    if (upload_ && parser_.head().status == 100) upload_->content.go_on();
    if (sent_) limit.enter(phase::receive_head, limits.answering);  // the head is still to come
  }
}

template <class T>
stop_token http1_connection<T>::reading_token(deadline& limit) noexcept {
  return upload_ ? stop_token(upload_->reading) : limit.token();
}

template <class T>
task<result<void>> http1_connection<T>::ask_beside_content(request_view request,
                                                           const exchange_limits& limits,
                                                           deadline& limit) {
  upload_.emplace(limit.token());
  upload_->content.start(*this, request, limits.answering, limit);
  auto answered = co_await receive_head(request.listener, limits, limit);
  upload_->content.go_on();
  // A server whose status is not 2xx does not wait for the rest of the content.
  if (answered && !is_success(parser_.head().status)) upload_.reset();
  answered = with_upload(std::move(answered));
  // A limit that passed at this moment has stopped the upload, which is not complete.
  if (answered && sends() && limit.stop_requested()) co_return canceled();
  co_return answered;
}

template <class T>
result<void> http1_connection<T>::with_upload(result<void> answered) {
  if (!upload_ || !upload_->content.done()) return answered;
  const auto sent = upload_->content.take_outcome();
  upload_.reset();
  if (sent) return answered;
  const bool by_peer = sent.error().category() == error_category::peer_closed;
  // The response of a peer is more informative than the error that the peer closed the connection.
  // An error on this side is more informative than the missing response that follows from it.
  const bool answer_tells_more = answered || by_peer
                                     ? by_peer && head_
                                     : answered.error().category() != error_category::canceled;
  return answer_tells_more ? std::move(answered) : sent;
}

template <class T>
std::unexpected<error> http1_connection<T>::canceled() {
  return fail(error_category::canceled, "canceled", "the operation was canceled");
}

template <class T>
std::unexpected<error> http1_connection<T>::not_sent() {
  auto stopped = canceled();
  stopped.error().replay(replay_safety::not_sent);
  return stopped;
}

template <class T>
task<result<void>> http1_connection<T>::send_piece(std::span<const std::byte> piece, bool,
                                                   exchange_listener* listener, deadline& limit) {
  result<void> sent;
  if (chunked_) {
    http1::write_chunk(out_, piece);
    sent = co_await write(out_.data(), limit);
    out_.clear();
  } else {
    sent = co_await write(piece, limit);
  }
  if (sent && listener) listener->sent(piece.size());
  co_return sent;
}

template <class T>
task<result<void>> http1_connection<T>::send_end(fields trailers, deadline& limit) {
  if (!chunked_) co_return result<void>();
  if (auto ended = http1::write_last_chunk(out_, trailers); !ended) co_return ended;
  auto sent = co_await write(out_.data(), limit);
  out_.clear();
  co_return sent;
}

template <class T>
void http1_connection<T>::upload_ended(const result<void>* outcome) noexcept {
  upload_->alone.reset();
  sent_ = outcome && *outcome;
  // If the peer closed the connection, its response may explain why. It cannot explain an error on
  // this side, so such an error ends the wait for the response.
  const bool by_peer =
      outcome && !*outcome && outcome->error().category() == error_category::peer_closed;
  if (!sent_ && !by_peer) upload_->reading.request_stop();
}

template <class T>
result<http1::response_parser::step> http1_connection<T>::parse() {
  auto step = parser_.parse(pending_);
  if (step) pending_ = pending_.subspan(step->consumed);
  return step;
}

template <class T>
task<result<http1::response_parser::step>> http1_connection<T>::next_step(deadline& limit,
                                                                          stop_token stop) {
  while (true) {
    auto step = parse();
    if (!step || step->what != event::need_more) co_return step;
    // The parser reads content where it was decrypted. Only bytes that the parser did not consume,
    // such as half of a head, are copied before the `tls_stream` uses its memory again.
    if (in_kept_) {
      kept_.consume(kept_.size() - pending_.size());
    } else {
      kept_.clear();
      kept_.append(pending_);
    }
    in_kept_ = true;
    pending_ = kept_.data();
    auto got = co_await tls_stream_.receive(stop);
    if (!got) co_return pass(std::move(got));
    if (got->empty()) co_return parser_.end_of_stream();
    answered_ = true;
    if (!head_) limit.progress(got->size());
    in_kept_ = !kept_.empty();
    if (in_kept_) kept_.append(*got);
    pending_ = in_kept_ ? kept_.data() : *got;
  }
}

}  // namespace cohttps::detail
