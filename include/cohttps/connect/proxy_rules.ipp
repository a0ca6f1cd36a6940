// Definitions for proxy_rules.hpp.
#pragma once

#include <cohttps/connect/proxy_rules.hpp>
#include <cohttps/connect/tunnel_connector.hpp>
#include <cohttps/proxy/bypass_list.hpp>

#include <cstdlib>
#include <initializer_list>

namespace cohttps {

namespace detail {

template <class>
class proxy_table final : public proxy_selector {
 public:
  proxy_table() = default;
  // The connectors belong to one table. A copy makes its own in `build`.
  proxy_table(const proxy_table& other)
      : http(other.http), https(other.https), bypassed(other.bypassed) {}

  const proxy_connector* select(const url& to) const override {
    const auto& connector = to.scheme() == "https" ? to_https_ : to_http_;
    return connector && !bypassed.matches(to) ? connector.get() : nullptr;
  }

  std::shared_ptr<const proxy_selector> build() && {
    auto built = std::make_shared<proxy_table>(*this);
    if (http) built->to_http_ = std::make_unique<tunnel_connector<>>(*http);
    if (https) built->to_https_ = std::make_unique<tunnel_connector<>>(*https);
    return built;
  }

  std::optional<proxy> http;
  std::optional<proxy> https;
  bypass_list bypassed;

 private:
  std::unique_ptr<const proxy_connector> to_http_;
  std::unique_ptr<const proxy_connector> to_https_;
};

/// Returns the name and the value of the first variable in `names` that is set.
template <class = void>
std::pair<const char*, std::string> first_set(
    std::initializer_list<const char*> names,
    const std::function<const char*(const char*)>& lookup) {
  for (const char* name : names)
    if (const char* value = lookup(name); value && *value) return {name, value};
  return {nullptr, std::string()};
}

template <class = void>
result<std::optional<proxy>> proxy_from_environment(
    std::initializer_list<const char*> names,
    const std::function<const char*(const char*)>& lookup) {
  const auto [name, value] = first_set(names, lookup);
  if (!name) return std::nullopt;
  auto parsed = proxy::parse(value);
  if (parsed) return *std::move(parsed);
  const error& e = parsed.error();
  return fail(e.category(), e.reason(),
              "the environment variable " + std::string(name) + ": " + e.message());
}

}  // namespace detail

COHTTPS_DEF proxy_rules::proxy_rules(detail::proxy_table<> table)
    : table_(std::move(table).build()) {}

COHTTPS_DEF detail::proxy_table<> proxy_rules::table() const {
  if (!table_) return {};
  return static_cast<const detail::proxy_table<>&>(*table_);
}

COHTTPS_DEF proxy_rules proxy_rules::all(const proxy& through) {
  return by_scheme(through, through);
}

COHTTPS_DEF proxy_rules proxy_rules::by_scheme(std::optional<proxy> http,
                                               std::optional<proxy> https) {
  detail::proxy_table<> table;
  table.http = std::move(http);
  table.https = std::move(https);
  return proxy_rules(std::move(table));
}

COHTTPS_DEF result<proxy_rules> proxy_rules::from_environment() {
  return from_environment([](const char* name) -> const char* { return std::getenv(name); });
}

COHTTPS_DEF result<proxy_rules> proxy_rules::from_environment(
    const std::function<const char*(const char*)>& lookup) {
  detail::proxy_table<> table;
  auto http = detail::proxy_from_environment({"http_proxy", "all_proxy", "ALL_PROXY"}, lookup);
  if (!http) return pass(std::move(http));
  auto https = detail::proxy_from_environment(
      {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"}, lookup);
  if (!https) return pass(std::move(https));
  table.http = *std::move(http);
  table.https = *std::move(https);
  if (!table.http && !table.https) return proxy_rules();
  table.bypassed.add(detail::first_set({"no_proxy", "NO_PROXY"}, lookup).second);
  return proxy_rules(std::move(table));
}

COHTTPS_DEF proxy_rules proxy_rules::bypass(std::string_view hosts) const {
  auto more = table();
  more.bypassed.add(hosts);
  return proxy_rules(std::move(more));
}

COHTTPS_DEF proxy_rules proxy_rules::with_digest() const {
  auto changed = table();
  for (std::optional<proxy>* each : {&changed.http, &changed.https})
    if (*each) *each = (*each)->with_digest();
  return proxy_rules(std::move(changed));
}

}  // namespace cohttps
