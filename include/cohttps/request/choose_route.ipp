// Definitions for choose_route.hpp.
#pragma once

#include <cohttps/request/choose_route.hpp>

namespace cohttps::detail {

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
  // Without TLS there is no ALPN, so the client cannot ask for HTTP/2.
  const bool only_http1 = !has_http2 || !chosen.tls;
  const bool best = options.versions == http_versions::best;
  chosen.versions = best && only_http1 ? http_versions::http_1_1 : options.versions;
  chosen.via = options.proxies.connector_for(to);
  if (!chosen.via) return chosen;

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
  if (chosen.versions == http_versions::http_2)
    return fail(error_category::policy, "http_1_1_needed",
                "this request requires HTTP/1.1, but client_options::versions allows only HTTP/2");
  chosen.versions = http_versions::http_1_1;
  return {};
}

}  // namespace cohttps::detail
