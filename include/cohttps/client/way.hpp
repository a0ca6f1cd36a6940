// Where a request goes, and how it is protected on the way.
#pragma once

#include <cohttps/client/options.hpp>
#include <cohttps/client/request.hpp>
#include <cohttps/client/tls_contexts.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/net/connector.hpp>
#include <cohttps/net/tunnel.hpp>
#include <cohttps/pool/key.hpp>
#include <cohttps/proxy/login.hpp>
#include <cohttps/tls/context.hpp>
#include <cohttps/url/url.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace cohttps {

/// The route to an origin, and with whom it may be shared. Not movable: the route points into it.
class way {
 public:
  way() = default;
  way(const way&) = delete;
  way& operator=(const way&) = delete;

  /// By the client's options. `may_identify`: see `tls_contexts::to_origin`.
  COHTTPS_DECL result<void> choose(const url& to, const client_options& options,
                                   tls_contexts& contexts, const net::connect_options& to_proxy,
                                   bool may_identify);

  /// Only HTTP/1.1 can do it; where TLS would agree on HTTP/2 that takes a connection of its own.
  COHTTPS_DECL void use_http1() noexcept;

  const pool::key& key() const noexcept { return key_; }
  const net::route& route() const noexcept { return route_; }

  /// To a proxy that gets the request itself; else null.
  proxy_login* login() noexcept { return login_ ? &*login_ : nullptr; }
  bool has_login() const noexcept { return login_.has_value(); }

  /// Makes the request what such a proxy gets (RFC 9112, 3.2.2): its target, and the credentials
  /// that the proxy alone may see, in Proxy-Authorization.
  COHTTPS_DECL result<void> show_login(request& r, const url& to, std::string& target);

 private:
  pool::key key_;
  net::route route_{&key_.to};
  std::optional<proxy_login> login_;
};

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/client/way.ipp>
#endif
