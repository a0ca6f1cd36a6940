// Definitions for hsts.hpp.
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/http/hsts.hpp>

#include <algorithm>
#include <charconv>

namespace cohttps {

namespace detail {

COHTTPS_DEF std::optional<std::pair<std::chrono::seconds, bool>> parse_hsts(
    std::string_view field) {
  std::optional<std::chrono::seconds> time;
  bool subdomains = false;
  while (!field.empty()) {
    const auto semicolon = field.find(';');
    const std::string_view part = ascii::trim(field.substr(0, semicolon));
    field.remove_prefix(semicolon == field.npos ? field.size() : semicolon + 1);
    const auto equals = part.find('=');
    const std::string_view name = ascii::trim(part.substr(0, equals));
    std::string_view value =
        equals == part.npos ? std::string_view() : ascii::trim(part.substr(equals + 1));
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
      value = value.substr(1, value.size() - 2);
    if (ascii::iequals(name, "includesubdomains")) {
      if (subdomains || equals != part.npos) return std::nullopt;
      subdomains = true;
    }
    if (!ascii::iequals(name, "max-age")) continue;
    if (time || value.empty() || value.find_first_not_of("0123456789") != value.npos)
      return std::nullopt;
    std::uint64_t n = 0;
    const auto read = std::from_chars(value.data(), value.data() + value.size(), n);
    constexpr std::uint64_t century = 100ull * 365 * 24 * 3600;
    time = std::chrono::seconds(read.ec == std::errc() ? std::min(n, century) : century);
  }
  if (!time) return std::nullopt;
  return std::pair(*time, subdomains);
}

template <class = void>
bool is_ip_literal(std::string_view host) noexcept {
  return host.find(':') != host.npos ||
         (!host.empty() && host.find_first_not_of("0123456789.") == host.npos);
}

}  // namespace detail

COHTTPS_DEF result<void> hsts_list::add(std::string_view text) {
  const std::scoped_lock lock(mutex_);
  for (std::size_t number = 1; !text.empty(); ++number) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    line = ascii::trim(line);
    if (line.empty() || line.front() == '#') continue;
    const auto word = [&] {
      const auto end = line.find_first_of(" \t");
      const auto out = line.substr(0, end);
      line = end == line.npos ? std::string_view() : ascii::trim(line.substr(end));
      return out;
    };
    const std::string host = ascii::lower(word());
    entry made;
    std::string_view next = word();
    if (next == "subdomains") {
      made.subdomains = true;
      next = word();
    }
    if (!next.empty() && next != "preloaded") {
      std::int64_t second = 0;
      const auto read = std::from_chars(next.data(), next.data() + next.size(), second);
      if (read.ec != std::errc() || read.ptr != next.data() + next.size() || !line.empty())
        return fail(error_category::usage, "hsts_malformed",
                    "line " + std::to_string(number) +
                        " of the HSTS list is not: host [subdomains] [second | preloaded]");
      made.ends = time_point(std::chrono::seconds(second));
    }
    hosts_.insert_or_assign(host, made);
  }
  return {};
}

COHTTPS_DEF std::string hsts_list::text(time_point now) const {
  const std::scoped_lock lock(mutex_);
  std::string out;
  for (const auto& [host, e] : hosts_) {
    if (e.ends && *e.ends <= now) continue;
    out.append(host).append(e.subdomains ? " subdomains " : " ");
    out += e.ends ? std::to_string(
                        std::chrono::duration_cast<std::chrono::seconds>(e.ends->time_since_epoch())
                            .count())
                  : "preloaded";
    out += '\n';
  }
  return out;
}

COHTTPS_DEF std::size_t hsts_list::size() const {
  const std::scoped_lock lock(mutex_);
  return hosts_.size();
}

COHTTPS_DEF bool hsts_list::look_up(std::string_view host, time_point now) const {
  if (detail::is_ip_literal(host)) return false;
  if (host.ends_with('.')) host.remove_suffix(1);
  const std::scoped_lock lock(mutex_);
  for (bool below = false;; below = true) {
    const auto found = hosts_.find(host);
    const bool holds = found != hosts_.end() && (!found->second.ends || *found->second.ends > now);
    if (holds && (!below || found->second.subdomains)) return true;
    const auto dot = host.find('.');
    if (dot == host.npos) return false;
    host.remove_prefix(dot + 1);
  }
}

COHTTPS_DEF void hsts_list::keep(std::string_view host, std::string_view field, time_point now) {
  const auto policy = detail::parse_hsts(field);
  if (!policy || detail::is_ip_literal(host)) return;
  if (host.ends_with('.')) host.remove_suffix(1);
  const std::scoped_lock lock(mutex_);
  const auto found = hosts_.find(host);
  const bool preloaded = found != hosts_.end() && !found->second.ends;
  if (policy->first == std::chrono::seconds(0)) {
    if (found != hosts_.end() && !preloaded) hosts_.erase(found);
    return;
  }
  if (preloaded) return;
  if (hosts_.size() >= most)
    std::erase_if(hosts_,
                  [&](const auto& each) { return each.second.ends && *each.second.ends <= now; });
  if (hosts_.size() < most || found != hosts_.end())
    hosts_.insert_or_assign(std::string(host), entry{policy->second, now + policy->first});
}

}  // namespace cohttps
