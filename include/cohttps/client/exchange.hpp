// A request's way through redirections, connections and retries to its response.
#pragma once

#include <cohttps/client/client_state.hpp>
#include <cohttps/client/decoding.hpp>
#include <cohttps/client/options.hpp>
#include <cohttps/client/remote_stop.hpp>
#include <cohttps/client/request.hpp>
#include <cohttps/client/request_fields.hpp>
#include <cohttps/client/response.hpp>
#include <cohttps/client/response_stream.hpp>
#include <cohttps/client/retry.hpp>
#include <cohttps/client/way.hpp>
#include <cohttps/http/redirect.hpp>
#include <cohttps/net/connector.hpp>
#include <cohttps/net/deadline.hpp>
#include <cohttps/net/observer.hpp>
#include <cohttps/pool/pool.hpp>
#include <cohttps/task/task.hpp>
#include <cohttps/tls/random.hpp>
#include <cohttps/transport/sleep.hpp>
#include <cohttps/url/url.hpp>

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace cohttps {

/// One call of the client: `open` until the final response's head is there, then `read` until it
/// gives nothing; or `connect` for no request at all. Not movable: deadlines and waits point into
/// it.
template <transport Transport>
class exchange final : public open_exchange {
 public:
  exchange(std::shared_ptr<client_state<Transport>> client, request r)
      : client_(std::move(client)),
        request_(std::move(r)),
        limit_(client_->deadlines, request_.timeout ? request_.timeout : client_->options.timeout,
               request_.stop, request_.race),
        remote_(client_->transport(), request_.remote, limit_.entry()),
        started_(limit_.now()) {
    client_->operations.begin();
  }
  exchange(const exchange&) = delete;
  exchange& operator=(const exchange&) = delete;
  ~exchange() override { end(); }

  /// Follows redirections and repeats what may be repeated.
  task<result<void>> open() {
    const at_work working(client_->operations);
    auto opened = co_await begin();
    if (opened) opened = co_await follow();
    if (opened && decodes_) opened = decoding_.start(state_.head.headers, {});
    if (opened && decoding_.active()) state_.content_length.reset();
    if (!opened) co_return std::unexpected(ended(std::move(opened).error()));
    co_return opened;
  }

  /// What comes now is no part of the race any more.
  void leave_race() noexcept { limit_.leave_race(); }

  task<result<std::span<const std::byte>>> read() override {
    const at_work working(client_->operations);
    if (failed_) co_return std::unexpected(*failed_);
    if (!connection_) co_return std::span<const std::byte>();
    // The limits count while the peer is waited for, not while the caller uses what it got.
    limit_.resume();
    reading guard{*this};
    auto part = co_await next_part();
    guard.over = true;
    if (!part) {
      connection_ = {};
      failed_ = ended(failure(std::move(part).error()));
      co_return std::unexpected(*failed_);
    }
    limit_.rest();
    if (part->empty()) finish();
    co_return part;
  }

  /// For content that is collected: its source has to keep up the client's minimum rate.
  void demand_rate() noexcept {
    if (!request_.minimum_rate) request_.minimum_rate = limits().minimum_rate;
  }

  /// Ends the operation with an error that was found by who reads the content.
  error give_up(error e) { return ended(failure(std::move(e))); }

  std::size_t max_content() const noexcept {
    return request_.max_content.value_or(options().max_content);
  }
  /// False where the fields speak of content that does not come, as in an answer to HEAD.
  bool has_content() const noexcept {
    return connection_ &&
           connection_->http.parser().body_delimiter() == http1::delimiter::content_length;
  }
  exchange_state&& take_state() noexcept { return std::move(state_); }

  /// Makes a connection and leaves it to the pool.
  task<result<connection_info>> connect() {
    const at_work working(client_->operations);
    auto opened = co_await begin();
    if (opened) opened = choose_way();
    if (opened) opened = co_await acquire(true);
    if (!opened) co_return std::unexpected(ended(std::move(opened).error()));
    connection_info info = *connection_->info;
    connection_.give_back();
    end();
    co_return info;
  }

 private:
  using at_work = typename activity<Transport>::guard;

  /// Received and, where it is coded, decoded.
  task<result<std::span<const std::byte>>> next_part() {
    while (true) {
      if (decoding_.active()) {
        auto decoded = decoding_.next();
        if (!decoded || !decoded->empty()) co_return decoded;
      }
      auto received = co_await connection_->http.receive_body(limit_);
      if (!received || !decoding_.active()) co_return received;
      if (!received->empty()) {
        decoding_.give(*received);
        continue;
      }
      if (auto whole = decoding_.finish(); !whole) co_return pass(std::move(whole));
      co_return received;
    }
  }

  /// A read whose coroutine is destroyed while it waits may have taken bytes that nobody gets.
  struct reading {
    explicit reading(exchange& e) noexcept : of(e) {}
    reading(const reading&) = delete;
    reading& operator=(const reading&) = delete;
    ~reading() {
      if (!over) of.give_up_reading();
    }
    exchange& of;
    bool over = false;
  };
  void give_up_reading() {
    connection_ = {};
    limit_.rest();
    failed_ =
        ended({error_category::usage, "read_abandoned",
               "a read of this content was given up while it waited; the rest cannot be read"});
  }

  const cohttps::url& here() const noexcept { return *state_.url; }
  const client_options& options() const noexcept { return client_->options; }
  const timeouts& limits() const noexcept { return client_->options.timeouts; }
  Transport& transport() noexcept { return client_->transport(); }

  task<result<void>> begin() {
    if (!request_.url) co_return std::unexpected(std::move(request_.url).error());
    state_.url = *std::move(request_.url);
    if (client_->closed)
      co_return fail(error_category::usage, "client_closed",
                     "the client was closed; it takes no more requests");
    add_client_fields(request_.headers, options(), here());
    decodes_ = options().decode_content && add_accept_encoding(request_.headers);
    add_content_type(request_.headers, request_.content.media_type());
    if (auto valid = request_.headers.validate(); !valid) co_return valid;
    if (limit_.stop_requested()) co_return std::unexpected(canceled());
    client_->budget.add_request();
    co_return result<void>();
  }

  task<result<void>> follow() {
    const std::size_t most = request_.max_redirects.value_or(options().max_redirects);
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
      net::observe(transport(), events::redirected{state_.head.status, here(), redirect.to});
      if (auto drained = co_await drain(); !drained) co_return drained;
      state_.history.push_back({state_.head.status, here()});
      strip_for_redirect(request_.headers, redirect);
      if (std::exchange(own_key_, false)) request_.headers.erase("idempotency-key");
      if (!redirect.keeps_content) request_.content = {};
      if (!request_.content.rewind())
        co_return fail(error_category::policy, "content_not_repeatable",
                       "the redirection wants the content again, which can be given only once; it "
                       "was not followed");
      request_.method = redirect.method;
      state_.url = std::move(redirect.to);
    }
  }

  /// One request of the chain, sent as often as the client's options allow.
  task<result<void>> send() {
    if (auto chosen = choose_way(); !chosen) co_return chosen;
    // A redirection to another origin has taken the last one's away.
    if (!request_.headers.contains("host"))
      request_.headers.append_unchecked("host", here().authority());
    if (options().retry.idempotency_key) add_idempotency_key();
    retry_schedule schedule(options().retry);
    while (true) {
      schedule.begin_attempt();
      auto answered = co_await send_once(schedule.attempts());
      if (!answered) answered.error().replay(replay_of(answered.error(), sent_));
      const auto random = [] { return std::bit_cast<std::uint32_t>(tls::random_bytes<4>()); };
      const auto delay = schedule.next(outcome_of(answered), client_->budget, random,
                                       std::chrono::system_clock::now());
      if (!delay) co_return answered;
      if (limit_.stop_requested() && !limit_.forgive()) co_return answered;
      net::observe(transport(), events::retrying{schedule.attempts() + 1, *delay,
                                                 answered ? nullptr : &answered.error(),
                                                 answered ? state_.head.status : 0});
      if (answered) answered = co_await drain();
      if (!answered && limit_.stop_requested()) co_return answered;
      connection_ = {};
      limit_.enter(phase::none, std::nullopt);
      const bool slept = co_await sleep_for(transport(), *delay, limit_.token());
      if (!slept) co_return std::unexpected(failure(canceled()));
    }
  }

  /// Over a kept connection, and over a new one when that turned out to be dead and the request
  /// cannot do its work twice; or at once over a new one.
  task<result<void>> send_once(std::size_t attempt) {
    state_.timings = {};
    sent_ = false;
    state_.on_reused_connection = false;
    bool fresh = false;
    while (true) {
      if (auto acquired = co_await acquire(fresh); !acquired) co_return acquired;
      net::observe(transport(),
                   events::sending{request_.method, here(), request_.headers, attempt});
      auto answered = co_await ask();
      if (answered && way_.login() && state_.head.status == 407) {
        answered = way_.login()->challenged(state_.head.headers);
        if (answered) answered = co_await drain();
        if (!answered) co_return answered;
        fresh = false;
        continue;
      }
      // RFC 9110, 15.5.18: a server that knows no expectation gets the request without one.
      if (answered && state_.head.status == 417 && expects_continue() &&
          request_.content.rewind()) {
        refuses_expect_ = true;
        answered = co_await drain();
        if (!answered) co_return answered;
        continue;
      }
      if (answered || !lost_unanswered(answered.error())) co_return answered;
      connection_ = {};
      fresh = true;
    }
  }

  /// Gets a connection from the pool, or makes one for it.
  task<result<void>> acquire(bool fresh) {
    limit_.enter(phase::queue, limits().queue);
    const time_point asked = limit_.now();
    auto leased = co_await client_->connections.acquire(way_.key(), fresh, limit_.token());
    if (!leased) co_return std::unexpected(failure(std::move(leased).error()));
    connection_ = *std::move(leased);
    state_.timings.queue = limit_.now() - asked;
    net::observe(transport(),
                 events::assigned{way_.key().to, connection_.connected(), state_.timings.queue});
    state_.on_reused_connection = connection_.connected();
    if (connection_.connected()) co_return result<void>();

    net::connect_timings took;
    auto made = co_await net::connect(way_.route(), client_->connecting, limit_, took);
    if (!made) {
      connection_ = {};
      co_return pass(std::move(made));
    }
    connection_.opened(*std::move(made));
    state_.timings.resolve = took.resolve;
    state_.timings.connect = took.connect;
    state_.timings.tunnel = took.tunnel;
    state_.timings.tls = took.tls;
    co_return result<void>();
  }

  result<void> choose_way() {
    return way_.choose(here(), client_->options, client_->connecting_to_proxy);
  }

  /// Sends the request over `connection_` and waits for the head.
  task<result<void>> ask() {
    auto& http = connection_->http;
    const time_point started = limit_.now();

    std::string absolute;
    if (way_.login())
      if (auto shown = way_.show_login(request_, here(), absolute); !shown) co_return shown;
    const std::string_view target = absolute.empty() ? here().target() : absolute;
    const bool sent_before = std::exchange(sent_, true);
    const bool expects = expects_continue();
    if (expects) request_.headers.append_unchecked("expect", "100-continue");
    const net::request_view asked{request_.method,           target,
                                  request_.headers,          request_.content.memory(),
                                  request_.content.source(), expects};
    const net::exchange_paces paces{{{}, limits().idle, limits().minimum_rate},
                                    {limits().first_byte, limits().idle, limits().minimum_rate}};
    auto answered = co_await http.ask(asked, paces, limit_);
    if (way_.login()) request_.headers.erase("proxy-authorization");
    if (expects) request_.headers.erase("expect");
    if (!answered && answered.error().replay() == replay_safety::not_sent) sent_ = sent_before;
    sent_any_ = sent_any_ || sent_;
    if (!answered) co_return std::unexpected(failure(std::move(answered).error()));
    answered_at_ = limit_.now();
    state_.timings.first_byte = answered_at_ - started;
    state_.head = http.parser().take_head();
    state_.content_length = http.parser().content_length();
    state_.connection = connection_->info;
    net::observe(transport(), events::received{state_.head.status, state_.head.headers,
                                               state_.timings.first_byte});
    limit_.enter(phase::receive_body, net::pace{{}, limits().idle, request_.minimum_rate});
    limit_.rest();
    co_return result<void>();
  }

  /// RFC 9110, 9.2.2: what was sent on a connection that died without a word may be sent again only
  /// when doing it twice is the same as doing it once.
  bool lost_unanswered(const error& e) noexcept {
    return e.category() == error_category::peer_closed && state_.on_reused_connection &&
           !connection_->http.answered() && may_repeat_work();
  }
  bool may_repeat_work() noexcept {
    return (request_.method.is_idempotent() || request_.headers.contains("idempotency-key")) &&
           request_.content.rewind();
  }
  bool expects_continue() const noexcept {
    return !refuses_expect_ && !request_.headers.contains("expect") &&
           request_.content.length().value_or(SIZE_MAX) > options().expect_continue_over;
  }
  attempt_outcome outcome_of(const result<void>& answered) noexcept {
    return {answered ? nullptr : &answered.error(), state_.head.status, &state_.head.headers,
            may_repeat_work()};
  }

  /// The response is complete: its connection can carry another one.
  void finish() {
    const time_point now = limit_.now();
    state_.timings.content = now - answered_at_;
    state_.timings.total = now - started_;
    state_.trailers = connection_->http.parser().trailers();
    state_.complete = true;
    ++connection_->exchanges;
    if (connection_->http.reusable()) connection_.give_back();
    connection_ = {};
    if (draining_) return;
    end();
    net::observe(transport(), events::completed{here(), state_.head.status, state_.timings.total});
  }

  /// Reads away content that nobody wants, when it is little and comes soon, so that its connection
  /// is kept; otherwise closes it.
  task<result<void>> drain() {
    const time_point begun = limit_.now();
    limit_.enter(phase::receive_body, drain_time);
    draining_ = true;
    std::size_t drained = 0;
    while (connection_ && drained <= drain_limit && limit_.now() - begun < drain_time) {
      auto part = co_await connection_->http.receive_body(limit_);
      if (!part) {
        // What went wrong with it is no matter, unless it ends the operation.
        if (limit_.stop_requested() && !limit_.forgive())
          co_return std::unexpected(failure(std::move(part).error()));
        break;
      }
      drained += part->size();
      if (part->empty()) finish();
    }
    draining_ = false;
    connection_ = {};
    state_.complete = false;
    state_.trailers.clear();
    co_return result<void>();
  }

  /// A key that nobody else has (RFC 9562's version 4), for work that must not be done twice.
  void add_idempotency_key() {
    if (request_.method.is_idempotent() || request_.headers.contains("idempotency-key")) return;
    request_.headers.append_unchecked("idempotency-key", random_uuid(tls::random_bytes<16>()));
    own_key_ = true;
  }

  static error canceled() {
    return {error_category::canceled, "canceled", "the operation was canceled"};
  }
  error failure(error e) {
    return limit_.explain(std::move(e)).on_reused_connection(state_.on_reused_connection);
  }
  static replay_safety replay_of(const error& e, bool sent) noexcept {
    if (e.replay() == replay_safety::rejected) return replay_safety::rejected;
    return sent ? replay_safety::maybe_processed : replay_safety::not_sent;
  }
  /// The error as the caller gets it, once.
  error ended(error e) {
    if (!running_) return e;
    if (state_.url && e.subject().empty()) e.subject(here().origin().text());
    // Of a chain of redirections, too, the first request may have been acted on.
    e.replay(replay_of(e, sent_any_));
    connection_ = {};
    end();
    net::observe(transport(), events::failed{e});
    return e;
  }
  void end() noexcept {
    if (std::exchange(running_, false)) client_->operations.end();
  }

  static constexpr std::size_t drain_limit = 64 * 1024;
  static constexpr net::duration drain_time = std::chrono::seconds(1);

  std::shared_ptr<client_state<Transport>> client_;
  request request_;
  net::deadline<Transport> limit_;
  remote_stop<Transport> remote_;
  time_point started_;
  way way_;
  pool::lease<Transport> connection_;
  time_point answered_at_{};
  decoding decoding_;
  std::optional<error> failed_;
  bool sent_ = false;      // a byte of the last attempt may have reached a server
  bool sent_any_ = false;  // or of one before it
  bool draining_ = false;
  bool decodes_ = false;  // codings were asked for by us, not by the caller
  bool own_key_ = false;  // the Idempotency-Key is this exchange's, for the place it goes to now
  bool refuses_expect_ = false;
  bool running_ = true;
};

}  // namespace cohttps
