// The TLS contexts of a client's connections: the same roots, different identities.
#pragma once

#include <cohttps/client/configured_origin.hpp>
#include <cohttps/client/options.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/tls/context.hpp>
#include <cohttps/url/origin.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace cohttps {

class tls_contexts {
 public:
  explicit tls_contexts(const client_options& options) noexcept : options_(options) {}
  tls_contexts(const tls_contexts&) = delete;
  tls_contexts& operator=(const tls_contexts&) = delete;

  /// For requests to `to`. `may_identify`: the caller named this origin in a URL, so that the
  /// server may see the identity of `client_options::tls`.
  COHTTPS_DECL result<const tls_context*> to_origin(const origin& to, bool may_identify);

  /// For proxies, which never see the client's identity.
  COHTTPS_DECL result<const tls_context*> to_proxy();

 private:
  /// Makes the contexts when one is needed for the first time.
  COHTTPS_DECL result<void> load();

  /// Not a context that has no identity now: it may get one before the handshake.
  COHTTPS_DECL const tls_context* without_identity();

  const client_options& options_;
  std::optional<tls_context> context_;
  std::optional<tls_context> anonymous_;
  std::vector<std::pair<origin, tls_context>> identified_;
};

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/client/tls_contexts.ipp>
#endif
