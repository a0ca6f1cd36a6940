// Definitions for tls_contexts.hpp.
#pragma once

#include <cohttps/request/tls_contexts.hpp>

namespace cohttps::detail {

COHTTPS_DEF result<const tls_context*> tls_contexts::to_origin(const origin& to,
                                                               bool may_identify) {
  if (auto loaded = load(); !loaded) return pass(std::move(loaded));
  for (const auto& [at, context] : by_origin_)
    if (at == to) return &context;
  return may_identify ? &*context_ : without_identity();
}

COHTTPS_DEF result<const tls_context*> tls_contexts::to_proxy() {
  if (options_.proxy_tls) return &*options_.proxy_tls;
  if (auto loaded = load(); !loaded) return pass(std::move(loaded));
  return without_identity();
}

COHTTPS_DEF result<void> tls_contexts::load() {
  if (context_) return {};
  auto context = options_.tls ? result<tls_context>(*options_.tls) : tls_context::system();
  if (!context) return pass(std::move(context));
  std::vector<std::pair<origin, tls_context>> by_origin;
  for (std::size_t i = 0; i < options_.identities.size(); ++i) {
    const origin_identity& one = options_.identities[i];
    auto at = configured_origin(one.origin, "identity_origin",
                                "client_options::identities[" + std::to_string(i) + "]");
    if (!at) return pass(std::move(at));
    auto with = context->with_identity(one.identity);
    if (!with) return pass(std::move(with));
    by_origin.emplace_back(*std::move(at), *std::move(with));
  }
  by_origin_ = std::move(by_origin);
  context_ = *std::move(context);
  return {};
}

COHTTPS_DEF const tls_context* tls_contexts::without_identity() {
  if (context_->is_system()) return &*context_;
  if (!anonymous_) anonymous_ = context_->without_identity();
  return &*anonymous_;
}

}  // namespace cohttps::detail
