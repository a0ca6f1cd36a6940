// Definitions for cache_control.hpp.
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/http/cache/cache_control.hpp>

#include <algorithm>
#include <charconv>
#include <string>

namespace cohttps {

namespace detail {

/// Removes the next directive from a list: its name and its value without quotes.
template <class = void>
bool next_directive(std::string_view& list, std::string_view& name, std::string_view& value) {
  while (true) {
    bool quoted = false;
    std::size_t end = 0;
    for (; end < list.size() && (quoted || list[end] != ','); ++end) {
      if (quoted && list[end] == '\\')
        ++end;
      else if (list[end] == '"')
        quoted = !quoted;
    }
    end = std::min(end, list.size());
    const std::string_view part = ascii::trim(list.substr(0, end));
    const bool over = end >= list.size();
    list.remove_prefix(std::min(end + 1, list.size()));
    if (part.empty() && over) return false;
    if (part.empty()) continue;
    const auto equals = part.find('=');
    name = ascii::trim(part.substr(0, equals));
    value = equals == part.npos ? std::string_view() : ascii::trim(part.substr(equals + 1));
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
      value = value.substr(1, value.size() - 2);
    return true;
  }
}

/// RFC 9111, 1.2.2: what is too large is 2^31 seconds.
template <class = void>
std::chrono::seconds delta_seconds(std::string_view value) {
  if (value.empty() || value.find_first_not_of("0123456789") != value.npos)
    return std::chrono::seconds(0);
  std::uint64_t n = 0;
  const auto read = std::from_chars(value.data(), value.data() + value.size(), n);
  constexpr std::uint64_t most = std::uint64_t{1} << 31;
  return std::chrono::seconds(read.ec == std::errc() ? std::min(n, most) : most);
}

}  // namespace detail

COHTTPS_DEF cache_control cache_control::parse(const fields& headers) {
  cache_control out;
  const std::string text = headers.combined("cache-control");
  std::string_view list = text, name, value;
  const auto time = [&](std::optional<std::chrono::seconds>& to) {
    if (!to) to = detail::delta_seconds(value);
  };
  while (detail::next_directive(list, name, value)) {
    const std::string directive = ascii::lower(name);
    if (directive == "max-age") time(out.max_age);
    if (directive == "min-fresh") time(out.min_fresh);
    if (directive == "stale-while-revalidate") time(out.stale_while_revalidate);
    if (directive == "stale-if-error") time(out.stale_if_error);
    if (directive == "max-stale" && !out.max_stale)
      out.max_stale = value.empty() ? std::chrono::seconds::max() : detail::delta_seconds(value);
    out.no_store |= directive == "no-store";
    out.no_cache |= directive == "no-cache";
    out.must_revalidate |= directive == "must-revalidate";
    out.immutable |= directive == "immutable";
    out.is_public |= directive == "public";
    out.only_if_cached |= directive == "only-if-cached";
    out.must_understand |= directive == "must-understand";
  }
  if (text.empty() && headers.has_element("pragma", "no-cache")) out.no_cache = true;
  return out;
}

}  // namespace cohttps
