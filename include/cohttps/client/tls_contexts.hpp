// Whom a client trusts on each connection, and where it shows its certificate.
#pragma once

#include <cohttps/client/configured_origin.hpp>
#include <cohttps/client/options.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/tls/context.hpp>
#include <cohttps/url/origin.hpp>

#include <optional>
#include <utility>
#include <vector>

namespace cohttps {

/// The contexts of a client's connections. They have the same trust; they differ in the identity.
class tls_contexts {
 public:
  explicit tls_contexts(const client_options& options) noexcept : options_(options) {}
  tls_contexts(const tls_contexts&) = delete;
  tls_contexts& operator=(const tls_contexts&) = delete;

  /// For requests to `to`. `may_identify`: the caller chose that origin, and no redirection did.
  result<const tls_context*> to_origin(const origin& to, bool may_identify) {
    if (auto loaded = load(); !loaded) return pass(std::move(loaded));
    for (const auto& [at, context] : identified_)
      if (at == to) return &context;
    return may_identify ? &*context_ : without_identity();
  }

  /// For proxies. The client's identity is for origins.
  result<const tls_context*> to_proxy() {
    if (options_.proxy_tls) return &*options_.proxy_tls;
    if (auto loaded = load(); !loaded) return pass(std::move(loaded));
    return without_identity();
  }

 private:
  /// Reads what the options name, when it is needed for the first time.
  result<void> load() {
    if (context_) return {};
    std::optional<tls_context> context = options_.tls;
    if (!context) {
      auto system = tls_context::system();
      if (!system) return pass(std::move(system));
      context = *std::move(system);
    }
    std::vector<std::pair<origin, tls_context>> identified;
    for (const origin_identity& one : options_.identities) {
      auto at = configured_origin(one.origin, "client_options::identities");
      if (!at) return pass(std::move(at));
      auto with = context->with_identity(one.identity);
      if (!with) return pass(std::move(with));
      identified.emplace_back(*std::move(at), *std::move(with));
    }
    identified_ = std::move(identified);
    context_ = std::move(context);
    return {};
  }

  const tls_context* without_identity() {
    if (!context_->has_identity()) return &*context_;
    if (!anonymous_) anonymous_ = context_->without_identity();
    return &*anonymous_;
  }

  const client_options& options_;
  std::optional<tls_context> context_;
  std::optional<tls_context> anonymous_;
  std::vector<std::pair<origin, tls_context>> identified_;
};

}  // namespace cohttps
