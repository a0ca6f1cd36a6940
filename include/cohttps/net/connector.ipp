// Definitions for connector.hpp.
#pragma once

#include <cohttps/net/connector.hpp>

namespace cohttps::net {
namespace detail {

COHTTPS_DEF std::string_view bare_host(std::string_view host) noexcept {
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return host;
}

COHTTPS_DEF result<void> check_remote_name(const route& way, const connect_options& options) {
  if (!options.addresses.restricts()) return {};
  const std::string_view host = bare_host(way.to->host);
  auto literal = parse_address(host);
  if (literal) literal->port = way.to->port;
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

COHTTPS_DEF task<result<dialled>> dial_for(const route& way, const connect_options& options,
                                           deadline& limit) {
  if (!way.via) return dial(bare_host(way.to->host), way.to->port, options, limit);
  return dial(bare_host(way.via->host()), way.via->port(), *way.to_proxy, limit);
}

COHTTPS_DEF task<result<void>> secure(channel& bytes, const tls_context& tls, std::string_view host,
                                      std::uint16_t port, http_versions versions,
                                      const connect_options& options, deadline& limit) {
  limit.enter(phase::handshake, options.tls_timeout);
  std::vector<std::string> alpn;
  if (has_http2 && versions != http_versions::http_1_1) alpn.emplace_back("h2");
  if (versions != http_versions::http_2) alpn.emplace_back("http/1.1");
  auto secured = co_await bytes.secure(tls, std::string(bare_host(host)), port, std::move(alpn),
                                       std::chrono::system_clock::now(), limit.token());
  if (!secured) co_return std::unexpected(limit.explain(std::move(secured).error()));
  co_return secured;
}

COHTTPS_DEF result<http_versions> versions_on(const route& way, http_versions wanted) {
  if (wanted == http_versions::http_2 && !has_http2)
    return fail(error_category::usage, "http2_not_built_in",
                "this program was built without nghttp2 (COHTTPS_HAS_NGHTTP2), so it cannot speak "
                "HTTP/2");
  if (wanted == http_versions::http_2 && way.absolute_form())
    return fail(error_category::usage, "http2_to_http_proxy",
                "a proxy takes requests for http URLs over HTTP/1.1 alone");
  if (wanted == http_versions::http_2 && way.only_http1)
    return fail(error_category::policy, "http_1_1_needed",
                "this request requires HTTP/1.1, but client_options::versions allows only HTTP/2");
  if (wanted == http_versions::best && (way.only_http1 || !way.tls)) return http_versions::http_1_1;
  return wanted;
}

COHTTPS_DEF task<result<bool>> pass_proxy(construction& made, const route& way,
                                          const connect_options& options, proxy_login& login,
                                          const endpoint* address, deadline& limit,
                                          connect_timings& timings) {
  made.info->proxy = way.via->text();
  if (way.via->scheme() == proxy_scheme::https) {
    auto secured = co_await secure(*made.bytes, *way.proxy_tls, way.via->host(), way.via->port(),
                                   http_versions::http_1_1, options, limit);
    if (!secured) co_return pass(std::move(secured));
  }
  if (!way.tunnels()) co_return true;
  const time_point started = limit.now();
  limit.enter(phase::tunnel, options.connect_timeout);
  const tunnel_target target{*way.to, address};
  auto opened = co_await open_tunnel(*made.bytes, target, login, options.limits, options.strictness,
                                     limit.token());
  if (!opened) co_return std::unexpected(limit.explain(std::move(opened).error()));
  timings.tunnel = limit.now() - started;
  if (*opened == tunnel::reconnect) co_return false;
  notify(limit.observers(), &observer::on_tunnelled,
         events::tunnelled{made.info->proxy, timings.tunnel});
  co_return true;
}

COHTTPS_DEF task<result<void>> reach(construction& made, const route& way,
                                     const connect_options& options, deadline& limit,
                                     connect_timings& timings) {
  std::optional<proxy_login> login;
  std::vector<endpoint> addresses;  // that a proxy is told
  std::size_t at = 0;
  if (way.via) {
    login.emplace(login_to(*way.via));
    if (way.via->resolves_names()) {
      if (auto checked = check_remote_name(way, options); !checked)
        co_return pass(std::move(checked));
    } else {
      auto found = co_await resolve_only(bare_host(way.to->host), way.to->port, options, limit);
      if (!found) co_return pass(std::move(found));
      addresses = addresses_for(*way.via, *std::move(found));
    }
  }
  while (true) {
    auto dialled = co_await dial_for(way, options, limit);
    if (!dialled) co_return pass(std::move(dialled));
    timings.resolve += dialled->resolve;
    timings.connect += dialled->connect;
    made.info->peer = std::move(dialled->peer);
    made.bytes.emplace(std::move(dialled->stream));
    notify(limit.observers(), &observer::on_connected,
           events::connected{made.info->peer, timings.connect});
    if (!way.via) co_return result<void>();
    auto passed = co_await pass_proxy(made, way, options, *login,
                                      addresses.empty() ? nullptr : &addresses[at], limit, timings);
    const bool unreached = !passed && passed.error().category() == error_category::connect;
    if (!passed && !(unreached && at + 1 < addresses.size())) co_return pass(std::move(passed));
    if (passed && *passed) co_return result<void>();
    if (unreached) ++at;
    made.bytes->close();
  }
}

COHTTPS_DEF result<std::unique_ptr<connection>> speak(construction& made, http_versions versions,
                                                      const connect_options& options,
                                                      any_transport& transport) {
  channel bytes = *std::move(made.bytes);
  const bool agreed = made.info->tls && made.info->tls->alpn == "h2";
  if (made.info->tls && !agreed && versions == http_versions::http_2)
    return fail(
        error_category::protocol, "http2_not_agreed",
        "the server did not agree on HTTP/2 (ALPN), but client_options::versions allows only "
        "HTTP/2");
#ifdef COHTTPS_HAS_NGHTTP2
  if (agreed || versions == http_versions::http_2) {
    made.info->protocol = "HTTP/2";
    const http2::limits bounds{.head = options.limits.head,
                               .fields = options.limits.fields,
                               .interim = options.limits.interim,
                               .trailers = options.limits.trailers,
                               .trailer_fields = options.limits.trailer_fields};
    return std::make_unique<http2_connection<>>(std::move(bytes), bounds, options.http2, transport,
                                                std::move(made.info));
  }
#endif
  (void)transport;
  return std::make_unique<http1_connection<>>(std::move(bytes), options.limits, options.strictness,
                                              std::move(made.info));
}

COHTTPS_DEF task<result<void>> reach_securely(construction& made, const route& way,
                                              http_versions versions,
                                              const connect_options& options, deadline& limit,
                                              connect_timings& timings) {
  auto reached = co_await reach(made, way, options, limit, timings);
  if (!reached || !way.tls) co_return reached;
  const time_point started = limit.now();
  auto secured =
      co_await secure(*made.bytes, *way.tls, way.to->host, way.to->port, versions, options, limit);
  timings.tls += limit.now() - started;
  co_return secured;
}

}  // namespace detail
}  // namespace cohttps::net

namespace cohttps::net {

COHTTPS_DEF task<result<std::unique_ptr<connection>>> connect(route way,
                                                              const connect_options& options,
                                                              deadline& limit,
                                                              connect_timings& timings) {
  const auto versions = detail::versions_on(way, options.versions);
  if (!versions) co_return std::unexpected(versions.error());
  detail::construction made;
  auto reached = co_await detail::reach_securely(made, way, *versions, options, limit, timings);
  // The failed handshake has used up the session of TLS 1.2, so that the next one offers TLS 1.3.
  const bool withheld = made.bytes && made.bytes->withheld_tls13();
  if (!reached && withheld && reached.error().category() == error_category::tls)
    reached = co_await detail::reach_securely(made, way, *versions, options, limit, timings);
  if (!reached) co_return pass(std::move(reached));
  if (way.tls) {
    const time_point started = limit.now();
    detail::issuer_way to_issuers{way, options, limit};
    auto checked = co_await check_revocation(*made.bytes, to_issuers, options, limit);
    if (!checked) co_return std::unexpected(limit.explain(std::move(checked).error()));
    made.info->tls = *made.bytes->tls();
    timings.tls += limit.now() - started;
    notify(limit.observers(), &observer::on_secured, events::secured{*made.info->tls, timings.tls});
  }
  co_return detail::speak(made, *versions, options, limit.transport());
}

}  // namespace cohttps::net
