// A request's way through redirections, connections and retries to its response.
#pragma once

#include <cohttps/client/client.hpp>
#include <cohttps/client/options.hpp>
#include <cohttps/client/request.hpp>
#include <cohttps/client/response.hpp>
#include <cohttps/client/response_stream.hpp>
#include <cohttps/http/basic.hpp>
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
class exchange final : public open_exchange {
 public:
  exchange(std::shared_ptr<client_state<Transport>> client, request r)
      : client_(std::move(client)),
        request_(std::move(r)),
        limit_(client_->deadlines, request_.timeout ? request_.timeout : client_->options.timeout,
               request_.stop, request_.race),
        started_(limit_.now()) {}
  exchange(const exchange&) = delete;
  exchange& operator=(const exchange&) = delete;

  /// Follows redirections and repeats what may be repeated.
  task<result<void>> open() {
    if (!request_.url) co_return std::unexpected(about(std::move(request_.url).error()));
    state_.url = *std::move(request_.url);
    add_client_fields();
    if (auto valid = request_.headers.validate(); !valid)
      co_return std::unexpected(about(std::move(valid).error()));
    if (limit_.stop().stop_requested())
      co_return std::unexpected(
          about(error(error_category::canceled, "canceled", "the operation was canceled")));
    auto opened = co_await follow();
    if (!opened) co_return std::unexpected(about(std::move(opened).error()));
    limit_.leave_race();
    co_return opened;
  }

  task<result<std::span<const std::byte>>> read() override {
    if (failed_) co_return std::unexpected(*failed_);
    if (!connection_) co_return std::span<const std::byte>();
    // The limit counts while the peer is waited for, not while the caller uses what it got.
    limit_.enter(phase::receive_body, reading_limit_);
    auto part = co_await connection_->http.receive_body(limit_);
    if (!part) {
      failed_ = about(failure(std::move(part).error()));
      connection_.reset();
      co_return std::unexpected(*failed_);
    }
    limit_.enter(phase::receive_body, {});
    if (part->empty()) finish();
    co_return part;
  }

  task<result<response>> collect() {
    if (auto opened = co_await open(); !opened) co_return pass(std::move(opened));
    std::string content;
    if (auto received = co_await receive_content(content); !received)
      co_return std::unexpected(about(std::move(received).error()));
    co_return response(std::move(state_), std::move(content));
  }

 private:
  using connection_ptr = std::unique_ptr<net::connection<Transport>>;

  const cohttps::url& here() const noexcept { return *state_.url; }

  task<result<void>> follow() {
    const std::size_t most = request_.max_redirects.value_or(client_->options.max_redirects);
    while (true) {
      if (auto sent = co_await send(); !sent) co_return sent;
      if (most == 0) co_return result<void>();
      auto next = follow_redirect(here(), request_.method, state_.head.status, state_.head.headers);
      if (!next) co_return pass(std::move(next));
      if (!*next) co_return result<void>();
      redirection& redirect = **next;
      if (state_.history.size() == most)
        co_return fail(error_category::limit, "too_many_redirects",
                       "the server redirected more than " + std::to_string(most) +
                           " times; the last place was " + redirect.to.origin().text());
      if (auto drained = co_await drain(); !drained) co_return drained;
      state_.history.push_back({state_.head.status, here()});
      strip_for_redirect(request_.headers, redirect);
      if (!redirect.keeps_content) request_.content.clear();
      request_.method = redirect.method;
      state_.url = std::move(redirect.to);
    }
  }

  /// One request, sent again on a new connection when a kept one turned out to be dead and that
  /// cannot do its work twice.
  task<result<void>> send() {
    auto tls = tls_for(here());
    if (!tls) co_return pass(std::move(tls));
    // A redirection to another origin has taken the last one's away.
    if (!request_.headers.contains("host"))
      request_.headers.append_unchecked("host", here().authority());
    origin_ = here().origin();
    state_.timings = {};

    connection_ = client_->idle.take(origin_, limit_.now());
    if (connection_) {
      auto answered = co_await attempt();
      if (answered || !may_repeat(answered.error())) co_return answered;
      connection_.reset();
    }
    net::connect_timings took;
    auto fresh = co_await net::connect(origin_, *tls, client_->connecting, limit_, took);
    if (!fresh) co_return pass(std::move(fresh));
    connection_ = *std::move(fresh);
    state_.timings.resolve = took.resolve;
    state_.timings.connect = took.connect;
    state_.timings.tls = took.tls;
    co_return co_await attempt();
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
  task<result<void>> attempt() {
    auto& http = connection_->http;
    const auto idle = client_->options.timeouts.idle;
    state_.on_reused_connection = connection_->exchanges > 0;
    const time_point started = limit_.now();

    const bool sent_before = std::exchange(sent_any_, true);
    limit_.enter(phase::send, idle);
    auto sent = co_await http.send({request_.method, here().target(), request_.headers,
                                    std::as_bytes(std::span(request_.content))},
                                   limit_);
    // A server may answer and close before it has read all: its answer counts.
    const bool maybe_answered = !sent && !request_.content.empty() &&
                                sent.error().category() == error_category::peer_closed;
    if (!sent && sent.error().category() == error_category::usage) sent_any_ = sent_before;
    if (!sent && !maybe_answered) co_return std::unexpected(failure(std::move(sent).error()));

    limit_.enter(phase::receive_head, idle);
    auto answered = co_await http.receive_head(limit_);
    if (!answered) co_return std::unexpected(failure(std::move(sent ? answered : sent).error()));
    answered_at_ = limit_.now();
    state_.timings.first_byte = answered_at_ - started;
    state_.head = http.parser().take_head();
    state_.content_length = http.parser().content_length();
    state_.connection = connection_->info;
    limit_.enter(phase::receive_body, {});
    co_return result<void>();
  }

  /// RFC 9110, 9.2.2: what was sent on a connection that died without a word may be sent again only
  /// when doing it twice is the same as doing it once.
  bool may_repeat(const error& e) const noexcept {
    return e.category() == error_category::peer_closed && !connection_->http.answered() &&
           request_.method.is_idempotent();
  }

  /// The response is complete: its connection can carry another one.
  void finish() {
    const time_point now = limit_.now();
    state_.timings.content = now - answered_at_;
    state_.timings.total = now - started_;
    state_.trailers = connection_->http.parser().trailers();
    state_.complete = true;
    ++connection_->exchanges;
    if (connection_->http.reusable()) client_->idle.give_back(origin_, std::move(connection_), now);
    connection_.reset();
  }

  /// Reads away a redirection's content, when it is little and comes soon, so that its connection
  /// is kept; otherwise closes it.
  task<result<void>> drain() {
    const time_point begun = limit_.now();
    reading_limit_ = drain_time;
    std::size_t drained = 0;
    while (connection_ && drained <= drain_limit && limit_.now() - begun < drain_time) {
      auto part = co_await read();
      if (part) drained += part->size();
    }
    // What went wrong with content that nobody wants is no matter, unless it ends the operation.
    if (limit_.stop().stop_requested() && !limit_.forgive()) co_return std::unexpected(*failed_);
    failed_.reset();
    connection_.reset();
    reading_limit_ = client_->options.timeouts.idle;
    state_.complete = false;
    state_.trailers.clear();
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
      if (*state_.content_length > most) co_return too_large();
      // What a peer claims is believed only as far as it costs little.
      content.reserve(static_cast<std::size_t>(
          std::min<std::uint64_t>(*state_.content_length, believed_length)));
    }
    while (true) {
      auto part = co_await read();
      if (!part) co_return pass(std::move(part));
      if (part->empty()) co_return result<void>();
      if (part->size() > most - content.size()) co_return too_large();
      content.append(reinterpret_cast<const char*>(part->data()), part->size());
    }
  }

  /// Adds the client's fields where the request has none of that name. Once: what a redirection
  /// takes away does not come back.
  void add_client_fields() {
    const client_options& options = client_->options;
    fields& all = request_.headers;
    const std::size_t own = all.size();
    const auto has = [&](std::string_view name) {
      for (std::size_t i = 0; i < own; ++i)
        if (ascii::iequals(all[i].name, name)) return true;
      return false;
    };
    for (const field f : options.headers)
      if (!has(f.name)) all.append_unchecked(f.name, f.value);
    if (!options.user_agent.empty() && !all.contains("user-agent"))
      all.append_unchecked("user-agent", options.user_agent);
    if (!all.contains("accept")) all.append_unchecked("accept", "*/*");
    // RFC 7617, 2: a URL with a name and password asks for Basic authentication.
    if (here().has_credentials() && !all.contains("authorization"))
      all.append_unchecked("authorization", basic_credentials(percent_decode(here().username()),
                                                              percent_decode(here().password())));
  }

  error failure(error e) {
    return limit_.explain(std::move(e)).on_reused_connection(state_.on_reused_connection);
  }
  error about(error e) {
    if (state_.url && e.subject().empty()) e.subject(here().origin().text());
    // Of a chain of redirections, too, the first request may have been acted on.
    e.replay(sent_any_ ? replay_safety::maybe_processed : replay_safety::not_sent);
    return e;
  }

  static constexpr std::size_t believed_length = 1024 * 1024;
  static constexpr std::size_t drain_limit = 64 * 1024;
  static constexpr net::duration drain_time = std::chrono::seconds(1);

  std::shared_ptr<client_state<Transport>> client_;
  request request_;
  net::deadline<Transport> limit_;
  time_point started_;
  origin origin_;
  connection_ptr connection_;
  time_point answered_at_{};
  std::optional<net::duration> reading_limit_ = client_->options.timeouts.idle;
  std::optional<error> failed_;
  bool sent_any_ = false;  // a byte of a request may have reached a server
};

namespace detail {

inline constexpr char awaited_twice[] = "an operation was awaited twice; call the client again";

template <transport Transport>
task<result<response>> collect(std::shared_ptr<client_state<Transport>> client, request r) {
  if (!client) co_return fail(error_category::usage, "awaited_twice", awaited_twice);
  exchange<Transport> whole(std::move(client), std::move(r));
  co_return co_await whole.collect();
}

template <transport Transport>
task<result<response_stream>> open(std::shared_ptr<client_state<Transport>> client, request r) {
  if (!client) co_return fail(error_category::usage, "awaited_twice", awaited_twice);
  auto begun = std::make_unique<exchange<Transport>>(std::move(client), std::move(r));
  if (auto opened = co_await begun->open(); !opened) co_return pass(std::move(opened));
  co_return response_stream(std::move(begun));
}

template <transport Transport>
Transport transport_of(client_state<Transport>& client) {
  return client.deadlines.transport();
}

}  // namespace detail

template <transport Transport>
basic_client<Transport>::basic_client(Transport over, client_options options)
    : state_(std::make_shared<client_state<Transport>>(std::move(over), std::move(options))) {}

template <transport Transport>
void basic_client<Transport>::close_idle() noexcept {
  state_->idle.clear();
}

template <transport Transport>
std::size_t basic_client<Transport>::idle_connections() const noexcept {
  return state_->idle.size();
}

template <transport Transport>
request basic_client<Transport>::make_request(const method& verb, std::string_view url,
                                              const request_options& options) {
  const auto content = options.content.bytes();
  return {verb,
          cohttps::url::parse(url),
          options.headers.copy(),
          std::string(reinterpret_cast<const char*>(content.data()), content.size()),
          options.timeout,
          options.max_redirects,
          options.max_content,
          options.stop};
}

}  // namespace cohttps
