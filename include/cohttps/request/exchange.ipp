// Definitions for exchange.hpp.
#pragma once

#include <cohttps/request/exchange.hpp>

namespace cohttps::detail {

template <class T>
task<result<void>> exchange<T>::open() {
  const at_work working(client_->operations);
  auto opened = begin();
  if (opened) opened = co_await run();
  if (opened) opened = check_switch();
  if (opened && decodes_ && may_have_content())
    opened = decoding_.start(state_.head.headers, options().decoding,
                             options().strict_http ? strictness::strict : strictness::lenient);
  if (opened && decoding_.active()) state_.content_length.reset();
  if (!opened) co_return std::unexpected(ended(std::move(opened).error()));
  co_return opened;
}

template <class T>
void exchange<T>::leave_race() noexcept {
  limit_.leave_race();
}

template <class T>
auto exchange<T>::read() -> task<result<part>> {
  if (failed_) return result<part>(std::unexpected(*failed_));
  if (!attempt_.connected()) return part();
  if (request_.max_rate) return read_at_rate();
  if (const auto there = read_at_once()) return *there;
  return switched_ ? wait_and_read_raw() : wait_and_read();
}

template <class T>
task<result<void>> exchange<T>::write(std::span<const std::byte> bytes) {
  if (failed_) return result<void>(std::unexpected(*failed_));
  auto sending = attempt_.send_raw(bytes);
  if (const auto* sent = sending.result_if_ready(); sent && *sent) return sending;
  return wait_and_write(std::move(sending));
}

template <class T>
task<result<void>> exchange<T>::wait_and_write(task<result<void>> sending) {
  const at_work working(client_->operations);
  auto sent = co_await std::move(sending);
  if (!sent) {
    failed_ = ended(attempt_.failure(std::move(sent).error()));
    co_return std::unexpected(*failed_);
  }
  co_return sent;
}

template <class T>
void exchange<T>::hang_up() noexcept {
  attempt_.hang_up();
}

template <class T>
void exchange<T>::lift_time_limit() {
  limit_.lift_total();
}

template <class T>
std::optional<std::chrono::nanoseconds> exchange<T>::time_left() const {
  return limit_.left();
}

template <class T>
void exchange<T>::demand_rate() noexcept {
  if (!request_.minimum_rate) request_.minimum_rate = limits().minimum_rate;
}

template <class T>
error exchange<T>::give_up(error e) {
  return ended(attempt_.failure(std::move(e)));
}

template <class T>
std::size_t exchange<T>::max_content() const noexcept {
  return request_.max_content.value_or(options().max_content);
}

template <class T>
bool exchange<T>::has_content() const noexcept {
  return attempt_.has_content();
}

template <class T>
task<result<connection_info>> exchange<T>::connect() {
  const at_work working(client_->operations);
  auto opened = begin();
  if (opened) opened = attempt_.choose_route();
  if (!opened) co_return std::unexpected(ended(std::move(opened).error()));
  auto made = co_await attempt_.connect();
  if (!made) co_return std::unexpected(ended(std::move(made).error()));
  end();
  co_return made;
}

template <class T>
auto exchange<T>::read_at_once() -> std::optional<part> {
  if (switched_ || decoding_.active()) return std::nullopt;
  reading guard{*this};
  const auto got = attempt_.receive_at_once();
  guard.over = true;
  if (got && got->empty()) finish();
  return got;
}

template <class T>
auto exchange<T>::read_at_rate() -> task<result<part>> {
  const at_work working(client_->operations);
  const bool in_time = co_await sleep_until(transport(), read_due_, limit_.token());
  if (!in_time) {
    failed_ = ended(attempt_.failure(canceled()));
    co_return std::unexpected(*failed_);
  }
  std::optional<result<part>> got;
  if (const auto there = read_at_once()) {
    got.emplace(*there);
  } else {  // a task with a name: GCC 12 destroys temporaries of a conditional co_await twice
    auto waiting = switched_ ? wait_and_read_raw() : wait_and_read();
    got.emplace(co_await std::move(waiting));
  }
  if (*got)
    read_due_ = std::max(read_due_, limit_.now()) + request_.max_rate.time_of((*got)->size());
  co_return *std::move(got);
}

template <class T>
auto exchange<T>::wait_and_read() -> task<result<part>> {
  const at_work working(client_->operations);
  // The limits count while the client waits for the peer, not while the caller uses the content.
  limit_.resume();
  reading guard{*this};
  auto got = co_await next_part();
  guard.over = true;
  if (!got) {
    failed_ = ended(attempt_.failure(std::move(got).error()));
    co_return std::unexpected(*failed_);
  }
  limit_.pause();
  if (got->empty()) finish();
  co_return got;
}

template <class T>
auto exchange<T>::wait_and_read_raw() -> task<result<part>> {
  const at_work working(client_->operations);
  reading guard{*this};
  auto got = co_await attempt_.receive_raw();
  guard.over = true;
  if (got) co_return got;
  failed_ = ended(attempt_.failure(std::move(got).error()));
  co_return std::unexpected(*failed_);
}

template <class T>
auto exchange<T>::next_part() -> task<result<part>> {
  while (true) {
    if (decoding_.active()) {
      auto decoded = decoding_.next();
      if (!decoded || !decoded->empty()) co_return decoded;
    }
    auto received = co_await attempt_.receive();
    if (!received || !decoding_.active()) co_return received;
    if (!received->empty()) {
      decoding_.give(*received);
      continue;
    }
    if (auto whole = decoding_.finish(); !whole) co_return pass(std::move(whole));
    co_return received;
  }
}

template <class T>
void exchange<T>::give_up_reading() {
  limit_.pause();
  failed_ = ended({error_category::usage, "read_abandoned",
                   "a read of this content was given up while it waited; the rest cannot be read"});
}

template <class T>
bool exchange<T>::may_have_content() const noexcept {
  const int status = state_.head.status;
  return request_.method != method::head && status != 204 && status != 304;
}

template <class T>
result<void> exchange<T>::check_switch() {
  const bool asked = !upgrade_to_.empty();
  const bool by_stream = asked && attempt_.over_http2();
  switched_ = by_stream ? is_success(state_.head.status) : state_.head.status == 101;
  if (!switched_ && !asked) return {};
  if (!switched_)
    return std::unexpected(error(error_category::policy, "not_upgraded",
                                 "the server did not switch to another protocol, but answered " +
                                     std::to_string(state_.head.status) + " " +
                                     std::string(reason_phrase(state_.head.status)))
                               .response(state_.head.status));
  if (!by_stream && (!asked || !state_.head.headers.has_element("upgrade", upgrade_to_)))
    return fail(error_category::protocol, "unasked_upgrade",
                "the server switched to a protocol that it was not asked for");
  limit_.enter(phase::none, {}, limit_.cached_now());
  return {};
}

template <class T>
result<void> exchange<T>::begin() {
  if (!request_.url) return std::unexpected(std::move(request_.url).error());
  state_.url = *std::move(request_.url);
  state_.path_in_errors = options().path_in_errors;
  if (client_->closed)
    return fail(error_category::usage, "client_closed",
                "the client was closed; it takes no more requests");
  add_client_fields(request_.headers, options());
  authentication_.begin(here(), std::move(request_.credentials));
  decodes_ = options().decode_content && add_accept_encoding(request_.headers);
  add_content_type(request_.headers, request_.content.media_type());
  if (request_.priority)
    if (auto added = add_priority(request_.headers, *request_.priority); !added) return added;
  if (auto valid = request_.headers.validate(); !valid) return valid;
  if (auto usable = request_.content.check(); !usable) return usable;
  request_.max_rate.limit(request_.content, transport(), limit_.token());
  if (limit_.stop_requested()) return std::unexpected(canceled());
  client_->budget.add_request();
  return {};
}

template <class T>
task<result<void>> exchange<T>::run() {
  retry_schedule schedule(options().retry);
  bool begins_attempt = true, fresh = false;
  if (auto prepared = begin_at_origin(); !prepared) co_return prepared;
  while (true) {
    result<void> sent;
    if (std::exchange(begins_attempt, false)) {
      schedule.begin_attempt();
      limit_.enter(phase::none, {}, limit_.cached_now());
      attempt_.begin();
      sent = co_await authentication_.prepare();
    }
    if (sent) sent = co_await attempt_.send(schedule.attempts(), fresh);
    const resend next = decide(facts(sent, schedule));
    fresh = next == resend::fresh_connection;
    switch (next) {
      case resend::no:
        co_return concluded(std::move(sent));
      case resend::content_is_spent:
      case resend::answer_proxy:
        if (auto taken = attempt_.take_proxy_challenge(); !taken) co_return taken;
        if (next == resend::content_is_spent) co_return content_is_spent();
        break;
      case resend::answer_origin:
        authentication_.take_challenge(state_.head.headers);
        break;
      case resend::without_expect:
        attempt_.expect_no_more();
        break;
      case resend::to_its_own_origin:
        attempt_.coalesce_no_more();
        break;
      case resend::over_http1:
        if (auto restricted = attempt_.use_http1(); !restricted) co_return restricted;
        break;
      case resend::follow_redirect: {
        auto redirect = read_redirection();
        if (!redirect) co_return pass(std::move(redirect));
        if (!*redirect) co_return sent;
        if (auto drained = co_await attempt_.drain(); !drained) co_return drained;
        if (auto applied = apply(**std::move(redirect)); !applied) co_return applied;
        break;
      }
      case resend::after_delay: {
        const auto delay = next_delay(schedule, sent);
        if (!delay) co_return concluded(std::move(sent));
        if (limit_.stop_requested() && !limit_.forgive()) co_return concluded(std::move(sent));
        notify(options().observers, request_.observers, &observer::on_retrying,
               events::retrying{schedule.attempts() + 1, *delay, sent ? nullptr : &sent.error(),
                                sent ? state_.head.status : 0});
        begins_attempt = true;
        if (sent) sent = co_await attempt_.drain();
        if (!sent && limit_.stop_requested()) co_return sent;
        attempt_.abandon();
        limit_.enter(phase::none, {}, limit_.cached_now());
        const bool slept = co_await sleep_for(transport(), *delay, limit_.token());
        if (!slept) co_return std::unexpected(attempt_.failure(canceled()));
        continue;
      }
      case resend::fresh_connection:
        attempt_.abandon();
        continue;
      case resend::same_way:
        break;
    }
    // End this exchange: its response is not needed, or its sending has failed.
    if (sent)
      sent = co_await attempt_.drain();
    else
      sent = co_await attempt_.abandon_refused(sent.error());
    if (!sent) co_return sent;
    if (next != resend::answer_origin && next != resend::follow_redirect) continue;
    schedule = retry_schedule(options().retry);
    begins_attempt = true;
    if (auto prepared = begin_at_origin(); !prepared) co_return prepared;
  }
}

template <class T>
auto exchange<T>::facts(const result<void>& sent, const retry_schedule& schedule) const
    -> resend_facts {
  auto f = attempt_.facts(sent ? nullptr : &sent.error());
  f.attempts_left = schedule.attempts_left();
  f.origin_answerable = f.status == 401 && authentication_.can_answer(state_.head.headers);
  f.redirects = is_redirect_status(f.status) && max_redirects() != 0;
  return f;
}

template <class T>
result<void> exchange<T>::concluded(result<void> sent) const {
  if (!sent) sent.error().replay(attempt_.replay_of(sent.error()));
  return sent;
}

template <class T>
std::unexpected<error> exchange<T>::content_is_spent() {
  return fail(error_category::policy, "content_not_repeatable",
              "the proxy asks for authentication only after content that can be given just once; "
              "send a request without content first, or content that can be repeated");
}

template <class T>
std::optional<std::chrono::nanoseconds> exchange<T>::next_delay(const retry_schedule& schedule,
                                                                const result<void>& sent) {
  return schedule.next_delay(sent ? &state_.head.headers : nullptr, client_->budget,
                             std::bit_cast<std::uint32_t>(tls::random_bytes<4>()),
                             std::chrono::system_clock::now());
}

template <class T>
std::size_t exchange<T>::max_redirects() const noexcept {
  return request_.max_redirects.value_or(options().max_redirects);
}

template <class T>
result<std::optional<redirection>> exchange<T>::read_redirection() const {
  auto next = follow_redirect(here(), request_.method, state_.head.status, state_.head.headers,
                              options().hsts.get(), std::chrono::system_clock::now());
  if (!next || !*next) return next;
  if (state_.history.size() == max_redirects())
    return fail(error_category::limit, "too_many_redirects",
                "the server redirected more than " + std::to_string(max_redirects()) +
                    " times; the last place was " + (*next)->to.origin().text());
  notify(options().observers, request_.observers, &observer::on_redirected,
         events::redirected{state_.head.status, here(), (*next)->to, (*next)->method,
                            (*next)->keeps_content});
  return next;
}

template <class T>
result<void> exchange<T>::apply(redirection redirect) {
  state_.history.push_back({state_.head.status, here()});
  strip_for_redirect(request_.headers, redirect, options().redirects_keep_credentials);
  if (std::exchange(own_key_, false)) request_.headers.erase("idempotency-key");
  if (!redirect.keeps_content) {
    request_.content = {};
    request_.trailers = {};
  }
  if (!request_.content.can_rewind())
    return fail(error_category::policy, "content_not_repeatable",
                "the redirection wants the content again, which can be given only once; it was not "
                "followed");
  request_.method = redirect.method;
  state_.url = std::move(redirect.to);
  return {};
}

template <class T>
result<void> exchange<T>::begin_at_origin() {
  if (options().hsts)
    state_.url =
        secured_by(options().hsts.get(), std::chrono::system_clock::now(), *std::move(state_.url));
  if (auto chosen = attempt_.choose_route(); !chosen) return chosen;
  if (auto chosen = authentication_.choose(here(), request_.headers); !chosen) return chosen;
  if (!request_.headers.contains("host"))
    request_.headers.append_unchecked("Host", here().authority());
  if (options().retry.idempotency_key) add_idempotency_key();
  return {};
}

template <class T>
void exchange<T>::finish() {
  state_.timings.total = limit_.cached_now() - started_;
  state_.complete = true;
  end();
  notify(options().observers, request_.observers, &observer::on_completed,
         events::completed{here(), state_.head.status, state_.timings.total});
}

template <class T>
void exchange<T>::add_idempotency_key() {
  if (request_.method.is_idempotent() || request_.headers.contains("idempotency-key")) return;
  request_.headers.append_unchecked("Idempotency-Key", random_uuid(tls::random_bytes<16>()));
  own_key_ = true;
}

template <class T>
error exchange<T>::canceled() {
  return {error_category::canceled, "canceled", "the operation was canceled"};
}

template <class T>
error exchange<T>::ended(error e) {
  if (!running_) return e;
  if (state_.url && e.subject().empty()) e.subject(state_.subject());
  // The server may have acted on an earlier request in a chain of redirections.
  e.replay(attempt_.replay_of_all(e));
  // After a switch another coroutine may be reading or writing. `hang_up` ends the connection, but
  // does not destroy the objects that the other coroutine uses.
  if (switched_)
    attempt_.hang_up();
  else
    attempt_.abandon();
  end();
  notify(options().observers, request_.observers, &observer::on_failed, events::failed{e});
  return e;
}

template <class T>
void exchange<T>::end() noexcept {
  if (std::exchange(running_, false)) client_->operations.end();
}

}  // namespace cohttps::detail
