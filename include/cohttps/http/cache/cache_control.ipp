// Definitions for cache_control.hpp.
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/http/cache/cache_control.hpp>

#include <algorithm>
#include <charconv>

namespace cohttps {

namespace detail {

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
  const auto read = [&](std::string_view directive) {
    const auto equals = directive.find('=');
    const auto name = ascii::trim(directive.substr(0, equals));
    auto value =
        equals == directive.npos ? std::string_view() : ascii::trim(directive.substr(equals + 1));
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
      value = value.substr(1, value.size() - 2);
    const auto is = [&](std::string_view n) { return ascii::iequals(name, n); };
    const auto time = [&](std::string_view n, std::optional<std::chrono::seconds>& to) {
      if (!to && is(n)) to = detail::delta_seconds(value);
    };
    time("max-age", out.max_age);
    time("min-fresh", out.min_fresh);
    time("stale-while-revalidate", out.stale_while_revalidate);
    time("stale-if-error", out.stale_if_error);
    if (!out.max_stale && is("max-stale"))
      out.max_stale = value.empty() ? std::chrono::seconds::max() : detail::delta_seconds(value);
    out.no_store |= is("no-store");
    out.no_cache |= is("no-cache");
    out.must_revalidate |= is("must-revalidate");
    out.immutable |= is("immutable");
    out.is_public |= is("public");
    out.only_if_cached |= is("only-if-cached");
    out.must_understand |= is("must-understand");
    return true;
  };
  bool any = false;
  headers.for_each("cache-control", [&](std::string_view list) {
    any |= !list.empty();
    ascii::for_each_element(list, read);
  });
  if (!any && headers.has_element("pragma", "no-cache")) out.no_cache = true;
  return out;
}

}  // namespace cohttps
