// Definitions for tunnel_connector.hpp.
#pragma once

#include <cohttps/connect/tunnel_connector.hpp>

namespace cohttps::detail {

COHTTPS_DEF result<void> check_remote_name(const origin& to, const connect_options& options) {
  if (!options.addresses.restricts()) return {};
  const std::string_view host = without_brackets(to.host);
  auto literal = parse_address(host);
  if (literal) literal->port = to.port;
  if (literal && options.addresses.allows(*literal)) return {};
  if (literal)
    return fail(error_category::policy, "address_refused",
                "the address policy does not allow " + std::string(host));
  return fail(error_category::policy, "address_unknown",
              "the proxy would look '" + std::string(host) +
                  "' up, so the address policy cannot be applied; use a proxy for which the client "
                  "does that (socks5), or no policy");
}

COHTTPS_DEF std::vector<endpoint> addresses_for(const proxy& via, std::vector<endpoint> found) {
  const auto is_v6 = [](const endpoint& e) { return e.is_v6; };
  if (via.scheme() == proxy_scheme::socks4 && !std::ranges::all_of(found, is_v6))
    std::erase_if(found, is_v6);
  return found;
}

/// Implements `forward_login` with a `proxy_login`.
template <class = void>
class http_forward_login final : public forward_login {
 public:
  explicit http_forward_login(proxy_login login) : login_(std::move(login)) {}

  result<void> show(fields& headers, const method& verb, std::string_view target,
                    std::span<const std::byte> content) override {
    auto value = login_.authorization(
        verb, target, {reinterpret_cast<const char*>(content.data()), content.size()});
    if (!value) return pass(std::move(value));
    if (!value->empty()) headers.append_unchecked("Proxy-Authorization", *value);
    return {};
  }

  result<void> challenged(const fields& headers) override { return login_.challenged(headers); }

 private:
  proxy_login login_;
};

template <class T>
std::unique_ptr<forward_login> tunnel_connector<T>::login() const {
  return std::make_unique<http_forward_login<>>(login_to(via()));
}

template <class T>
task<result<bool>> tunnel_connector<T>::pass_proxy(construction& made, const route& to,
                                                   const connect_options& options,
                                                   proxy_login& login, const endpoint* address,
                                                   deadline& limit) const {
  made.info->proxy = via().text();
  if (to.proxy_tls) {
    auto secured = co_await secure(made, *to.proxy_tls, via().host(), via().port(),
                                   http_versions::http_1_1, options, limit);
    if (!secured) co_return pass(std::move(secured));
  }
  if (to.kind == route_kind::forward) co_return true;
  const time_point started = limit.now();
  limit.enter(phase::tunnel, options.connect_timeout);
  const tunnel_target target{to.to, address};
  auto opened = co_await open_tunnel(*made.bytes, target, login, options.limits, options.strictness,
                                     limit.token());
  if (!opened) co_return std::unexpected(limit.explain(std::move(opened).error()));
  made.timings.tunnel = limit.now() - started;
  if (*opened == tunnel::reconnect) co_return false;
  notify(limit.observers(), &observer::on_tunnelled,
         events::tunnelled{made.info->proxy, made.timings.tunnel});
  co_return true;
}

template <class T>
task<result<void>> tunnel_connector<T>::reach(construction& made, const route& to,
                                              const connect_options& options,
                                              deadline& limit) const {
  // The address policy does not apply to the proxy, because the caller chose the proxy.
  connect_options to_proxy = options;
  to_proxy.addresses = {};
  proxy_login login = login_to(via());
  std::vector<endpoint> addresses;  // of the origin, if the proxy does not look up names
  std::size_t at = 0;
  if (via().resolves_names()) {
    auto checked = check_remote_name(to.to, options);
    if (!checked) co_return pass(std::move(checked));
  } else {
    auto found = co_await resolve_only(without_brackets(to.to.host), to.to.port, options, limit);
    if (!found) co_return pass(std::move(found));
    addresses = addresses_for(via(), *std::move(found));
  }
  while (true) {
    auto opened = co_await open_stream(made, via().host(), via().port(), to_proxy, limit);
    if (!opened) co_return pass(std::move(opened));
    auto passed = co_await pass_proxy(made, to, options, login,
                                      addresses.empty() ? nullptr : &addresses[at], limit);
    const bool unreached = !passed && passed.error().category() == error_category::connect;
    if (!passed && !(unreached && at + 1 < addresses.size())) co_return pass(std::move(passed));
    if (passed && *passed) co_return result<void>();
    if (unreached) ++at;
    made.bytes->close();
  }
}

}  // namespace cohttps::detail
