// Definitions for choose_route.hpp.
#pragma once

#include <cohttps/request/choose_route.hpp>

namespace cohttps::detail {

#ifdef COHTTPS_HAS_NGTCP2
COHTTPS_DEF result<void> check_http3(const route& to, const client_options& options) {
  if (!options.http3)
    return fail(error_category::usage, "http3_not_set_up",
                "client_options::versions allows only HTTP/3, which needs client_options::http3: "
                "give it make_http3() of <cohttps/http3.hpp>");
  if (!to.tls)
    return fail(error_category::usage, "http3_without_tls",
                "http URLs have no HTTP/3; use https, or allow other versions");
  if (!options.unix_socket.empty())
    return fail(error_category::usage, "http3_and_unix_socket",
                "a Unix domain socket carries no HTTP/3; allow other versions");
  return {};
}
#endif

COHTTPS_DEF result<route> choose_route(const url& to, const client_options& options,
                                       tls_contexts& contexts, bool may_identify) {
  route chosen{to.origin()};
  if (to.scheme() == "https") {
    auto found = contexts.to_origin(to.origin(), may_identify);
    if (!found) return pass(std::move(found));
    chosen.tls = *found;
  } else if (!options.allow_plaintext) {
    return fail(error_category::policy, "plaintext_refused",
                "http is not encrypted; use https, or set client_options::allow_plaintext");
  }
  if (options.versions == http_versions::http_2 && !has_http2)
    return fail(error_category::usage, "http2_not_built_in",
                "this program was built without nghttp2 (COHTTPS_HAS_NGHTTP2), so it cannot speak "
                "HTTP/2");
  bool has_others = has_http2;  // versions other than HTTP/1.1
#ifdef COHTTPS_HAS_NGTCP2
  has_others = has_others || options.http3;
  if (options.versions == http_versions::http_3)
    if (auto possible = check_http3(chosen, options); !possible) return pass(std::move(possible));
#else
  if (options.versions == http_versions::http_3)
    return fail(error_category::usage, "http3_not_built_in",
                "this program was built without ngtcp2 (COHTTPS_HAS_NGTCP2), so it cannot speak "
                "HTTP/3");
#endif
  // Without TLS there is no ALPN, so the client cannot ask for HTTP/2.
  const bool only_http1 = !chosen.tls || !has_others;
  const bool best = options.versions == http_versions::best;
  chosen.versions = best && only_http1 ? http_versions::http_1_1 : options.versions;
  chosen.via = options.proxies.connector_for(to);
  if (!chosen.via) return chosen;

  if (options.versions == http_versions::http_3)
    return fail(
        error_category::usage, "http3_through_proxy",
        "proxies carry no HTTP/3; allow other versions (client_options::versions), or leave "
        "the proxy out for this URL");
  if (!options.unix_socket.empty())
    return fail(error_category::usage, "proxy_and_unix_socket",
                "the options proxies and unix_socket exclude each other for this URL");
  const proxy& via = chosen.via->via();
  chosen.kind = chosen.tls || via.is_socks() ? route_kind::tunnel : route_kind::forward;
  if (chosen.kind == route_kind::forward && chosen.versions == http_versions::http_2)
    return fail(error_category::usage, "http2_to_http_proxy",
                "a proxy takes requests for http URLs over HTTP/1.1 alone");
  if (via.scheme() == proxy_scheme::https) {
    auto found = contexts.to_proxy();
    if (!found) return pass(std::move(found));
    chosen.proxy_tls = *found;
  }
  return chosen;
}

COHTTPS_DEF result<void> restrict_to_http1(route& chosen) {
  if (chosen.versions == http_versions::http_2 || chosen.versions == http_versions::http_3)
    return fail(error_category::policy, "http_1_1_needed",
                "this request requires HTTP/1.1, but client_options::versions allows only HTTP/" +
                    std::string(chosen.versions == http_versions::http_2 ? "2" : "3"));
  chosen.versions = http_versions::http_1_1;
  return {};
}

}  // namespace cohttps::detail
