// The TLS contexts of a client's connections: the same roots, different identities.
#pragma once

#include <cohttps/client/configured_origin.hpp>
#include <cohttps/client/options.hpp>
#include <cohttps/core/error.hpp>
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
  result<const tls_context*> to_origin(const origin& to, bool may_identify) {
    if (auto loaded = load(); !loaded) return pass(std::move(loaded));
    for (const auto& [at, context] : identified_)
      if (at == to) return &context;
    return may_identify ? &*context_ : without_identity();
  }

  /// For proxies, which never see the client's identity.
  result<const tls_context*> to_proxy() {
    if (options_.proxy_tls) return &*options_.proxy_tls;
    if (auto loaded = load(); !loaded) return pass(std::move(loaded));
    return without_identity();
  }

 private:
  /// Makes the contexts when one is needed for the first time.
  result<void> load() {
    if (context_) return {};
    std::optional<tls_context> context = options_.tls;
    if (!context) {
      auto system = tls_context::system();
      if (!system) return pass(std::move(system));
      context = *std::move(system);
    }
    std::vector<std::pair<origin, tls_context>> identified;
    for (std::size_t i = 0; i < options_.identities.size(); ++i) {
      const origin_identity& one = options_.identities[i];
      auto at = configured_origin(one.origin, "identity_origin",
                                  "client_options::identities[" + std::to_string(i) + "]");
      if (!at) return pass(std::move(at));
      auto with = context->with_identity(one.identity);
      if (!with) return pass(std::move(with));
      identified.emplace_back(*std::move(at), *std::move(with));
    }
    identified_ = std::move(identified);
    context_ = std::move(context);
    return {};
  }

  /// Not a context that has no identity now: it may get one before the handshake.
  const tls_context* without_identity() {
    if (context_->is_system()) return &*context_;
    if (!anonymous_) anonymous_ = context_->without_identity();
    return &*anonymous_;
  }

  const client_options& options_;
  std::optional<tls_context> context_;
  std::optional<tls_context> anonymous_;
  std::vector<std::pair<origin, tls_context>> identified_;
};

}  // namespace cohttps
