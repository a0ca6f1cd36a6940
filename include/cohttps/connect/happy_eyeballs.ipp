// Definitions for happy_eyeballs.hpp.
#pragma once

#include <cohttps/connect/happy_eyeballs.hpp>

namespace cohttps::detail {

COHTTPS_DEF std::vector<endpoint> interleave(std::vector<endpoint> addresses) {
  std::vector<endpoint> families[2];  // the family of the first address, the other family
  for (endpoint& e : addresses)
    families[e.is_v6 != addresses.front().is_v6].push_back(std::move(e));
  std::vector<endpoint> ordered;
  for (std::size_t i = 0; ordered.size() < addresses.size(); ++i)
    for (auto& family : families)
      if (i < family.size()) ordered.push_back(std::move(family[i]));
  return ordered;
}

COHTTPS_DEF auto connect_race::run(stop_token stop) -> task<result<stream_type>> {
  stop_callback link(stop, stop_all{&over_});
  co_await from(0);
  if (stream_) co_return std::move(*stream_);
  co_return std::unexpected(explain(stop));
}

COHTTPS_DEF task<void> connect_race::from(std::size_t i) {
  stop_source hurry;  // ends the delay of the next attempt
  stop_callback link(over_, stop_all{&hurry});
  co_await when_all(attempt(i, hurry), after(i, hurry));
}

COHTTPS_DEF task<void> connect_race::attempt(std::size_t i, stop_source& hurry) {
  entry& e = entries_[i];
  e.begun = true;
  auto stream = co_await transport_.connect(e.to, how_, over_);
  if (!stream) {
    e.failure = std::move(stream).error();
  } else if (!stream_) {
    stream_.emplace(*std::move(stream));
    winner_ = i;
    over_.request_stop();
  }
  hurry.request_stop();
}

COHTTPS_DEF task<void> connect_race::after(std::size_t i, stop_token hurry) {
  if (i + 1 == race_end_) co_return;
  co_await sleep_for(transport_, delay_, hurry);
  if (!over_.stop_requested()) co_await from(i + 1);
}

COHTTPS_DEF error connect_race::explain(stop_token stop) const {
  std::vector<error::attempt> attempts;
  const error* last = nullptr;
  for (const entry& e : entries_) {
    const bool ended = e.failure && e.failure->category() != error_category::canceled;
    if (ended) last = &*e.failure;
    attempts.push_back({to_string(e.to), ended     ? e.failure->message()
                                         : e.begun ? "no answer yet when the waiting ended"
                                                   : "not tried"});
  }
  const bool stopped = stop.stop_requested() || !last;
  error whole =
      stopped ? error(error_category::canceled, "canceled", "the operation was canceled") : *last;
  if (!stopped && entries_.size() > 1)
    whole = error(last->category(), last->reason(),
                  "none of the host's " + std::to_string(entries_.size()) +
                      " addresses accepted a connection; the last: " + last->message())
                .code(last->code());
  whole.attempts(std::move(attempts));
  return whole;
}

}  // namespace cohttps::detail
