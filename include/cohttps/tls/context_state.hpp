// What is behind a tls_context.
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/tls/botan.hpp>
#include <cohttps/tls/client_identity.hpp>
#include <cohttps/tls/key_log.hpp>
#include <cohttps/tls/key_pins.hpp>
#include <cohttps/tls/options.hpp>
#include <cohttps/tls/persona.hpp>
#include <cohttps/tls/policy.hpp>
#include <cohttps/tls/record.hpp>
#include <cohttps/tls/revocation.hpp>
#include <cohttps/tls/session_cache.hpp>
#include <cohttps/tls/trust_store.hpp>
#include <cohttps/tls/verification_cache.hpp>

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
  // Shared by all connections: the system's generator needs no lock.
  std::shared_ptr<Botan::RandomNumberGenerator> random = std::make_shared<Botan::System_RNG>();
  std::shared_ptr<chain_cache> chains;
  revocation_mode revocation = revocation_mode::staple;
  std::shared_ptr<revocation_cache> revocations = std::make_shared<revocation_cache>();
  std::shared_ptr<signature_verifier> signatures = std::make_shared<signature_verifier>();
  std::shared_ptr<summary_cache> summaries = std::make_shared<summary_cache>();
  std::shared_ptr<current_persona> anonymous;  // for servers that are not to see an identity
  bool of_process = false;  // it is the one that clients share which are given none
  bool binds_channels = false;
  std::vector<key_log> key_logs;
  std::string rules;  // what else of the options decides who is trusted, and with what

  /// The same for contexts that trust, pin, offer and are the same: what a session is bound to.
  COHTTPS_DECL [[gnu::cold]] std::vector<std::uint8_t> digest(const persona& as) const;

  COHTTPS_DECL static std::string rules_of(const tls_options& options);
};

}  // namespace cohttps::tls

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/tls/context_state.ipp>
#endif
