// Exchanges over one HTTP/1.1 connection, one after another.
#pragma once

#include <cohttps/core/buffer.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/http/fields.hpp>
#include <cohttps/http/method.hpp>
#include <cohttps/http/response_head.hpp>
#include <cohttps/http1/limits.hpp>
#include <cohttps/http1/request_writer.hpp>
#include <cohttps/http1/response_parser.hpp>
#include <cohttps/net/channel.hpp>
#include <cohttps/net/deadline.hpp>
#include <cohttps/task/task.hpp>

#include <optional>
#include <span>
#include <string_view>
#include <utility>

namespace cohttps::net {

/// What is sent: views into the operation, which outlives the exchange.
struct request_view {
  const method& verb;
  std::string_view target;
  const fields& headers;
  std::span<const std::byte> content;
};

/// `send`, `receive_head`, then `receive_body` until it gives nothing. After any error the
/// connection is only to be destroyed.
template <transport Transport>
class http1_connection {
 public:
  using channel_type = channel<typename Transport::stream_type>;

  http1_connection(channel_type bytes, const http1::limits& bounds) noexcept
      : channel_(std::move(bytes)), parser_(bounds) {}

  task<result<void>> send(request_view request, deadline<Transport>& limit) {
    answered_ = sent_ = false;
    closes_ = request.headers.has_element("connection", "close");  // RFC 9112, 9.6
    parser_.start(request.verb);
    const auto framing = request.content.empty()
                             ? http1::framing::none()
                             : http1::framing::content_length(request.content.size());
    auto written =
        http1::write_request_head(out_, request.verb, request.target, request.headers, framing);
    if (!written) {
      auto failed = pass(std::move(written));
      failed.error().replay(replay_safety::not_sent);
      co_return failed;
    }
    // Small content goes out with the head: one record, one segment, one call.
    auto rest = request.content;
    if (rest.size() <= joined_content) {
      out_.append(rest);
      rest = {};
    }
    const auto progress = [&limit](std::size_t size) { limit.progress(size); };
    auto sent = co_await channel_.write(out_.data(), limit.token(), progress);
    out_.clear();
    if (sent && !rest.empty()) sent = co_await channel_.write(rest, limit.token(), progress);
    sent_ = sent.has_value();
    co_return sent;
  }

  /// Waits for the final response's head; interim ones are skipped.
  task<result<void>> receive_head(deadline<Transport>& limit) {
    while (true) {
      auto step = co_await next_step(limit, false);
      if (!step) co_return pass(std::move(step));
      if (step->what == http1::response_parser::event::head) co_return result<void>();
    }
  }

  /// The next part of the content, valid until the next call; an empty one when it is complete.
  task<result<std::span<const std::byte>>> receive_body(deadline<Transport>& limit) {
    auto step = co_await next_step(limit, true);
    if (!step) co_return pass(std::move(step));
    co_return step->body;
  }

  http1::response_parser& parser() noexcept { return parser_; }

  /// True once a byte of the response has come in.
  bool answered() const noexcept { return answered_; }

  /// True after a complete exchange that leaves the connection in order (RFC 9112, 9.3): nothing
  /// half sent, nothing unasked received.
  bool reusable() noexcept { return sent_ && !closes_ && parser_.keep_alive() && pending_.empty(); }

  /// True while the idle connection can still be used.
  bool usable() noexcept { return channel_.idle(); }

  void close() noexcept { channel_.close(); }

 private:
  static constexpr std::size_t joined_content = 16 * 1024;

  /// The parser's next event but `need_more`, reading as often as that takes.
  ///
  /// In the content each byte counts as progress, as a record of TLS may take its time. Before it
  /// none does that is not HTTP's: a session ticket is not the beginning of an answer.
  task<result<http1::response_parser::step>> next_step(deadline<Transport>& limit,
                                                       bool in_content) {
    const auto progress = [&limit, in_content](std::size_t size) {
      if (in_content) limit.progress(size);
    };
    using event = http1::response_parser::event;
    while (true) {
      auto step = parser_.parse(pending_);
      if (!step) co_return step;
      pending_ = pending_.subspan(step->consumed);
      if (step->what != event::need_more) co_return step;
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
      auto got = co_await channel_.receive(limit.token(), progress);
      if (!got) co_return pass(std::move(got));
      if (got->empty()) co_return parser_.end_of_stream();
      answered_ = true;
      if (!in_content) limit.progress(got->size());
      in_kept_ = !kept_.empty();
      if (in_kept_) kept_.append(*got);
      pending_ = in_kept_ ? kept_.data() : *got;
    }
  }

  channel_type channel_;
  http1::response_parser parser_;
  std::span<const std::byte> pending_;  // received, not yet used up: in the channel or in `kept_`
  bool in_kept_ = false;
  buffer kept_;
  buffer out_;
  bool answered_ = false;
  bool sent_ = false;
  bool closes_ = false;
};

}  // namespace cohttps::net
