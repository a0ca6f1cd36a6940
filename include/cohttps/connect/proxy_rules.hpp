// The rules that select the proxy for a URL.
#pragma once

#include <cohttps/connect/proxy_connector.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/proxy/proxy.hpp>
#include <cohttps/url/url.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace cohttps {

namespace detail {
template <class = void>
class proxy_table;
}

/// A proxy for each scheme of URL, and the hosts to which the client connects without a proxy. A
/// value; copies are cheap.
class proxy_rules {
 public:
  /// Uses no proxy.
  proxy_rules() = default;

  /// Uses the proxy `through` for all URLs.
  COHTTPS_DECL static proxy_rules all(const proxy& through);

  /// Uses the proxy `http` for http URLs and the proxy `https` for https URLs. If one is empty, the
  /// client connects to such URLs directly.
  COHTTPS_DECL static proxy_rules by_scheme(std::optional<proxy> http, std::optional<proxy> https);

  /// Reads the rules from environment variables, as curl does: `http_proxy` for http URLs,
  /// `https_proxy` for https URLs, `all_proxy` if the variable for the scheme is not set, and
  /// `no_proxy`, which is a `bypass_list`. The names in lower case come before those in upper case.
  /// `HTTP_PROXY` is never read, because in a CGI program it contains the field "Proxy" of a
  /// request (CVE-2016-5385). An empty variable counts as not set.
  ///
  /// Fails with the errors of `proxy::parse`. The message then names the variable.
  ///
  /// Threads: no thread may change the environment during the call, because it uses `std::getenv`.
  COHTTPS_DECL static result<proxy_rules> from_environment();

  /// The same, with a function that returns the value of a variable, or null if it is not set.
  COHTTPS_DECL static result<proxy_rules> from_environment(
      const std::function<const char*(const char*)>& lookup);

  /// Returns these rules with more hosts to which the client connects directly. `hosts` is the text
  /// of a `bypass_list`.
  COHTTPS_DECL proxy_rules bypass(std::string_view hosts) const;

  /// Returns these rules with `proxy::with_digest` for each proxy.
  COHTTPS_DECL proxy_rules with_digest() const;

  /// Returns the proxy for a URL, or null if the client connects directly. The pointer is valid as
  /// long as these rules exist.
  const proxy* for_url(const url& to) const {
    const auto* connector = connector_for(to);
    return connector ? &connector->via() : nullptr;
  }

  /// Used by the client.
  const detail::proxy_connector* connector_for(const url& to) const {
    return table_ ? table_->select(to) : nullptr;
  }

 private:
  COHTTPS_DECL explicit proxy_rules(detail::proxy_table<> table);
  COHTTPS_DECL detail::proxy_table<> table() const;

  std::shared_ptr<const detail::proxy_selector> table_;
};

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/connect/proxy_rules.ipp>
#endif
