// Definitions for http3_discovery.hpp.
#pragma once

#include <cohttps/connect/dial.hpp>
#include <cohttps/connect/http3_discovery.hpp>

#include <algorithm>
#include <utility>

namespace cohttps::detail {

COHTTPS_DEF bool is_public_name(std::string_view host) noexcept {
  if (host.ends_with('.')) host.remove_suffix(1);
  const auto dot = host.rfind('.');
  if (dot == host.npos || parse_address(without_brackets(host))) return false;
  constexpr std::string_view others[] = {"localhost", "local", "onion"};
  return std::ranges::none_of(others, [&](std::string_view domain) {
    return ascii::iequals(host.substr(dot + 1), domain);
  });
}

template <class T>
bool http3_discovery<T>::possible(const origin& to, const connect_options& options) const {
  return (options.resolver || system_) && is_public_name(to.host) &&
         overrides_of(to.host, to.port, options).empty();
}

template <class T>
auto http3_discovery<T>::find(const origin& to, time_point now) const -> const answer* {
  const auto found = known_.find(to.text());
  return found != known_.end() && now < found->second.ends ? &found->second : nullptr;
}

template <class T>
void http3_discovery<T>::store(const origin& to, answer known, time_point now) {
  if (known_.size() >= max_origins)
    std::erase_if(known_, [&](const auto& each) { return each.second.ends <= now; });
  if (known_.size() >= max_origins) known_.clear();
  known_.insert_or_assign(to.text(), std::move(known));
}

template <class T>
task<result<std::vector<std::byte>>> http3_discovery<T>::query(std::string name,
                                                               const connect_options& options,
                                                               any_transport& over,
                                                               stop_token stop) {
  auto asked = options.resolver ? options.resolver->query_https(std::move(name), stop)
                                : system_(over, std::move(name), stop);
  co_return co_await std::move(asked);
}

template <class T>
task<void> http3_discovery<T>::ask(const origin& to, const connect_options& options,
                                   any_transport& over, stop_token stop) {
  std::optional<place> at;
  std::uint32_t seconds = INT32_MAX;
  std::string name = dns::https_query_name(to.host, to.port);
  bool answered = false;
  for (std::size_t queries = 0; queries < max_aliases; ++queries) {
    auto response = co_await query(name, options, over, stop);
    if (stop.stop_requested()) co_return;
    if (!response || response->empty()) break;
    const auto parsed = dns::parse_response(*response);
    const auto asked = dns::name::parse(name);
    if (!parsed || !asked) break;
    const auto records = dns::https_records_of(*parsed, *asked);
    if (!records || records->found.empty()) break;
    seconds = std::min(seconds, records->time_to_live);
    answered = true;
    const auto choice = dns::choose_service(*records, "h3");
    if (choice.at) at = place{choice.at->host, choice.at->port != 0 ? choice.at->port : to.port};
    auto alias = choice.alias ? choice.alias->host() : std::nullopt;
    if (!alias) break;
    name = *std::move(alias);
  }
  const time_point now = std::chrono::steady_clock::now();
  const auto valid = answered ? std::chrono::seconds(seconds) : negative_time;
  store(to, {std::move(at), now + valid}, now);
}

}  // namespace cohttps::detail
