// Which proxy for which URL.
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
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
  COHTTPS_DECL static proxy_rules all(const proxy& through);

  /// One for http URLs and one for https URLs; without it, they are reached directly.
  COHTTPS_DECL static proxy_rules by_scheme(std::optional<proxy> http, std::optional<proxy> https);

  /// What the environment says, with curl's meaning: `http_proxy` for http URLs, `https_proxy` for
  /// https URLs, `all_proxy` where that is not set, and `no_proxy`, a `bypass_list`. The names in
  /// lower case come before those in upper case; `HTTP_PROXY` is never read, because in a CGI
  /// program it is what a request's field "Proxy" says (CVE-2016-5385). An empty variable is one
  /// that is not set.
  ///
  /// Fails with the error of `proxy::parse`, which then names the variable.
  ///
  /// Threads: `std::getenv` must not run beside a change of the environment.
  COHTTPS_DECL static result<proxy_rules> from_environment();

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
  COHTTPS_DECL proxy_rules bypass(std::string_view hosts) const;

  /// These rules with each proxy as `proxy::with_digest` makes it.
  COHTTPS_DECL proxy_rules with_digest() const;

  /// Null when the URL is to be reached directly. The proxy lives in these rules.
  COHTTPS_DECL const proxy* for_url(const url& to) const;

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

  COHTTPS_DECL static std::unexpected<error> about(const char* name, const error& e);

  std::optional<proxy> http_;
  std::optional<proxy> https_;
  bypass_list bypass_;
};

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/proxy/proxy_rules.ipp>
#endif
