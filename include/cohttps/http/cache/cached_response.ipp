// Definitions for cached_response.hpp.
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/http/cache/cached_response.hpp>
#include <cohttps/http/date.hpp>

#include <algorithm>
#include <charconv>
#include <string>

namespace cohttps {

namespace detail {

/// Calls `f` with each name in Vary until it returns false. Returns false then.
template <class F>
bool all_vary_names(const fields& response, F f) {
  bool all = true;
  response.for_each("vary", [&](std::string_view list) {
    ascii::for_each_element(list, [&](std::string_view name) { return all = all && f(name); });
  });
  return all;
}

/// True when both have the same values of `name`, as one list.
template <class = void>
bool same_values(const fields& a, const fields& b, std::string_view name) {
  if (a.count(name) <= 1 && b.count(name) <= 1)
    return a.find(name).value_or("") == b.find(name).value_or("");
  return a.combined(name) == b.combined(name);
}

/// True for fields that are for one connection alone, whatever Connection says (RFC 9111, 3.1).
template <class = void>
bool is_for_connection(std::string_view name) {
  constexpr std::string_view names[] = {"connection",
                                        "keep-alive",
                                        "proxy-authenticate",
                                        "proxy-authentication-info",
                                        "proxy-authorization",
                                        "proxy-connection",
                                        "te",
                                        "trailer",
                                        "transfer-encoding",
                                        "upgrade"};
  return std::ranges::any_of(names, [&](auto n) { return ascii::iequals(n, name); });
}

/// True for fields that describe the bytes that are stored, which a 304 does not change.
template <class = void>
bool is_about_content(std::string_view name) {
  constexpr std::string_view names[] = {"content-encoding", "content-length", "content-md5",
                                        "content-range"};
  return std::ranges::any_of(names, [&](auto n) { return ascii::iequals(n, name); });
}

/// An entity tag without the mark of a weak one, for the weak comparison (RFC 9110, 8.8.3.2).
constexpr std::string_view opaque_tag(std::string_view tag) noexcept {
  return tag.starts_with("W/") ? tag.substr(2) : tag;
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
  return detail::all_vary_names(headers, [&](std::string_view name) {
    return name != "*" && detail::same_values(request, request_fields, name);
  });
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

COHTTPS_DEF void cached_response::refresh(const fields& newer, time_point sent, time_point came) {
  const fields added = detail::storable_fields(newer);
  // A 304 that names another tag than the one it was asked about does not change that of the bytes.
  const bool tagged = headers.contains("etag");
  const auto takes = [&](std::string_view name) {
    return !detail::is_about_content(name) && !(tagged && ascii::iequals(name, "etag"));
  };
  for (const field f : added)
    if (takes(f.name)) headers.erase(f.name);
  for (const field f : added)
    if (takes(f.name)) headers.append_unchecked(f.name, f.value);
  requested = sent;
  received = came;
}

COHTTPS_DEF std::chrono::seconds cached_response::useful_for(time_point now) const {
  using std::chrono::seconds;
  const cache_control directives = cache_control::parse(headers);
  seconds useful = lifetime() - age(now);
  if (!directives.must_revalidate)
    useful += std::max(directives.stale_while_revalidate.value_or(seconds(0)),
                       directives.stale_if_error.value_or(seconds(0)));
  useful = std::max(useful, seconds(0));
  if (has_validator()) return useful + std::chrono::days(1);
  return useful > seconds(0) ? useful + std::chrono::hours(1) : useful;
}

COHTTPS_DEF std::size_t cached_response::size() const {
  std::size_t size = 256;
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
  if (!all_vary_names(response, [](std::string_view name) { return name != "*"; })) return false;
  const bool explicit_time = given.max_age || response.contains("expires");
  const bool useful =
      explicit_time || response.contains("etag") || response.contains("last-modified");
  return useful && (explicit_time || given.is_public || is_heuristically_cacheable(status));
}

COHTTPS_DEF fields storable_fields(const fields& response) {
  fields out;
  for (const field f : response)
    if (!is_for_connection(f.name) && !response.has_element("connection", f.name))
      out.append_unchecked(f.name, f.value);
  return out;
}

COHTTPS_DEF bool is_not_modified(const fields& request, const cached_response& stored) {
  if (stored.status != 200) return false;
  if (request.contains("if-none-match")) {  // the other condition does not count then
    const auto mine = stored.headers.find("etag");
    bool found = false;
    request.for_each("if-none-match", [&](std::string_view list) {
      ascii::for_each_element(list, [&](std::string_view tag) {
        return !(found |= tag == "*" || (mine && opaque_tag(tag) == opaque_tag(*mine)));
      });
    });
    return found;
  }
  const auto since = date_of(request, "if-modified-since", stored.received);
  if (!since) return false;
  const auto changed = date_of(stored.headers, "last-modified", stored.received);
  const auto date = date_of(stored.headers, "date", stored.received);
  return changed.value_or(
             date.value_or(std::chrono::floor<std::chrono::seconds>(stored.received))) <= *since;
}

COHTTPS_DEF fields not_modified_fields(const cached_response& stored) {
  constexpr std::string_view names[] = {"cache-control", "content-location", "date", "etag",
                                        "expires",       "last-modified",    "vary"};
  fields out;
  for (const field f : stored.headers)
    if (std::ranges::any_of(names, [&](auto n) { return ascii::iequals(n, f.name); }))
      out.append_unchecked(f.name, f.value);
  return out;
}

COHTTPS_DEF bool is_same_representation(const cached_response& stored, const fields& head) {
  const auto agrees = [&](std::string_view name) {
    return !head.contains(name) || same_values(head, stored.headers, name);
  };
  const bool sized = stored.headers.contains("content-length");  // not where it was decoded
  return agrees("etag") && agrees("last-modified") && (!sized || agrees("content-length"));
}

COHTTPS_DEF fields varying_fields(const fields& request, const fields& response) {
  fields out;
  all_vary_names(response, [&](std::string_view name) {
    if (request.contains(name)) out.append_unchecked(ascii::lower(name), request.combined(name));
    return true;
  });
  return out;
}

}  // namespace detail

}  // namespace cohttps
