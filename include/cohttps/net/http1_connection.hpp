// Exchanges over one HTTP/1.1 connection, one after another.
#pragma once

#include <cohttps/core/buffer.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/http/fields.hpp>
#include <cohttps/http/method.hpp>
#include <cohttps/http/response_head.hpp>
#include <cohttps/http/status.hpp>
#include <cohttps/http1/limits.hpp>
#include <cohttps/http1/request_writer.hpp>
#include <cohttps/http1/response_parser.hpp>
#include <cohttps/net/channel.hpp>
#include <cohttps/net/connection.hpp>
#include <cohttps/net/content_pieces.hpp>
#include <cohttps/net/deadline.hpp>
#include <cohttps/net/http_stream.hpp>
#include <cohttps/net/request_view.hpp>
#include <cohttps/task/side_task.hpp>
#include <cohttps/task/task.hpp>
#include <cohttps/transport/sleep.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

namespace cohttps::net {

/// `ask`, then `receive_body` until it gives nothing. After any error the connection is only to be
/// destroyed.
///
/// Content that does not go out with the head is sent by a task beside these, until the response is
/// complete. An error of this side, such as one of the content's source, fails them; for an error
/// of the peer's the response may have the explanation.
template <class = void>
class http1_connection final : public connection, private http_stream {
 public:
  http1_connection(channel bytes, const http1::limits& bounds, strictness how,
                   std::shared_ptr<const connection_info> about)
      : connection(std::move(about)), channel_(std::move(bytes)), parser_(bounds, how) {}
  ~http1_connection() override { channel_.close(); }

  http_stream_ptr open_stream() override { return http_stream_ptr(this); }

  /// It holds no buffers then.
  void release_memory() noexcept override {
    pending_ = {};
    kept_.release();
    out_.release();
    channel_.settle();
    channel_.release_memory();
  }

  bool usable() noexcept override { return channel_.idle(); }

 private:
  // ---- the stream -------------------------------------------------------------------------------

  /// Sends the request and waits for the final response's head; interim ones are skipped. Content
  /// that this head does not want ends here (RFC 9112, 9.5); else the rest of it goes out beside
  /// `receive_body`.
  task<result<void>> ask(request_view request, const exchange_paces& paces,
                         deadline& limit) override {
    answered_ = sent_ = head_ = false;
    closes_ = request.headers.has_element("connection", "close");  // RFC 9112, 9.6
    parser_.start(request.verb);
    if (auto begun = begin(request); !begun) co_return begun;
    limit.enter(phase::send, paces.sending, limit.last());
    if (limit.stop_requested()) co_return not_sent();
    const bool all = !request.source && request.memory.size() <= joined_content;
    // Small content goes out with the head: one record, one segment, one call.
    if (all)
      if (auto framed = append_content(request); !framed) co_return framed;
    auto sent = co_await write(out_.data(), limit);
    out_.clear();
    if (sent && all && request.listener && !request.memory.empty())
      request.listener->sent(request.memory.size());
    if (sent && !all) co_return co_await ask_beside_content(request, paces, limit);
    sent_ = sent.has_value();
    if (!sent) co_return sent;
    limit.enter(phase::receive_head, paces.answering, limit.last());
    co_return co_await receive_head(request.listener, paces, limit);
  }

  /// The next part of the content, valid until the next call; an empty one when it is complete.
  task<result<std::span<const std::byte>>> receive_body(deadline& limit) override {
    auto step = co_await next_step(limit, reading_token(limit));
    result<void> received;
    if (!step)
      received = pass(std::move(step));
    else if (!step->body.empty())
      limit.progress(step->body.size());
    received = with_sending(std::move(received));
    // A complete response is the end of the request, too: its peer may never read the rest (RFC
    // 9112, 9.6). The connection is not used again.
    if (received && step->body.empty()) upload_.reset();
    if (!received) co_return pass(std::move(received));
    co_return step->body;
  }
  /// True while content is being sent.
  bool sends() const noexcept override { return upload_ && !upload_->work.done(); }

  /// The same where it has come in already; else, and on any error, nothing.
  std::optional<std::span<const std::byte>> receive_body_at_once() override {
    if (upload_) return std::nullopt;
    const auto step = parse();
    if (!step || step->what == event::need_more) return std::nullopt;
    return step->body;
  }

  /// After 101 (Switching Protocols): the next bytes of the protocol that was agreed on, valid
  /// until the next call; none at the end.
  task<result<std::span<const std::byte>>> receive_raw(stop_token stop) override {
    channel_.split();
    if (!pending_.empty()) co_return std::exchange(pending_, {});
    co_return co_await channel_.receive(stop);
  }
  /// Beside `receive_raw`: sends all of `bytes`.
  task<result<void>> send_raw(std::span<const std::byte> bytes, stop_token stop) override {
    channel_.split();
    co_return co_await channel_.write(bytes, stop);
  }

  /// After `ask`: the final response's.
  response_head take_head() override { return parser_.take_head(); }
  std::optional<std::uint64_t> content_length() const noexcept override {
    return parser_.content_length();
  }
  /// True where that length is of content that comes, as it does not in answer to HEAD.
  bool has_content() const noexcept override {
    return parser_.body_delimiter() == http1::delimiter::content_length;
  }
  /// After the content.
  const fields& trailers() const noexcept override { return parser_.trailers(); }

  /// True once a byte of the response has come in.
  bool answered() const noexcept override { return answered_; }

  /// True after a complete exchange that leaves the connection in order (RFC 9112, 9.3): nothing
  /// half sent, nothing unasked received.
  bool reusable() noexcept override {
    return sent_ && !closes_ && parser_.keep_alive() && pending_.empty();
  }

  void hang_up() noexcept override { channel_.close(); }
  void release() noexcept override { upload_.reset(); }

  static constexpr std::size_t joined_content = 16 * 1024;
  static constexpr std::size_t memory_piece = 256 * 1024;
  static constexpr std::chrono::seconds continue_wait{1};  // RFC 9110, 10.1.1

  using event = http1::response_parser::event;

  result<void> begin(const request_view& request) {
    const auto length = request.length();
    chunked_ = !length;
    const auto framing = chunked_ ? http1::framing::chunked()
                         : !request.source && *length == 0
                             ? http1::framing::none()
                             : http1::framing::content_length(*length);
    auto written =
        http1::write_request_head(out_, request.verb, request.target, request.headers, framing);
    if (!written) written.error().replay(replay_safety::not_sent);
    return written;
  }

  /// All of the content in memory, with its framing.
  result<void> append_content(const request_view& request) {
    if (!request.trailers) return out_.append(request.memory), result<void>();
    http1::write_chunk(out_, request.memory);
    auto ended = append_end(request);
    if (!ended) out_.clear();
    return ended;
  }

  result<void> append_end(const request_view& request) {
    const fields after = request.trailers ? (*request.trailers)() : fields();
    return http1::write_last_chunk(out_, after);
  }

  task<result<void>> write(std::span<const std::byte> bytes, deadline& limit) {
    return channel_.write(bytes, limit.token(), &limit);
  }

  task<result<void>> receive_head(exchange_listener* listener, const exchange_paces& paces,
                                  deadline& limit) {
    while (true) {
      auto step = co_await next_step(limit, reading_token(limit));
      if (!step) co_return pass(std::move(step));
      head_ = step->what == event::head;
      if (head_) co_return result<void>();
      if (listener) listener->interim(parser_.head());
      if (upload_ && parser_.head().status == 100) upload_->go_on.request_stop();
      if (sent_) limit.enter(phase::receive_head, paces.answering);  // the answer is still to come
    }
  }

  // ---- content, beside the answer
  // -------------------------------------------------------

  struct upload {
    explicit upload(stop_token operation) : on_stop(operation, stop_it{&reading}) {}

    struct stop_it {
      stop_source* which;
      void operator()() const noexcept { which->request_stop(); }
    };
    stop_source reading;  // of the answer, below whom something went wrong here
    stop_source go_on;    // content that waits for 100 (Continue) waits no more
    stop_callback<stop_it> on_stop;
    side_task<result<void>> work;
  };

  stop_token reading_token(deadline& limit) noexcept {
    return upload_ ? stop_token(upload_->reading) : limit.token();
  }

  task<result<void>> ask_beside_content(request_view request, const exchange_paces& paces,
                                        deadline& limit) {
    upload_.emplace(limit.token());
    upload_->work.start(send_content(request, paces.answering, limit));
    auto answered = co_await receive_head(request.listener, paces, limit);
    upload_->go_on.request_stop();
    // A server that has said what it thinks of the request does not wait for the rest of it, unless
    // it is content with it.
    if (answered && !is_success(parser_.head().status)) upload_.reset();
    answered = with_sending(std::move(answered));
    // A limit that passed in this moment has stopped what is still going on.
    if (answered && sends() && limit.stop_requested()) co_return canceled();
    co_return answered;
  }

  /// `answered`, unless the sending has ended with what tells more. Throws what that threw.
  result<void> with_sending(result<void> answered) {
    if (!upload_ || !upload_->work.done()) return answered;
    const auto sent = upload_->work.take();
    upload_.reset();
    if (sent) return answered;
    const bool by_peer = sent.error().category() == error_category::peer_closed;
    // The peer's answer tells more than that it closed; what went wrong here tells more than that
    // there is no answer then.
    const bool answer_tells_more = answered || by_peer
                                       ? by_peer && head_
                                       : answered.error().category() != error_category::canceled;
    return answer_tells_more ? std::move(answered) : sent;
  }

  static std::unexpected<error> canceled() {
    return fail(error_category::canceled, "canceled", "the operation was canceled");
  }
  static std::unexpected<error> not_sent() {
    auto stopped = canceled();
    stopped.error().replay(replay_safety::not_sent);
    return stopped;
  }

  task<result<void>> send_content(request_view request, pace answering, deadline& limit) {
    // Whoever waits finds this task done: a stop resumes them in another turn.
    if (request.expects_continue)
      co_await sleep_for(limit.transport(), continue_wait, upload_->go_on);
    const channel::sender alone(channel_);
    const waking wake{*upload_};
    result<void> sent;
    if (request.source)
      sent = co_await send_source(request, limit);
    else
      sent = co_await send_memory(request, limit);
    sent_ = sent.has_value();
    if (sent_ && head_)
      limit.rename(phase::receive_body);
    else if (sent_ && !upload_->reading.stop_requested())
      limit.enter(phase::receive_head, answering);
    // What the peer did, it may have explained; what went wrong here, it cannot.
    wake.needed = !sent && sent.error().category() != error_category::peer_closed;
    co_return sent;
  }

  /// Ends a wait for the peer that is of no use any more.
  struct waking {
    upload& of;
    mutable bool needed = true;  // as an exception leaves, too
    ~waking() {
      if (needed) of.reading.request_stop();
    }
  };

  task<result<void>> send_source(request_view request, deadline& limit) {
    content_pieces pieces(*request.source, limit);
    while (true) {
      auto piece = co_await pieces.next();
      if (!piece) co_return pass(std::move(piece));
      if (piece->empty()) break;
      auto sent = co_await send_piece(request, *piece, limit);
      if (!sent) co_return sent;
    }
    if (!chunked_) co_return result<void>();
    co_return co_await send_end(request, limit);
  }

  task<result<void>> send_memory(request_view request, deadline& limit) {
    for (auto rest = request.memory; !rest.empty();) {
      const auto piece = rest.first(std::min(rest.size(), memory_piece));
      auto sent = co_await send_piece(request, piece, limit);
      if (!sent) co_return sent;
      rest = rest.subspan(piece.size());
    }
    if (!chunked_) co_return result<void>();
    co_return co_await send_end(request, limit);
  }

  task<result<void>> send_piece(request_view request, std::span<const std::byte> piece,
                                deadline& limit) {
    result<void> sent;
    if (chunked_) {
      http1::write_chunk(out_, piece);
      sent = co_await write(out_.data(), limit);
      out_.clear();
    } else {
      sent = co_await write(piece, limit);
    }
    if (sent && request.listener) request.listener->sent(piece.size());
    co_return sent;
  }

  task<result<void>> send_end(request_view request, deadline& limit) {
    if (auto ended = append_end(request); !ended) co_return ended;
    auto sent = co_await write(out_.data(), limit);
    out_.clear();
    co_return sent;
  }

  /// The parser's next event, from what has come in.
  result<http1::response_parser::step> parse() {
    auto step = parser_.parse(pending_);
    if (step) pending_ = pending_.subspan(step->consumed);
    return step;
  }

  /// The parser's next event but `need_more`, reading as often as that takes.
  ///
  /// Only bytes of a head count as progress here: neither those of TLS, such as tickets and empty
  /// records, nor those between parts of the content do. `receive_body` counts the content.
  task<result<http1::response_parser::step>> next_step(deadline& limit, stop_token stop) {
    while (true) {
      auto step = parse();
      if (!step || step->what != event::need_more) co_return step;
      // Content is looked at where it was decrypted; only what the parser could not use up, such as
      // half of a head, is copied before the channel uses its memory again.
      if (in_kept_) {
        kept_.consume(kept_.size() - pending_.size());
      } else {
        kept_.clear();
        kept_.append(pending_);
      }
      in_kept_ = true;
      pending_ = kept_.data();
      auto got = co_await channel_.receive(stop);
      if (!got) co_return pass(std::move(got));
      if (got->empty()) co_return parser_.end_of_stream();
      answered_ = true;
      if (!head_) limit.progress(got->size());
      in_kept_ = !kept_.empty();
      if (in_kept_) kept_.append(*got);
      pending_ = in_kept_ ? kept_.data() : *got;
    }
  }

  channel channel_;
  http1::response_parser parser_;
  std::span<const std::byte> pending_;  // received, not yet used up: in the channel or in `kept_`
  bool in_kept_ = false;
  buffer kept_;
  buffer out_;
  bool head_ = false;
  bool answered_ = false;
  bool sent_ = false;
  bool closes_ = false;
  bool chunked_ = false;  // as the head said: the source may learn its length meanwhile
  std::optional<upload> upload_;
};

}  // namespace cohttps::net
