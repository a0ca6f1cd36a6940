// The state that all copies of a `tls_context` share.
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/tls/botan.hpp>
#include <cohttps/tls/identity/client_identity.hpp>
#include <cohttps/tls/identity/client_identity_state.hpp>
#include <cohttps/tls/key_log.hpp>
#include <cohttps/tls/options.hpp>
#include <cohttps/tls/policy.hpp>
#include <cohttps/tls/record/record.hpp>
#include <cohttps/tls/resumption/session_cache.hpp>
#include <cohttps/tls/revocation/revocation.hpp>
#include <cohttps/tls/verify/key_pins.hpp>
#include <cohttps/tls/verify/trust_store.hpp>
#include <cohttps/tls/verify/verification_cache.hpp>

#include <botan/hash.h>
#include <botan/system_rng.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohttps::tls {

struct context_state {
  trust_store roots;
  bool accept_any_certificate = false;
  std::shared_ptr<const client_policy> policy;
  // All connections share the system's generator. It needs no lock.
  std::shared_ptr<Botan::RandomNumberGenerator> random = std::make_shared<Botan::System_RNG>();
  std::shared_ptr<chain_cache> chains;
  revocation_mode revocation = revocation_mode::staple;
  std::shared_ptr<revocation_cache> revocations = std::make_shared<revocation_cache>();
  std::shared_ptr<signature_verifier> signatures = std::make_shared<signature_verifier>();
  std::shared_ptr<summary_cache> summaries = std::make_shared<summary_cache>();
  std::shared_ptr<current_client_identity> anonymous;  // for servers that must not see the identity
  bool of_process = false;  // it is `system()`, the context of clients without their own
  bool binds_channels = false;
  bool own_records = true;  // `tls_options::record_layer`
  std::vector<key_log> key_logs;
  std::string rules;  // the other options that `digest` covers, as text

  /// Returns a digest of the roots, the CRLs, the rules and the client's certificates. Sealed
  /// sessions are bound to it: only a context with the same digest can open them.
  COHTTPS_DECL [[gnu::cold]] std::vector<std::uint8_t> digest(
      const client_identity_state& as) const;

  COHTTPS_DECL static std::string rules_of(const tls_options& options);
};

}  // namespace cohttps::tls

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/tls/context_state.ipp>
#endif
