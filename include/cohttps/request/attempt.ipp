// Definitions for attempt.hpp.
#pragma once

#include <cohttps/request/attempt.hpp>

namespace cohttps::detail {

COHTTPS_DEF result<void> attempt::choose_route() {
  const bool named = state_.history.empty() ||
                     state_.history.front().from.origin() == here().origin() ||
                     options().redirects_keep_credentials;
  auto chosen = detail::choose_route(here(), client_.options, client_.contexts, named);
  if (!chosen) return pass(std::move(chosen));
  route_ = *std::move(chosen);
  login_ = route_.kind == route_kind::forward ? route_.via->login() : nullptr;
  if (upgrades_by_http1() || client_.only_http1.contains(here().origin()))
    return restrict_to_http1(route_);
  return {};
}

COHTTPS_DEF task<result<connection_info>> attempt::connect() {
  if (auto acquired = co_await acquire(true); !acquired) co_return pass(std::move(acquired));
  connection_info info = *connection_->info;
  connection_.give_back();
  co_return info;
}

COHTTPS_DEF void attempt::begin() noexcept {
  state_.timings = {};
  state_.on_reused_connection = false;
  sent_ = had_connection_ = false;
}

COHTTPS_DEF task<result<void>> attempt::send(std::size_t number, bool fresh) {
  had_connection_ = left_alternative_ = false;
  if (auto acquired = co_await acquire(fresh); !acquired) co_return acquired;
  if (!upgrade_to_.empty() && connection_->has_streams()) {
    auto able = co_await check_extended_connect();
    if (!able) co_return pass(std::move(able));
    if (!*able)
      if (auto acquired = co_await acquire(fresh); !acquired) co_return acquired;
  }
  had_connection_ = true;
  co_return co_await ask(number);
}

COHTTPS_DEF resend_facts attempt::facts(const error* failed) const noexcept {
  resend_facts f;
  f.repeatable_content = request_.content.can_rewind();
  f.repeatable_work =
      request_.method.is_idempotent() || request_.headers.contains("idempotency-key");
  f.reused_connection = state_.on_reused_connection;
  f.http2 = over_http2();
  f.by_other_server = coalesced_ || left_alternative_;
  f.expected_continue = expects_continue();
  f.proxy_answerable = login_ != nullptr;
  if (!failed) {
    f.status = state_.head.status;
    return f;
  }
  f.cause = failure_of(*failed, had_connection_);
  f.replay = failed->replay();
  f.replay_of_attempt = replay_of(*failed);
  f.response_began = http_ && http_->answered();
  f.refused_often = refusals_ >= most_refusals && !came_too_late(*failed);
  return f;
}

COHTTPS_DEF result<void> attempt::take_proxy_challenge() {
  return login_->challenged(state_.head.headers);
}

COHTTPS_DEF void attempt::coalesce_no_more() {
  if (coalesced_) client_.misdirected.insert(here().origin());
}

COHTTPS_DEF result<void> attempt::use_http1() {
  client_.only_http1.insert(here().origin());
  return restrict_to_http1(route_);
}

COHTTPS_DEF task<result<void>> attempt::abandon_refused(const error& why) {
  if (!came_too_late(why)) ++refusals_;
  const bool again = refusals_ > 1 && !came_too_late(why);
  abandon();
  if (!again) co_return result<void>();
  limit_.enter(phase::none, {}, limit_.cached_now());
  const bool slept =
      co_await sleep_for(transport(), refusal_pause * (1 << refusals_), limit_.token());
  if (!slept) co_return std::unexpected(failure(canceled()));
  co_return result<void>();
}

COHTTPS_DEF task<result<std::span<const std::byte>>> attempt::receive() {
  auto part = co_await http_->receive_body(limit_);
  if (part) took(*part);
  co_return part;
}

COHTTPS_DEF std::optional<std::span<const std::byte>> attempt::receive_at_once() {
  const auto part = http_->receive_body_at_once();
  if (part) took(*part);
  return part;
}

COHTTPS_DEF task<result<std::span<const std::byte>>> attempt::receive_raw() {
  return http_->receive_raw(limit_.token());
}

COHTTPS_DEF task<result<void>> attempt::send_raw(std::span<const std::byte> bytes) {
  return http_->send_raw(bytes, limit_.token());
}

COHTTPS_DEF task<result<void>> attempt::drain() {
  const time_point begun = limit_.now();
  auto listener = std::exchange(request_.on_progress, {});  // do not report dropped content
  limit_.enter(phase::receive_body, drain_time);
  std::size_t drained = 0;
  while (connection_ && drained <= drain_limit && limit_.now() - begun < drain_time) {
    auto part = co_await receive();
    if (!part) {
      // An error does not matter, because the content is not needed, unless it ends the operation.
      if (limit_.stop_requested() && !limit_.forgive())
        co_return std::unexpected(failure(std::move(part).error()));
      break;
    }
    drained += part->size();
  }
  abandon();
  request_.on_progress = std::move(listener);
  state_.trailers.clear();
  co_return result<void>();
}

COHTTPS_DEF void attempt::hang_up() noexcept {
  if (connection_) http_->hang_up();
}

COHTTPS_DEF void attempt::abandon() noexcept {
  http_.reset();
  connection_ = {};
}

COHTTPS_DEF bool attempt::has_content() const noexcept { return http_ && http_->has_content(); }

COHTTPS_DEF replay_safety attempt::replay_of(const error& e) const noexcept {
  return replay_of(e, sent_);
}

COHTTPS_DEF replay_safety attempt::replay_of_all(const error& e) const noexcept {
  return replay_of(e, sent_any_);
}

COHTTPS_DEF error attempt::failure(error e) const {
  return limit_.explain(std::move(e)).on_reused_connection(state_.on_reused_connection);
}

COHTTPS_DEF task<result<void>> attempt::acquire(bool fresh) {
  coalesced_.reset();
  if (options().http2.coalesce) coalesced_ = co_await coalesced(client_, route_, limit_);
#ifdef COHTTPS_HAS_NGTCP2
  if (!coalesced_ && may_move_to_http3()) {
    auto moved = co_await move_to_http3();
    if (!moved) co_return pass(std::move(moved));
    if (*moved) co_return result<void>();
  }
#endif
  limit_.enter(phase::queue, limits().queue);
  const time_point asked = limit_.cached_now();
  if (coalesced_) {
    auto leased = co_await client_.connections.acquire(*coalesced_, fresh, limit_.token());
    if (leased && leased->connected())
      connection_ = *std::move(leased);
    else
      coalesced_.reset();  // the connection was closed in the meantime
  }
  if (!coalesced_) {
    auto leased = co_await client_.connections.acquire(route_, fresh, limit_.token());
    if (!leased) co_return std::unexpected(failure(std::move(leased).error()));
    connection_ = *std::move(leased);
  }
  state_.timings.queue = limit_.now() - asked;
  notify(options().observers, request_.observers, &observer::on_assigned,
         events::assigned{route_.to, connection_.connected(), state_.timings.queue});
  state_.on_reused_connection = connection_.connected();
  if (connection_.connected()) co_return result<void>();
  co_return co_await make_connection();
}

COHTTPS_DEF task<result<void>> attempt::make_connection() {
  connect_timings took;
#ifdef COHTTPS_HAS_NGTCP2
  http3_connector* http3 = options().http3.get();
  if (http3 && !http3->serves(route_, client_.connecting)) http3 = nullptr;
  // GCC before 13 destroys a temporary of such an expression twice if it is awaited itself.
  auto connecting = http3 ? http3->connect(route_, client_.connecting, limit_, took)
                          : detail::connect(route_, client_.connecting, limit_, took);
  auto made = co_await std::move(connecting);
#else
  auto made = co_await detail::connect(route_, client_.connecting, limit_, took);
#endif
  if (!made) {
    if (made.error().category() != error_category::canceled) connection_.failed();
    abandon();
    co_return pass(std::move(made));
  }
  connection_.opened(*std::move(made));
  take_timings(took);
  co_return result<void>();
}

COHTTPS_DEF void attempt::take_timings(const connect_timings& took) noexcept {
  (void)limit_.now();
  state_.timings.resolve = took.resolve;
  state_.timings.connect = took.connect;
  state_.timings.tunnel = took.tunnel;
  state_.timings.tls = took.tls;
}

#ifdef COHTTPS_HAS_NGTCP2
COHTTPS_DEF bool attempt::may_move_to_http3() const {
  http3_connector* http3 = options().http3.get();
  return http3 && upgrade_to_.empty() && client_.connections.lacks_preferred(route_) &&
         http3->knows(route_, client_.connecting);
}

COHTTPS_DEF task<result<bool>> attempt::move_to_http3() {
  auto leased = co_await client_.connections.acquire_preferred(route_, limit_.token());
  if (!leased) co_return std::unexpected(failure(std::move(leased).error()));
  connection_ = *std::move(leased);
  if (!connection_.connected()) {
    connect_timings took;
    auto made =
        co_await options().http3->connect_beside_tcp(route_, client_.connecting, limit_, took);
    if (!made) {
      abandon();
      if (limit_.stop_requested()) co_return std::unexpected(failure(std::move(made).error()));
      co_return false;
    }
    connection_.opened(*std::move(made));
    take_timings(took);
  }
  notify(options().observers, request_.observers, &observer::on_assigned,
         events::assigned{route_.to, state_.on_reused_connection, state_.timings.queue});
  co_return true;
}
#endif

COHTTPS_DEF bool attempt::upgrades_by_http1() const {
  return !upgrade_to_.empty() && options().versions != http_versions::http_2 &&
         options().versions != http_versions::http_3 &&
         !client_.connections.any_of(route_,
                                     [](const auto& c) { return c.takes_extended_connect(); });
}

COHTTPS_DEF task<result<bool>> attempt::check_extended_connect() {
  limit_.enter(phase::handshake, limits().tls);
  const bool known = co_await connection_->settings_known(limit_.token());
  if (!known) co_return std::unexpected(failure(canceled()));
  if (connection_->takes_extended_connect()) co_return true;
  connection_.give_back();
  if (options().versions == http_versions::http_2 || options().versions == http_versions::http_3)
    co_return fail(error_category::policy, "extended_connect_unsupported",
                   "the server speaks no other protocol over HTTP/2 (RFC 8441) or HTTP/3 (RFC "
                   "9220), and client_options::versions allows no other version");
  if (auto restricted = restrict_to_http1(route_); !restricted)
    co_return pass(std::move(restricted));
  co_return false;
}

COHTTPS_DEF task<result<void>> attempt::ask(std::size_t number) {
  http_ = connection_->open_stream();
  if (std::exchange(needs_rewind_, true) && !request_.content.rewind())
    co_return fail(error_category::policy, "content_not_repeatable",
                   "the request has to be sent again, but its content cannot be read again from "
                   "the beginning");
  const time_point started = limit_.cached_now();

  const fields_of_one_sending<> own(request_.headers,
                                    !options().observers.empty() || !request_.observers.empty());
  notify(options().observers, request_.observers, &observer::on_sending,
         events::sending{request_.method, here(), request_.headers, number});
  std::string absolute;
  if (login_) {
    absolute = here().origin().text() + std::string(here().target());
    auto shown =
        login_->show(request_.headers, request_.method, here().target(), request_.content.memory());
    if (!shown) co_return shown;
  }
  const std::string_view target = absolute.empty() ? here().target() : absolute;
  const bool expects = expects_continue();
  if (expects) request_.headers.append_unchecked("Expect", "100-continue");
  const bool upgrades = !upgrade_to_.empty();
  const bool by_stream = upgrades && connection_->has_streams();
  if (upgrades && !by_stream) {
    request_.headers.append_unchecked("Connection", "Upgrade");
    request_.headers.append_unchecked("Upgrade", upgrade_to_);
  }
  add_cookies();
  if (auto shown = show_credentials(); !shown) co_return shown;
  const bool sent_before = std::exchange(sent_, true);
  const request_view asked{by_stream ? method::connect : request_.method,
                           target,
                           request_.headers,
                           request_.content.memory(),
                           request_.content.source(),
                           expects,
                           request_.trailers ? &request_.trailers : nullptr,
                           listener_.begin(),
                           by_stream ? std::string_view(upgrade_to_) : ""};
  const exchange_limits phases{{{}, limits().idle, limits().minimum_rate},
                               {limits().first_byte, limits().idle, limits().minimum_rate}};
  // Not by `notify`, which would be one more function in each program.
  const events::sent sending{
      request_.method, here(), request_.headers, connection_->info, state_.on_reused_connection,
      state_.timings};
  const observers &of_client = options().observers, &of_request = request_.observers;
  for (const auto& each : of_client) each.get()->on_sent(sending);
  for (const auto& each : of_request) each.get()->on_sent(sending);
  auto answered = co_await http_->ask(asked, phases, limit_);
  if (!answered && answered.error().replay() == replay_safety::not_sent) sent_ = sent_before;
  sent_any_ = sent_any_ || sent_;
  if (!answered) co_return std::unexpected(failure(std::move(answered).error()));
  answered_at_ = limit_.now();
  state_.timings.first_byte = answered_at_ - started;
  state_.head = http_->take_head();
  state_.content_length = http_->content_length();
  state_.connection = connection_->info;
  if (http_->has_content()) listener_.expect(state_.content_length);
  keep_cookies();
  if (options().hsts) learn_hsts();
#ifdef COHTTPS_HAS_NGTCP2
  if (options().http3) learn_alternatives();
#endif
  notify(options().observers, request_.observers, &observer::on_received,
         events::received{state_.head.status, state_.head.headers, state_.timings.first_byte,
                          state_.head.reason});
  limit_.enter(http_->sends() ? phase::send : phase::receive_body,
               phase_limits{{}, limits().idle, request_.minimum_rate}, answered_at_);
  limit_.pause(answered_at_);
  co_return result<void>();
}

COHTTPS_DEF void attempt::add_cookies() {
  if (!options().cookies || request_.headers.contains("cookie")) return;
  const auto value = options().cookies->cookie_header(here(), std::chrono::system_clock::now());
  if (!value.empty()) request_.headers.append_unchecked("Cookie", value);
}

COHTTPS_DEF void attempt::learn_hsts() {
  const auto& tls = state_.connection->tls;
  if (!tls || !tls->verified) return;
  if (const auto value = state_.head.headers.find("strict-transport-security"))
    options().hsts->learn(here().host_for_connect(), *value, std::chrono::system_clock::now());
}

#ifdef COHTTPS_HAS_NGTCP2
COHTTPS_DEF void attempt::learn_alternatives() {
  const auto now = std::chrono::system_clock::now();
  if (state_.head.status == 421) {  // its Alt-Svc means nothing (RFC 7838, 6)
    left_alternative_ =
        route_.versions == http_versions::best && state_.connection->protocol == "HTTP/3";
    if (!left_alternative_) return;
    options().http3->misdirected(here().origin(), now);
    return connection_->retire();
  }
  const auto& tls = state_.connection->tls;
  if (!tls || !tls->verified || !state_.head.headers.contains("alt-svc")) return;
  options().http3->learn(here().origin(), state_.head.headers.combined("alt-svc"), now);
}
#endif

COHTTPS_DEF void attempt::keep_cookies() {
  if (options().cookies && state_.head.headers.contains("set-cookie"))
    options().cookies->store_all(here(), state_.head.headers, std::chrono::system_clock::now());
}

COHTTPS_DEF result<void> attempt::show_credentials() {
  std::optional<std::span<const std::byte>> content;
  if (!request_.content.source()) content = request_.content.memory();
  return authentication_.show({request_.method, here(), request_.headers, content});
}

COHTTPS_DEF void attempt::took(std::span<const std::byte> part) {
  if (part.empty()) return finish();
  listener_.received(part.size());
}

COHTTPS_DEF void attempt::finish() {
  state_.timings.content = limit_.cached_now() - answered_at_;
  state_.trailers = http_->trailers();
  ++connection_->exchanges;
  const bool kept = http_->reusable();
  http_.reset();
  if (kept) {
    const auto timeout = keep_alive_timeout(state_.head.headers);
    connection_.give_back(timeout ? idle_limit_for(*timeout) : std::chrono::nanoseconds::max());
  }
  connection_ = {};
}

COHTTPS_DEF error attempt::canceled() {
  return {error_category::canceled, "canceled", "the operation was canceled"};
}

COHTTPS_DEF bool attempt::came_too_late(const error& e) const noexcept {
  return e.replay() == replay_safety::not_sent && connection_ && connection_->processed_requests();
}

COHTTPS_DEF bool attempt::expects_continue() const noexcept {
  return !refuses_expect_ && !request_.headers.contains("expect") &&
         request_.content.length().value_or(SIZE_MAX) > options().expect_continue_over;
}

COHTTPS_DEF replay_safety attempt::replay_of(const error& e, bool sent) noexcept {
  if (e.replay() == replay_safety::rejected) return replay_safety::rejected;
  return sent ? replay_safety::maybe_processed : replay_safety::not_sent;
}

}  // namespace cohttps::detail
