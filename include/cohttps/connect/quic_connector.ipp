// Definitions for quic_connector.hpp.
#pragma once

#include <cohttps/connect/quic_connector.hpp>

#ifdef COHTTPS_HAS_NGTCP2

#include <cohttps/connect/happy_eyeballs.hpp>
#include <cohttps/connect/revocation_fetch.hpp>
#include <cohttps/task/when_all.hpp>
#include <cohttps/transport/sleep.hpp>

#include <algorithm>

namespace cohttps::detail {

template <class T>
quic_race<T>::quic_race(datagram_opener open, const route& to, const connect_options& options,
                        const http3_limits& bounds, std::shared_ptr<quic::address_tokens> tokens,
                        deadline& limit, std::vector<endpoint> addresses)
    : open_(open),
      to_(to),
      options_(options),
      bounds_(bounds),
      tokens_(std::move(tokens)),
      limit_(limit) {
  auto ordered = interleave(std::move(addresses));
  if (ordered.size() > max_raced_addresses) ordered.resize(max_raced_addresses);
  for (endpoint& e : ordered) entries_.push_back({std::move(e)});
}

template <class T>
task<result<std::unique_ptr<http3_connection<>>>> quic_race<T>::run() {
  stop_callback link(limit_.token(), stop_all{&over_});
  co_await from(0);
  if (connection_) co_return std::move(connection_);
  co_return std::unexpected(explain());
}

template <class T>
task<void> quic_race<T>::from(std::size_t i) {
  stop_source hurry;  // ends the delay of the next attempt
  stop_callback link(over_, stop_all{&hurry});
  co_await when_all(attempt(i, hurry), after(i, hurry));
}

/// True if a server has made a wrong handshake, and not if it is the wrong server.
template <class = void>
bool is_handshake_fault(const error& e) noexcept {
  return e.phase() == phase::handshake &&
         (e.category() == error_category::tls || e.category() == error_category::protocol);
}

template <class T>
task<void> quic_race<T>::attempt(std::size_t i, stop_source& hurry) {
  entry& e = entries_[i];
  e.begun = true;
  auto made = co_await make(e);
  // Some servers cannot make a handshake with a token that has expired, or is for another address
  // of the client (nginx 1.30: its transport parameters are wrong then).
  if (!made && e.token_sent && is_handshake_fault(*e.failure)) {
    e.failure.reset();
    made = co_await make(e);
  }
  if (made && !connection_) {
    e.info->tls = made->tls();
    connection_ = std::move(made);
    winner_ = i;
    over_.request_stop();
  }
  hurry.request_stop();
}

template <class T>
task<std::unique_ptr<http3_connection<>>> quic_race<T>::make(entry& e) {
  e.info->protocol = "HTTP/3";
  e.info->peer = e.to;
  auto socket = open_(limit_.transport(), e.to, options_.socket);
  if (!socket) {
    e.failure = std::move(socket).error();
    co_return nullptr;
  }
  std::string server = to_.to.text() + ' ' + to_string(e.to);
  auto made = std::make_unique<http3_connection<>>(
      *std::move(socket), datagram_route{open_, e.to, options_.socket}, *to_.tls,
      std::string(without_brackets(to_.to.host)), to_.to.port, bounds_, options_.http2,
      limit_.transport(), e.info);
  auto agreed =
      co_await made->handshake(tokens_, std::move(server), std::chrono::system_clock::now(), over_);
  e.token_sent = made->sent_token();
  if (agreed) co_return std::move(made);
  e.failure = std::move(agreed).error();
  co_return nullptr;
}

template <class T>
task<void> quic_race<T>::after(std::size_t i, stop_token hurry) {
  if (i + 1 == entries_.size()) co_return;
  const auto delay =
      std::max<std::chrono::nanoseconds>(options_.attempt_delay, connect_race::min_delay);
  co_await sleep_for(limit_.transport(), delay, hurry);
  if (!over_.stop_requested()) co_await from(i + 1);
}

template <class T>
error quic_race<T>::explain() const {
  std::vector<error::attempt> attempts;
  const error* last = nullptr;
  for (const entry& e : entries_) {
    const bool ended = e.failure && e.failure->category() != error_category::canceled;
    // An error of the server itself explains more than one of the network.
    if (ended && (!last || e.failure->category() != error_category::connect)) last = &*e.failure;
    attempts.push_back({to_string(e.to), ended     ? e.failure->message()
                                         : e.begun ? "no answer yet when the waiting ended"
                                                   : "not tried"});
  }
  error whole = limit_.stop_requested() || !last
                    ? error(error_category::canceled, "canceled", "the operation was canceled")
                    : *last;
  whole.attempts(std::move(attempts));
  return whole;
}

template <class T>
quic_connecting<T>::quic_connecting(datagram_opener open, https_querier query,
                                    const http3_options& options)
    : open_(open),
      try_first_(options.try_first),
      https_records_(options.https_records),
      alternatives_(options.alternatives ? options.alternatives
                                         : std::make_shared<alternative_services>()),
      discovery_(query) {
  limits_.quic.idle = options.idle;
  limits_.quic.window = options.window;
  limits_.quic.largest_window = std::max(options.window, options.largest_window);
}

/// True if QUIC can carry the requests of this route.
template <class = void>
bool can_use_quic(const route& to, const connect_options& options) {
  return to.tls && !to.via && options.unix_socket.empty() &&
         (to.versions == http_versions::best || to.versions == http_versions::http_3);
}

template <class T>
bool quic_connecting<T>::serves(const route& to, const connect_options& options) {
  return can_use_quic(to, options);
}

template <class T>
bool quic_connecting<T>::knows(const route& to, const connect_options& options) {
  return can_use_quic(to, options) && candidate_for(to);
}

template <class T>
auto quic_connecting<T>::candidate_for(const route& to) const -> std::optional<candidate> {
  const auto now = std::chrono::system_clock::now();
  if (auto known = alternatives_->find(to.to, now))
    return candidate{*std::move(known), http3_source::alt_svc};
  if (!alternatives_->usable(to.to, now)) return std::nullopt;
  if (const auto* known = discovery_.find(to.to, std::chrono::steady_clock::now());
      known && known->at && alternatives_->usable(*known->at, now))
    return candidate{*known->at, http3_source::https_record};
  if (place own{to.to.host, to.to.port}; try_first_ && alternatives_->usable(own, now))
    return candidate{std::move(own), http3_source::try_first};
  return std::nullopt;
}

template <class T>
auto quic_connecting<T>::candidate_or_own(const route& to) const -> candidate {
  return candidate_for(to).value_or(candidate{{to.to.host, to.to.port}, http3_source::try_first});
}

template <class T>
void quic_connecting<T>::note_failure(const route& to, const candidate& at, const error* why) {
  const auto now = std::chrono::system_clock::now();
  if (why && why->category() == error_category::certificate)
    alternatives_->misdirected(to.to, now);
  else
    alternatives_->failed(at.at, now);
}

template <class T>
bool quic_connecting<T>::may_ask(const route& to, const connect_options& options) const {
  return https_records_ && discovery_.possible(to.to, options) &&
         !discovery_.find(to.to, std::chrono::steady_clock::now()) &&
         alternatives_->usable(to.to, std::chrono::system_clock::now());
}

template <class T>
void quic_connecting<T>::learn(const origin& from, std::string_view field,
                               std::chrono::system_clock::time_point now) {
  alternatives_->learn(from, field, now);
}

template <class T>
void quic_connecting<T>::misdirected(const origin& by, std::chrono::system_clock::time_point now) {
  alternatives_->misdirected(by, now);
}

template <class T>
task<result<std::unique_ptr<connection>>> quic_connecting<T>::connect(
    const route& to, const connect_options& options, deadline& limit, connect_timings& timings) {
  if (!candidate_for(to) && may_ask(to, options))
    return connect_after_query(to, options, limit, timings);
  return connect_to_candidate(to, options, limit, timings);
}

/// Stops a source at the end of a scope.
struct stop_at_end {
  stop_source& over;
  ~stop_at_end() { over.request_stop(); }
};

/// Name servers are asked for the HTTPS records while the addresses are looked up. The query goes
/// on while a connection is made without it, so that a late answer serves the next connection.
template <class T>
task<result<std::unique_ptr<connection>>> quic_connecting<T>::connect_after_query(
    const route& to, const connect_options& options, deadline& limit, connect_timings& timings) {
  struct {
    stop_source end_of_query, end_of_wait;
    std::optional<connect_options> with_addresses;
    std::optional<result<std::unique_ptr<connection>>> made;
  } state;
  stop_callback link(limit.token(), stop_all{&state.end_of_query});
  const auto ask = [&]() -> task<void> {
    stop_at_end wait{state.end_of_wait};
    co_await discovery_.ask(to.to, options, limit.transport(), state.end_of_query);
  };
  const auto make = [&]() -> task<void> {
    stop_at_end query{state.end_of_query};
    const std::string_view host = without_brackets(to.to.host);
    const time_point started = limit.now();
    auto found = co_await find_candidates(host, to.to.port, options, limit);
    if (!found) co_return void(state.made = pass(std::move(found)));
    const connect_options* how = &options;
    if (known_addresses(host, to.to.port, options, limit.now()).empty()) {
      // The client's cache keeps nothing, and a second look-up would last as long as the first.
      how = &state.with_addresses.emplace(options);
      state.with_addresses->dns.emplace();
      state.with_addresses->dns->store(name_to_look_up(host, to.to.port, options),
                                       std::move(found->allowed), limit.now());
    }
    co_await sleep_for(limit.transport(), resolution_delay, state.end_of_wait);
    const duration waited = limit.now() - started;
    state.made = co_await connect_to_candidate(to, *how, limit, timings);
    timings.resolve += waited;
  };
  co_await when_all(ask(), make());
  co_return *std::move(state.made);
}

template <class T>
task<result<std::unique_ptr<connection>>> quic_connecting<T>::connect_to_candidate(
    const route& to, const connect_options& options, deadline& limit, connect_timings& timings) {
  if (to.versions == http_versions::http_3) return connect_alone(to, options, limit, timings);
  if (auto known = candidate_for(to)) return race(to, *std::move(known), options, limit, timings);
  return detail::connect(to, options, limit, timings);
}

/// A place that does not work is left alone, so that the origin's own place is tried next.
template <class T>
task<result<std::unique_ptr<connection>>> quic_connecting<T>::connect_alone(
    const route& to, const connect_options& options, deadline& limit, connect_timings& timings) {
  const candidate at = candidate_or_own(to);
  auto made = co_await connect_over_quic(to, at, options, limit, timings);
  if (!made && !limit.stop_requested()) note_failure(to, at, &made.error());
  co_return made;
}

template <class T>
task<result<std::unique_ptr<connection>>> quic_connecting<T>::connect_beside_tcp(
    const route& to, const connect_options& options, deadline& limit, connect_timings& timings) {
  const candidate known = candidate_or_own(to);
  limit.enter(phase::connect, std::nullopt);
  deadline own(limit.queue(), options.attempt_delay, limit.token());
  auto made = co_await connect_over_quic(to, known, options, own, timings);
  if (made)
    alternatives_->worked(known.at);
  else if (!limit.stop_requested())
    note_failure(to, known, &made.error());
  co_return made;
}

template <class T>
task<result<std::unique_ptr<connection>>> quic_connecting<T>::connect_over_quic(
    const route& to, candidate known, const connect_options& options, deadline& limit,
    connect_timings& timings) {
  const place& at = known.at;
  const time_point started = limit.now();
  auto found = co_await find_candidates(without_brackets(at.host), at.port, options, limit);
  if (!found) co_return pass(std::move(found));
  const time_point resolved = limit.now();
  timings.resolve = resolved - started;
  http3_limits bounds = limits_;
  bounds.http.sections = {.head = options.limits.head,
                          .fields = options.limits.fields,
                          .interim = options.limits.interim,
                          .trailers = options.limits.trailers,
                          .trailer_fields = options.limits.trailer_fields};
  // QUIC connects and agrees on keys in one.
  limit.enter(phase::handshake, options.tls_timeout);
  quic_race<> attempts(open_, to, options, bounds, tokens_, limit, std::move(found->allowed));
  auto made = co_await attempts.run();
  if (!made) co_return std::unexpected(limit.explain(std::move(made).error()));
  const auto info = attempts.info();
  info->http3 = known.source;
  timings.tls = limit.now() - resolved;
  notify(limit.observers(), &observer::on_connected, events::connected{info->peer, timings.tls});
  if ((*made)->revocation()) {
    issuer_route to_issuers{to, options, limit};
    auto checked = co_await check_revocation(**made, to_issuers, options, limit);
    if (!checked) co_return std::unexpected(limit.explain(std::move(checked).error()));
    info->tls = (*made)->tls();
    timings.tls = limit.now() - resolved;
  }
  notify(limit.observers(), &observer::on_secured, events::secured{*info->tls, timings.tls});
  co_return std::unique_ptr<connection>(*std::move(made));
}

/// TCP begins when QUIC has failed or has lasted for the delay between two addresses (RFC 8305,
/// 5). The first connection wins, and the other attempt is stopped.
template <class T>
task<result<std::unique_ptr<connection>>> quic_connecting<T>::race(const route& to, candidate at,
                                                                   const connect_options& options,
                                                                   deadline& limit,
                                                                   connect_timings& timings) {
  struct {
    candidate where;
    stop_source quic_over, tcp_over, hurry;
    std::optional<error> quic_failure, tcp_failure;
    std::unique_ptr<connection> made;
    connect_timings timings;
  } state;
  state.where = std::move(at);
  limit.enter(phase::connect, std::nullopt);
  const auto over_quic = [&]() -> task<void> {
    deadline own(limit.queue(), limit.left(), limit.token(), stop_tokens(state.quic_over));
    connect_timings took;
    candidate where = state.where;
    auto made = co_await connect_over_quic(to, std::move(where), options, own, took);
    if (!made) {
      state.quic_failure = std::move(made).error();
    } else if (!state.made) {
      state.made = *std::move(made);
      state.timings = took;
      state.tcp_over.request_stop();
    }
    state.hurry.request_stop();
  };
  const auto over_tcp = [&]() -> task<void> {
    co_await sleep_for(limit.transport(), options.attempt_delay, state.hurry);
    if (state.made) co_return;
    deadline own(limit.queue(), limit.left(), limit.token(), stop_tokens(state.tcp_over));
    connect_timings took;
    auto made = co_await detail::connect(to, options, own, took);
    if (!made) {
      state.tcp_failure = std::move(made).error();
    } else if (!state.made) {
      state.made = *std::move(made);
      state.timings = took;
      state.quic_over.request_stop();
    }
  };
  co_await when_all(over_quic(), over_tcp());
  if (state.made) {
    timings = state.timings;
    if (state.made->info->protocol == "HTTP/3") {
      alternatives_->worked(state.where.at);
    } else {
      note_failure(to, state.where, state.quic_failure ? &*state.quic_failure : nullptr);
      const bool silent =
          !state.quic_failure || state.quic_failure->category() == error_category::canceled;
      // No request knows the connection yet.
      std::const_pointer_cast<connection_info>(state.made->info)->http3_failure =
          silent ? "no answer over UDP before the connection over TCP was made"
                 : state.quic_failure->message();
    }
    co_return std::move(state.made);
  }
  if (limit.stop_requested() || !state.tcp_failure)
    co_return std::unexpected(
        limit.explain(error(error_category::canceled, "canceled", "the operation was canceled")));
  co_return std::unexpected(*std::move(state.tcp_failure));
}

}  // namespace cohttps::detail

#endif
