// Definitions for way.hpp.
#pragma once

#include <cohttps/client/way.hpp>

namespace cohttps {

COHTTPS_DEF result<void> way::choose(const url& to, const client_options& options,
                                     tls_contexts& contexts, const net::connect_options& to_proxy,
                                     bool may_identify) {
  const tls_context* tls = nullptr;
  if (to.scheme() == "https") {
    auto found = contexts.to_origin(to.origin(), may_identify);
    if (!found) return pass(std::move(found));
    tls = *found;
  } else if (!options.allow_plaintext) {
    return fail(error_category::policy, "plaintext_refused",
                "http is not encrypted; use https, or set client_options::allow_plaintext");
  }
  key_ = {to.origin(), {}, tls ? tls->id() : nullptr, false};
  route_ = {&key_.to, tls, options.proxies.for_url(to), nullptr, &to_proxy, false};
  key_.may_share = net::has_http2 && (tls ? options.versions != http_versions::http_1_1
                                          : options.versions == http_versions::http_2);
  login_.reset();
  if (!route_.via) return {};

  if (!options.unix_socket.empty())
    return fail(error_category::usage, "proxy_and_unix_socket",
                "the options proxies and unix_socket exclude each other for this URL");
  key_.route.append(route_.via->text()).append("\n");
  key_.route.append(route_.via->username()).append("\n").append(route_.via->password());
  if (route_.via->only_digest()) key_.route.append("\ndigest");
  if (route_.via->scheme() == proxy_scheme::https) {
    auto found = contexts.to_proxy();
    if (!found) return pass(std::move(found));
    route_.proxy_tls = *found;
  }
  if (route_.absolute_form()) login_.emplace(net::login_to(*route_.via));
  return {};
}

COHTTPS_DEF void way::use_http1() noexcept {
  route_.only_http1 = true;
  key_.http1 = route_.tls != nullptr;
  key_.may_share = false;
}

COHTTPS_DEF result<void> way::show_login(request& r, const url& to, std::string& target) {
  target = to.origin().text() + std::string(to.target());
  const auto content = r.content.memory();
  // Digest is over the origin-form, as curl and those who verify it have it.
  auto shown = login_->authorization(
      r.method, to.target(),
      std::string_view(reinterpret_cast<const char*>(content.data()), content.size()));
  if (!shown) return pass(std::move(shown));
  if (!shown->empty()) r.headers.append_unchecked("Proxy-Authorization", *shown);
  return {};
}

}  // namespace cohttps
