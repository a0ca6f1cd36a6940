// Makes connections to an origin through a proxy.
#pragma once

#include <cohttps/connect/construction.hpp>
#include <cohttps/connect/proxy_connector.hpp>
#include <cohttps/connect/tunnel.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/proxy/login.hpp>
#include <cohttps/task/task.hpp>
#include <cohttps/transport/endpoint.hpp>
#include <cohttps/url/origin.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohttps::detail {

/// Checks the address policy for an origin whose name the proxy looks up. The policy needs the
/// address, so with a policy this fails for every name (policy, "address_unknown"). It succeeds for
/// an IP literal that the policy allows.
COHTTPS_DECL result<void> check_remote_name(const origin& to, const connect_options& options);

/// Returns the addresses that the proxy gets one after another, until it reaches one. SOCKS4 does
/// not support IPv6, so it gets IPv6 addresses only if there are no others.
COHTTPS_DECL std::vector<endpoint> addresses_for(const proxy& via, std::vector<endpoint> found);

template <class = void>
class tunnel_connector final : public proxy_connector {
 public:
  using proxy_connector::proxy_connector;

  task<result<void>> reach(construction& made, const route& to, const connect_options& options,
                           deadline& limit) const override;

  std::unique_ptr<forward_login> login() const override;

 private:
  /// Performs the handshakes with the proxy over one connection: TLS, and the tunnel. Returns false
  /// if the client has to ask the proxy again over a new connection. For `address` see
  /// `tunnel_target`.
  task<result<bool>> pass_proxy(construction& made, const route& to, const connect_options& options,
                                proxy_login& login, const endpoint* address, deadline& limit) const;
};

}  // namespace cohttps::detail

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/connect/tunnel_connector.ipp>
#endif
