// Which proxy for which URL.
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/proxy/bypass_list.hpp>
#include <cohttps/proxy/proxy.hpp>
#include <cohttps/url/url.hpp>

#include <cstdlib>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace cohttps {

/// A proxy for each scheme of URL, and the hosts that are reached without one. A value.
class proxy_rules {
 public:
  /// No proxy for anything.
  proxy_rules() = default;

  /// `through` for every URL.
  static proxy_rules all(const proxy& through) { return by_scheme(through, through); }

  /// One for http URLs and one for https URLs; without it, they are reached directly.
  static proxy_rules by_scheme(std::optional<proxy> http, std::optional<proxy> https) {
    proxy_rules rules;
    rules.http_ = std::move(http);
    rules.https_ = std::move(https);
    return rules;
  }

  /// What the environment says, with curl's meaning: `http_proxy` for http URLs, `https_proxy` for
  /// https URLs, `all_proxy` where that is not set, and `no_proxy`, a `bypass_list`. The names in
  /// lower case come before those in upper case; `HTTP_PROXY` is never read, because in a CGI
  /// program it is what a request's field "Proxy" says (CVE-2016-5385). An empty variable is one
  /// that is not set.
  ///
  /// Fails with the error of `proxy::parse`, which then names the variable.
  ///
  /// Threads: `std::getenv` must not run beside a change of the environment.
  static result<proxy_rules> from_environment() {
    return from_environment([](const char* name) -> const char* { return std::getenv(name); });
  }

  /// The same with a function from the name of a variable to its value or null.
  template <class Lookup>
  static result<proxy_rules> from_environment(Lookup&& lookup) {
    proxy_rules rules;
    const auto for_scheme = [&](std::initializer_list<const char*> names) {
      const variable found = first_set(names, lookup);
      if (!found.name) return result<std::optional<proxy>>();
      auto parsed = proxy::parse(found.value);
      if (!parsed) return result<std::optional<proxy>>(about(found.name, parsed.error()));
      return result<std::optional<proxy>>(*std::move(parsed));
    };
    auto http = for_scheme({"http_proxy", "all_proxy", "ALL_PROXY"});
    if (!http) return pass(std::move(http));
    auto https = for_scheme({"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"});
    if (!https) return pass(std::move(https));
    rules.http_ = *std::move(http);
    rules.https_ = *std::move(https);
    if (!rules.http_ && !rules.https_) return rules;
    rules.bypass_.add(first_set({"no_proxy", "NO_PROXY"}, lookup).value);
    return rules;
  }

  /// These rules, with the hosts of a `bypass_list` in `hosts` reached directly too.
  proxy_rules bypass(std::string_view hosts) const {
    proxy_rules more(*this);
    more.bypass_.add(hosts);
    return more;
  }

  /// These rules with each proxy as `proxy::with_digest` makes it.
  proxy_rules with_digest() const {
    proxy_rules changed(*this);
    for (std::optional<proxy>* each : {&changed.http_, &changed.https_})
      if (*each) *each = (*each)->with_digest();
    return changed;
  }

  /// Null when the URL is to be reached directly. The proxy lives in these rules.
  const proxy* for_url(const url& to) const {
    const std::optional<proxy>& through = to.scheme() == "https" ? https_ : http_;
    return through && !bypass_.matches(to) ? &*through : nullptr;
  }

  friend bool operator==(const proxy_rules&, const proxy_rules&) = default;

 private:
  struct variable {
    const char* name = nullptr;
    std::string value{};
  };

  template <class Lookup>
  static variable first_set(std::initializer_list<const char*> names, Lookup& lookup) {
    for (const char* name : names)
      if (const char* value = lookup(name); value && *value) return {name, value};
    return {};
  }

  static std::unexpected<error> about(const char* name, const error& e) {
    return fail(e.category(), e.reason(),
                "the environment variable " + std::string(name) + ": " + e.message());
  }

  std::optional<proxy> http_;
  std::optional<proxy> https_;
  bypass_list bypass_;
};

}  // namespace cohttps
