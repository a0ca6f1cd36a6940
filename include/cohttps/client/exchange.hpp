// A request's way through redirections, connections and retries to its response.
#pragma once

#include <cohttps/client/options.hpp>
#include <cohttps/client/response.hpp>
#include <cohttps/core/base64.hpp>
#include <cohttps/http/redirect.hpp>
#include <cohttps/net/connector.hpp>
#include <cohttps/net/deadline.hpp>
#include <cohttps/pool/idle_pool.hpp>
#include <cohttps/task/task.hpp>
#include <cohttps/url/percent_encoding.hpp>
#include <cohttps/url/url.hpp>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace cohttps {

/// A request that owns its parts.
struct request {
  cohttps::method method;
  result<cohttps::url> url;  ///< a URL that could not be parsed fails when the request is sent
  fields headers;
  std::string content;
  std::optional<std::chrono::nanoseconds> timeout;
  std::optional<std::size_t> max_redirects;
  std::optional<std::size_t> max_content;
  stop_token stop;
};

/// What a client's operations share.
template <transport Transport>
struct client_state {
  client_state(Transport over, client_options chosen)
      : options(std::move(chosen)),
        connecting{options.timeouts.connect, options.timeouts.tls, options.resolve, options.limits},
        deadlines(std::move(over)),
        idle(options.pool) {}

  client_options options;
  net::connect_options connecting;
  net::deadline_queue<Transport> deadlines;
  pool::idle_pool<Transport> idle;
};

/// One call of the client: `open` until the final response's head is there, then `read` until it
/// gives nothing; or `collect` for both. Not movable: deadlines and waits point into it.
template <transport Transport>
class exchange {
 public:
  exchange(std::shared_ptr<client_state<Transport>> client, request r)
      : client_(std::move(client)),
        request_(std::move(r)),
        limit_(client_->deadlines, request_.timeout ? request_.timeout : client_->options.timeout,
               request_.stop),
        started_(limit_.now()) {}
  exchange(const exchange&) = delete;
  exchange& operator=(const exchange&) = delete;

  /// Follows redirections and repeats what may be repeated.
  task<result<void>> open() {
    if (!request_.url) co_return pass(std::move(request_.url));
    auto opened = co_await follow();
    if (!opened) co_return std::unexpected(about(std::move(opened).error()));
    co_return opened;
  }

  /// The next part of the content, valid until the next call; an empty one at its end, when the
  /// connection has gone back.
  task<result<std::span<const std::byte>>> read() {
    if (!connection_) co_return std::span<const std::byte>();
    auto part = co_await connection_->http.receive_body(limit_);
    if (!part) {
      error e = failure(std::move(part).error());
      connection_.reset();
      co_return std::unexpected(about(std::move(e)));
    }
    if (part->empty()) finish();
    co_return part;
  }

  task<result<response>> collect() {
    if (auto opened = co_await open(); !opened) co_return pass(std::move(opened));
    response out;
    if (auto content = co_await receive_content(out.content_); !content)
      co_return std::unexpected(about(std::move(content).error()));
    out.head_ = std::move(head_);
    out.trailers_ = std::move(trailers_);
    out.url_ = *std::move(request_.url);
    out.history_ = std::move(history_);
    out.connection_ = std::move(info_);
    out.reused_ = reused_;
    out.timings_ = timings_;
    co_return out;
  }

  // Known once open.
  const response_head& head() const noexcept { return head_; }
  const cohttps::url& url() const noexcept { return *request_.url; }
  const std::vector<redirect_hop>& history() const noexcept { return history_; }
  const connection_info& connection() const noexcept { return *info_; }
  bool on_reused_connection() const noexcept { return reused_; }
  std::optional<std::uint64_t> content_length() const noexcept { return content_length_; }

  // Known once read to the end.
  bool complete() const noexcept { return complete_; }
  const fields& trailers() const noexcept { return trailers_; }
  const cohttps::timings& timings() const noexcept { return timings_; }

 private:
  using connection_ptr = std::unique_ptr<net::connection<Transport>>;

  task<result<void>> follow() {
    const std::size_t most = request_.max_redirects.value_or(client_->options.max_redirects);
    while (true) {
      if (auto sent = co_await send(); !sent) co_return sent;
      if (most == 0) co_return result<void>();
      auto next = follow_redirect(url(), request_.method, head_.status, head_.headers);
      if (!next) co_return pass(std::move(next));
      if (!*next) co_return result<void>();
      redirection& redirect = **next;
      if (history_.size() == most)
        co_return fail(error_category::limit, "too_many_redirects",
                       "the server redirected more than " + std::to_string(most) +
                           " times; the last place was " + redirect.to.origin().text());
      if (auto drained = co_await drain(); !drained) co_return drained;
      history_.push_back({head_.status, url()});
      strip_for_redirect(request_.headers, redirect);
      if (!redirect.keeps_content) request_.content.clear();
      request_.method = redirect.method;
      request_.url = std::move(redirect.to);
    }
  }

  /// One request, sent again on a new connection when a kept one turned out to be dead and that
  /// cannot do its work twice.
  task<result<void>> send() {
    auto tls = tls_for(url());
    if (!tls) co_return pass(std::move(tls));
    const fields headers = complete_headers();
    origin_ = url().origin();
    timings_ = {};

    connection_ = client_->idle.take(origin_, limit_.now());
    if (connection_) {
      auto answered = co_await attempt(headers);
      if (answered || !may_repeat(answered.error())) co_return answered;
      connection_.reset();
    }
    net::connect_timings took;
    auto fresh = co_await net::connect(origin_, *tls, client_->connecting, limit_, took);
    if (!fresh) co_return pass(std::move(fresh));
    connection_ = *std::move(fresh);
    timings_.resolve = took.resolve;
    timings_.connect = took.connect;
    timings_.tls = took.tls;
    co_return co_await attempt(headers);
  }

  /// Null for http, where it is allowed.
  result<const tls_context*> tls_for(const cohttps::url& to) {
    client_options& options = client_->options;
    if (to.scheme() == "https") {
      if (!options.tls) {
        auto context = tls_context::system();
        if (!context) return pass(std::move(context));
        options.tls = *std::move(context);
      }
      return &*options.tls;
    }
    if (options.allow_plaintext) return nullptr;
    return std::unexpected(
        error(error_category::policy, "plaintext_refused",
              "http is not encrypted; use https, or set client_options::allow_plaintext")
            .replay(replay_safety::not_sent));
  }

  /// Sends the request over `connection_` and waits for the head.
  task<result<void>> attempt(const fields& headers) {
    auto& http = connection_->http;
    const auto idle = client_->options.timeouts.idle;
    reused_ = connection_->exchanges > 0;
    const time_point started = limit_.now();

    limit_.enter(phase::send, idle);
    auto sent = co_await http.send(
        {request_.method, url().target(), headers, std::as_bytes(std::span(request_.content))},
        limit_);
    // A server may answer and close before it has read all: its answer counts.
    const bool maybe_answered = !sent && !request_.content.empty() &&
                                sent.error().category() == error_category::peer_closed;
    if (!sent && !maybe_answered) co_return std::unexpected(failure(std::move(sent).error()));

    limit_.enter(phase::receive_head, idle);
    auto answered = co_await http.receive_head(limit_);
    if (!answered) co_return std::unexpected(failure(std::move(sent ? answered : sent).error()));
    answered_at_ = limit_.now();
    timings_.first_byte = answered_at_ - started;
    head_ = http.parser().take_head();
    content_length_ = http.parser().content_length();
    info_ = connection_->info;
    limit_.enter(phase::receive_body, idle);
    co_return result<void>();
  }

  /// RFC 9110, 9.2.2: what was sent on a connection that died without a word may be sent again only
  /// when doing it twice is the same as doing it once.
  bool may_repeat(const error& e) const noexcept {
    return e.category() == error_category::peer_closed && !connection_->http.answered() &&
           (request_.method.is_idempotent() || e.replay() == replay_safety::not_sent);
  }

  /// The response is complete: its connection can carry another one.
  void finish() {
    const time_point now = limit_.now();
    timings_.content = now - answered_at_;
    timings_.total = now - started_;
    trailers_ = connection_->http.parser().trailers();
    complete_ = true;
    ++connection_->exchanges;
    if (connection_->http.reusable()) client_->idle.give_back(origin_, std::move(connection_), now);
    connection_.reset();
  }

  /// Reads away a redirection's content, when it is little, so that its connection is kept.
  task<result<void>> drain() {
    std::size_t drained = 0;
    while (connection_ && drained <= drain_limit) {
      auto part = co_await read();
      if (!part) co_return pass(std::move(part));
      drained += part->size();
    }
    connection_.reset();
    complete_ = false;
    co_return result<void>();
  }

  task<result<void>> receive_content(std::string& content) {
    const std::size_t most = request_.max_content.value_or(client_->options.max_content);
    const auto too_large = [&] {
      return std::unexpected(
          failure(error(error_category::limit, "content_too_large",
                        "the response's content is larger than the " + std::to_string(most) +
                            " bytes that max_content allows")));
    };
    if (connection_->http.parser().body_delimiter() == http1::delimiter::content_length) {
      if (*content_length_ > most) co_return too_large();
      // What a peer claims is believed only as far as it costs little.
      content.reserve(
          static_cast<std::size_t>(std::min<std::uint64_t>(*content_length_, believed_length)));
    }
    while (true) {
      auto part = co_await read();
      if (!part) co_return pass(std::move(part));
      if (part->empty()) co_return result<void>();
      if (part->size() > most - content.size()) co_return too_large();
      content.append(reinterpret_cast<const char*>(part->data()), part->size());
    }
  }

  /// The request's own fields, and the client's where it has none of that name.
  fields complete_headers() const {
    const client_options& options = client_->options;
    fields all;
    if (!request_.headers.contains("host")) all.append_unchecked("host", url().authority());
    for (const field f : request_.headers) all.append_unchecked(f.name, f.value);
    for (const field f : options.headers)
      if (!request_.headers.contains(f.name)) all.append_unchecked(f.name, f.value);
    if (!options.user_agent.empty() && !all.contains("user-agent"))
      all.append_unchecked("user-agent", options.user_agent);
    if (!all.contains("accept")) all.append_unchecked("accept", "*/*");
    // RFC 7617, 2: a URL with a name and password asks for Basic authentication.
    if (url().has_credentials() && !all.contains("authorization"))
      all.append_unchecked("authorization",
                           "Basic " + to_base64(percent_decode(url().username()) + ":" +
                                                percent_decode(url().password())));
    return all;
  }

  error failure(error e) { return limit_.explain(std::move(e)).on_reused_connection(reused_); }
  error about(error e) {
    if (e.subject().empty()) e.subject(url().origin().text());
    return e;
  }

  static constexpr std::size_t believed_length = 1024 * 1024;
  static constexpr std::size_t drain_limit = 64 * 1024;

  std::shared_ptr<client_state<Transport>> client_;
  request request_;
  net::deadline<Transport> limit_;
  time_point started_;
  origin origin_;
  connection_ptr connection_;
  response_head head_;
  fields trailers_;
  std::vector<redirect_hop> history_;
  std::shared_ptr<const connection_info> info_;
  std::optional<std::uint64_t> content_length_;
  cohttps::timings timings_;
  time_point answered_at_{};
  bool reused_ = false;
  bool complete_ = false;
};

}  // namespace cohttps
