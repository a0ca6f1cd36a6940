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
  return options.resolver ? options.resolver->query_https(std::move(name), stop)
                          : system_(over, std::move(name), stop);
}

template <class T>
task<void> http3_discovery<T>::ask(const origin& to, const connect_options& options,
                                   any_transport& over, stop_token stop) {
  const auto keep = [&](std::optional<place> at, std::chrono::seconds valid) {
    const time_point now = std::chrono::steady_clock::now();
    store(to, {std::move(at), now + valid}, now);
  };
  keep(std::nullopt, negative_time);
  std::chrono::seconds valid = most_time;
  std::string name = dns::https_query_name(to.host, to.port);
  for (std::size_t queries = 0; queries < max_aliases; ++queries) {
    auto message = co_await query(name, options, over, stop);
    if (!message || message->empty() || stop.stop_requested()) co_return;
    const auto response = dns::parse_response(*message);
    const auto owner = dns::name::parse(name);
    if (!response || !owner) co_return;
    const auto records = dns::https_records_of(*response, *owner);
    if (!records) co_return;
    valid = std::min(valid, std::chrono::seconds(records->time_to_live));
    const auto choice = dns::choose_service(*records, "h3");
    if (choice.at && is_public_name(choice.at->host)) {
      place at{choice.at->host, choice.at->port != 0 ? choice.at->port : to.port};
      co_return keep(std::move(at), std::max(valid, least_time));
    }
    auto alias = choice.alias ? choice.alias->host() : std::nullopt;
    if (!alias) co_return;
    name = *std::move(alias);
  }
}

}  // namespace cohttps::detail
