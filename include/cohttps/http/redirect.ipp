// Definitions for redirect.hpp.
#pragma once

#include <cohttps/http/redirect.hpp>

namespace cohttps {

COHTTPS_DEF result<std::optional<redirection>> follow_redirect(const url& from,
                                                               const method& method, int status,
                                                               const fields& headers,
                                                               hsts_policy* hsts,
                                                               hsts_policy::time_point now) {
  if (!is_redirect_status(status)) return std::nullopt;
  const auto location = headers.find("location");
  if (!location || location->empty()) return std::nullopt;
  bool ambiguous = false;
  headers.for_each("location",
                   [&](std::string_view v) { ambiguous = ambiguous || v != *location; });
  if (ambiguous)
    return fail(error_category::protocol, "ambiguous_location",
                "the redirection names several places; it was not followed");
  auto to = url::parse(*location, from);
  if (!to)
    return fail(error_category::protocol, "invalid_location",
                "the redirection's Location cannot be followed: " + to.error().message());
  to = detail::secured_by(hsts, now, *std::move(to));
  if (from.scheme() == "https" && to->scheme() != "https")
    return fail(error_category::policy, "insecure_redirect",
                "the redirection leads from https to " + std::string(to->origin().text()) +
                    ", which is not encrypted; it was not followed");
  // RFC 9110, 10.2.2: a target without a fragment inherits the one of the request.
  if (!to->has_fragment() && from.has_fragment())
    if (to = url::parse("#" + std::string(from.fragment()), *to); !to) return pass(std::move(to));

  // The client must not use credentials that a server puts into a Location.
  if (to->has_credentials()) to = to->without_credentials();

  const bool becomes_get = (status == 303 && method != method::get && method != method::head) ||
                           ((status == 301 || status == 302) && method == method::post);
  const bool same_origin = to->origin() == from.origin();
  return redirection{std::move(*to), becomes_get ? method::get : method, !becomes_get, same_origin};
}

COHTTPS_DEF void strip_for_redirect(fields& headers, const redirection& redirect, bool trusted) {
  if (!redirect.keeps_content)
    for (std::string_view name :
         {"content-encoding", "content-language", "content-location", "content-type",
          "content-length", "digest", "content-digest", "repr-digest", "last-modified", "expect",
          "trailer", "transfer-encoding"})
      headers.erase(name);
  if (redirect.same_origin) return;
  headers.erase("host");
  if (trusted) return;
  for (std::string_view name : {"authorization", "cookie", "proxy-authorization"})
    headers.erase(name);
}

namespace detail {

COHTTPS_DEF url secured_by(hsts_policy* hsts, hsts_policy::time_point now, url u) {
  if (!hsts || u.scheme() != "http") return u;
  if (!hsts->requires_https(u.host_for_connect(), now)) return u;
  // The port 80 is not written in an http URL; another one stays.
  auto secured = url::parse("https" + u.href().substr(4));
  return secured ? *std::move(secured) : std::move(u);
}

}  // namespace detail

}  // namespace cohttps
