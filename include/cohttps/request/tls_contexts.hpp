// The TLS contexts of a client's connections: the same roots, different identities.
#pragma once

#include <cohttps/client/options.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/request/configured_origin.hpp>
#include <cohttps/tls/context.hpp>
#include <cohttps/url/origin.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace cohttps::detail {

class tls_contexts {
 public:
  explicit tls_contexts(const client_options& options) noexcept : options_(options) {}
  tls_contexts(const tls_contexts&) = delete;
  tls_contexts& operator=(const tls_contexts&) = delete;

  /// Returns the context for connections to `to`. `may_identify` is true if the caller named this
  /// origin in a URL. The server may then see the identity of `client_options::tls`.
  COHTTPS_DECL result<const tls_context*> to_origin(const origin& to, bool may_identify);

  /// Returns the context for https proxies. They never see the identity of `client_options::tls`;
  /// `client_options::proxy_tls` may have another one for them.
  COHTTPS_DECL result<const tls_context*> to_proxy();

 private:
  /// Makes the contexts when the client needs one for the first time.
  COHTTPS_DECL result<void> load();

  /// Returns a context that stays without an identity. The context of the options may get an
  /// identity before the handshake, even if it has none now.
  COHTTPS_DECL const tls_context* without_identity();

  const client_options& options_;
  std::optional<tls_context> context_;
  std::optional<tls_context> anonymous_;
  std::vector<std::pair<origin, tls_context>> by_origin_;
};

}  // namespace cohttps::detail

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/request/tls_contexts.ipp>
#endif
