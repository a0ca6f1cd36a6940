// Definitions for cached_response.hpp.
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/http/cache/cached_response.hpp>
#include <cohttps/http/date.hpp>

#include <algorithm>
#include <charconv>
#include <vector>

namespace cohttps {

namespace detail {

template <class = void>
std::vector<std::string> vary_names(const fields& response) {
  std::vector<std::string> names;
  const std::string list = response.combined("vary");
  for (std::string_view rest = list; !rest.empty();) {
    const auto comma = rest.find(',');
    const auto name = ascii::trim(rest.substr(0, comma));
    rest.remove_prefix(comma == rest.npos ? rest.size() : comma + 1);
    if (!name.empty()) names.push_back(ascii::lower(name));
  }
  return names;
}

template <class = void>
std::optional<std::chrono::sys_seconds> date_of(const fields& headers, std::string_view name,
                                                cached_response::time_point now) {
  const auto value = headers.find(name);
  return value ? parse_http_date(*value, now) : std::nullopt;
}

/// RFC 9110, 15.1.
constexpr bool is_heuristically_cacheable(int status) noexcept {
  switch (status) {
    case 200:
    case 203:
    case 204:
    case 300:
    case 301:
    case 308:
    case 404:
    case 405:
    case 410:
    case 414:
    case 501:
      return true;
    default:
      return false;
  }
}

}  // namespace detail

COHTTPS_DEF bool cached_response::matches(const fields& request) const {
  if (!headers.contains("vary")) return true;
  for (const std::string& name : detail::vary_names(headers))
    if (name == "*" || request.combined(name) != request_fields.combined(name)) return false;
  return true;
}

COHTTPS_DEF std::chrono::seconds cached_response::age(time_point now) const {
  using std::chrono::seconds;
  const auto whole = [](auto d) { return std::chrono::duration_cast<seconds>(d); };
  seconds given{0};
  if (const auto value = headers.find("age")) {
    const auto first = ascii::trim(value->substr(0, value->find(',')));
    std::uint32_t n = 0;
    const auto read = std::from_chars(first.data(), first.data() + first.size(), n);
    if (read.ec == std::errc() && read.ptr == first.data() + first.size()) given = seconds(n);
  }
  const auto date = detail::date_of(headers, "date", received);
  const seconds apparent = date ? std::max(whole(received - *date), seconds(0)) : seconds(0);
  const seconds corrected = given + std::max(whole(received - requested), seconds(0));
  return std::max(apparent, corrected) + std::max(whole(now - received), seconds(0));
}

COHTTPS_DEF std::chrono::seconds cached_response::lifetime() const {
  using std::chrono::seconds;
  const cache_control directives = cache_control::parse(headers);
  if (directives.max_age) return *directives.max_age;
  const auto date = detail::date_of(headers, "date", received)
                        .value_or(std::chrono::time_point_cast<seconds>(received));
  if (headers.contains("expires")) {
    const auto expires = detail::date_of(headers, "expires", received);
    const bool one = headers.count("expires") == 1;
    return expires && one ? std::max(seconds(*expires - date), seconds(0)) : seconds(0);
  }
  // A guess: a tenth of the time that it had not changed, and a day at most.
  if (!detail::is_heuristically_cacheable(status) && !directives.is_public) return seconds(0);
  const auto modified = detail::date_of(headers, "last-modified", received);
  if (!modified) return seconds(0);
  return std::clamp(seconds(date - *modified) / 10, seconds(0), seconds(24 * 3600));
}

COHTTPS_DEF bool cached_response::has_validator() const {
  return headers.contains("etag") || headers.contains("last-modified");
}

COHTTPS_DEF void cached_response::add_conditions(fields& request) const {
  if (const auto tag = headers.find("etag")) request.append_unchecked("If-None-Match", *tag);
  if (const auto time = headers.find("last-modified"))
    request.append_unchecked("If-Modified-Since", *time);
}

COHTTPS_DEF void cached_response::refresh(const fields& not_modified, time_point sent,
                                          time_point came) {
  // Fields that describe the stored bytes, or the connection of the 304.
  constexpr std::string_view kept[] = {
      "connection",   "content-encoding",  "content-length",   "content-range",
      "content-type", "keep-alive",        "proxy-connection", "te",
      "trailer",      "transfer-encoding", "upgrade",          "set-cookie"};
  std::vector<std::string> done;
  for (const field f : not_modified) {
    const std::string name = ascii::lower(f.name);
    if (std::ranges::find(kept, name) != std::end(kept)) continue;
    if (std::ranges::find(done, name) == done.end()) {
      headers.erase(name);
      done.push_back(name);
    }
    headers.append_unchecked(f.name, f.value);
  }
  requested = sent;
  received = came;
}

COHTTPS_DEF std::size_t cached_response::size() const {
  std::size_t size = content.size() + 256;
  for (const field f : headers) size += f.name.size() + f.value.size() + 16;
  for (const field f : request_fields) size += f.name.size() + f.value.size() + 16;
  return size;
}

namespace detail {

COHTTPS_DEF cache_verdict decide_cache(const cache_control& request, const cached_response* stored,
                                       cached_response::time_point now) {
  const auto none = request.only_if_cached ? cache_verdict::unavailable : cache_verdict::fetch;
  if (!stored) return none;
  const auto ask = request.only_if_cached    ? cache_verdict::unavailable
                   : stored->has_validator() ? cache_verdict::validate
                                             : cache_verdict::fetch;
  const cache_control response = cache_control::parse(stored->headers);
  if (request.no_cache || response.no_cache) return ask;
  const auto age = stored->age(now);
  const auto lifetime = stored->lifetime();
  if (request.max_age && age > *request.max_age) {
    const bool tolerated =
        request.max_stale &&
        age <= lifetime + std::min(*request.max_stale, std::chrono::seconds(1u << 31));
    if (!tolerated) return ask;
  }
  if (request.min_fresh && lifetime - age < *request.min_fresh) return ask;
  if (lifetime > age) return cache_verdict::serve;
  if (response.must_revalidate) return ask;
  const auto stale = age - lifetime;
  if (request.max_stale && stale <= *request.max_stale) return cache_verdict::serve;
  if (response.stale_while_revalidate && stale <= *response.stale_while_revalidate &&
      !request.only_if_cached)
    return cache_verdict::serve_and_renew;
  return ask;
}

COHTTPS_DEF bool may_hide_failure(const cache_control& request, const cached_response& stored,
                                  cached_response::time_point now) {
  const cache_control response = cache_control::parse(stored.headers);
  if (response.must_revalidate || response.no_cache || request.no_cache) return false;
  const auto stale = stored.age(now) - stored.lifetime();
  const auto within = [&](const std::optional<std::chrono::seconds>& time) {
    return time && stale <= *time;
  };
  return within(response.stale_if_error) || within(request.stale_if_error);
}

COHTTPS_DEF bool may_store(const fields& request, int status, const fields& response) {
  if (status < 200 || status == 206 || status == 304) return false;
  const cache_control asked = cache_control::parse(request);
  const cache_control given = cache_control::parse(response);
  if (asked.no_store || (given.no_store && !given.must_understand)) return false;
  if (given.must_understand && !is_heuristically_cacheable(status)) return false;
  if (given.no_store && given.must_understand && !is_heuristically_cacheable(status)) return false;
  for (const std::string& name : vary_names(response))
    if (name == "*") return false;
  const bool explicit_time = given.max_age || response.contains("expires");
  const bool useful =
      explicit_time || response.contains("etag") || response.contains("last-modified");
  return useful && (explicit_time || given.is_public || is_heuristically_cacheable(status));
}

COHTTPS_DEF fields varying_fields(const fields& request, const fields& response) {
  fields out;
  for (const std::string& name : vary_names(response))
    if (request.contains(name)) out.append_unchecked(name, request.combined(name));
  return out;
}

}  // namespace detail

}  // namespace cohttps
