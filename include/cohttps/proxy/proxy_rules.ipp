// Definitions for proxy_rules.hpp.
#pragma once

#include <cohttps/proxy/proxy_rules.hpp>

namespace cohttps {

COHTTPS_DEF proxy_rules proxy_rules::all(const proxy& through) {
  return by_scheme(through, through);
}

COHTTPS_DEF proxy_rules proxy_rules::by_scheme(std::optional<proxy> http,
                                               std::optional<proxy> https) {
  proxy_rules rules;
  rules.http_ = std::move(http);
  rules.https_ = std::move(https);
  return rules;
}

COHTTPS_DEF result<proxy_rules> proxy_rules::from_environment() {
  return from_environment([](const char* name) -> const char* { return std::getenv(name); });
}

COHTTPS_DEF proxy_rules proxy_rules::bypass(std::string_view hosts) const {
  proxy_rules more(*this);
  more.bypass_.add(hosts);
  return more;
}

COHTTPS_DEF proxy_rules proxy_rules::with_digest() const {
  proxy_rules changed(*this);
  for (std::optional<proxy>* each : {&changed.http_, &changed.https_})
    if (*each) *each = (*each)->with_digest();
  return changed;
}

COHTTPS_DEF const proxy* proxy_rules::for_url(const url& to) const {
  const std::optional<proxy>& through = to.scheme() == "https" ? https_ : http_;
  return through && !bypass_.matches(to) ? &*through : nullptr;
}

COHTTPS_DEF std::unexpected<error> proxy_rules::about(const char* name, const error& e) {
  return fail(e.category(), e.reason(),
              "the environment variable " + std::string(name) + ": " + e.message());
}

}  // namespace cohttps
