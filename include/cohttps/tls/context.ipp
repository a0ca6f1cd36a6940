// Definitions for context.hpp.
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/tls/context.hpp>
#include <cohttps/tls/context_state.hpp>
#include <cohttps/tls/identity/client_identity.hpp>
#include <cohttps/tls/identity/client_identity_state.hpp>
#include <cohttps/tls/identity/loaded_identity.hpp>
#include <cohttps/tls/key_log.hpp>
#include <cohttps/tls/policy.hpp>
#include <cohttps/tls/verify/key_pins.hpp>
#include <cohttps/tls/verify/trust_store.hpp>
#include <cohttps/tls/verify/verification_cache.hpp>

#include <exception>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace cohttps {

COHTTPS_DEF result<tls_context> tls_context::build(const tls_options& options,
                                                   bool of_process) try {
  auto state = std::make_shared<tls::context_state>();
  state->of_process = of_process;
  state->accept_any_certificate = options.danger.has_value();
  state->revocation = options.revocation;
  if (options.minimum_rsa_bits < 2048 || options.minimum_ec_bits < 256)
    return fail(error_category::usage, "minimum_too_low",
                "tls_options::minimum_rsa_bits has to be 2048 or more, and minimum_ec_bits 256");
  auto pins = tls::key_pins::create(options.pins, options.pin_report);
  if (!pins) return pass(std::move(pins));
  state->chains = std::make_shared<tls::chain_cache>(
      tls::key_sizes{options.minimum_rsa_bits, options.minimum_ec_bits}, *std::move(pins));
  state->rules = tls::context_state::rules_of(options);
  state->binds_channels = options.channel_binding;
  state->own_records = options.record_layer;
  std::shared_ptr<tls::client_identity> identity;
  if (options.identity) {
    auto given = options.identity->load(*options.identity);
    if (!given) return pass(std::move(given));
    identity = *std::move(given);
  }
  // A resumed session counts as verified, so an unverified server must not leave a session behind.
  const bool resumes = options.session_resumption && !state->accept_any_certificate;
  state->anonymous =
      std::make_shared<tls::current_client_identity>(tls::client_identity_state(nullptr, resumes));
  auto who = std::make_shared<tls::current_client_identity>(
      tls::client_identity_state(std::move(identity), resumes));
  state->key_logs.push_back(options.key_log);
  if (options.key_log_from_environment) {
    auto log = tls::key_log_of_environment();
    if (!log) return pass(std::move(log));
    state->key_logs.push_back(*std::move(log));
  }
  std::erase_if(state->key_logs, [](const auto& log) { return !log; });
  auto policy = tls::client_policy::create(options);
  if (!policy) return pass(std::move(policy));
  state->policy = *std::move(policy);
  state->policy->latest_supported_version(false);  // throws when Botan lacks the version
  if (options.system_roots)
    if (auto added = state->roots.add_system(); !added && !state->accept_any_certificate)
      return pass(std::move(added));
  if (!options.root_file.empty())
    if (auto added = state->roots.add_file(options.root_file); !added)
      return pass(std::move(added));
  if (!options.root_directory.empty())
    if (auto added = state->roots.add_directory(options.root_directory); !added)
      return pass(std::move(added));
  for (const auto& root : options.root_der)
    if (auto added = state->roots.add_der(tls::detail::octets(root), "tls_options::root_der");
        !added)
      return pass(std::move(added));
  if (!options.root_pem.empty())
    if (auto added = state->roots.add_pem(options.root_pem, "tls_options::root_pem"); !added)
      return pass(std::move(added));
  for (const auto& file : options.crl_files)
    if (auto added = state->roots.add_crl_file(file); !added) return pass(std::move(added));
  if (state->roots.size() == 0 && !state->accept_any_certificate)
    return fail(error_category::usage, "no_certificates",
                "no certificate is trusted, so no server could be: give tls_options::root_file, "
                "root_directory, root_pem or root_der, or leave system_roots on");
  return tls_context(std::move(state), std::move(who));
} catch (const std::exception& e) {
  return fail(error_category::tls, "tls_library", std::string("cannot set TLS up: ") + e.what());
}

COHTTPS_DEF result<tls_context> tls_context::create(const tls_options& options) {
  return build(options, false);
}

COHTTPS_DEF result<tls_context> tls_context::system() {
  static const result<tls_context> shared = build({}, true);
  return shared;
}

COHTTPS_DEF result<void> tls_context::set_identity(const tls_identity& identity) try {
  if (state_->of_process)
    return fail(error_category::usage, "shared_context",
                "the system's tls_context belongs to the whole process: give the client that is to "
                "have an identity a context of its own");
  auto made = identity.load(identity);
  if (!made) return pass(std::move(made));
  who_->replace({*std::move(made), who_->get()->sessions != nullptr});
  return {};
} catch (const std::exception& e) {
  return fail(error_category::tls, "tls_library", std::string("cannot set TLS up: ") + e.what());
}

COHTTPS_DEF bool tls_context::is_system() const noexcept { return state_->of_process; }

COHTTPS_DEF tls_context tls_context::without_identity() const {
  return {state_, state_->anonymous};
}

COHTTPS_DEF result<tls_context> tls_context::with_identity(const tls_identity& identity) const try {
  auto made = identity.load(identity);
  if (!made) return pass(std::move(made));
  const bool resumes = who_->get()->sessions != nullptr;
  return tls_context(state_, std::make_shared<tls::current_client_identity>(
                                 tls::client_identity_state(*std::move(made), resumes)));
} catch (const std::exception& e) {
  return fail(error_category::tls, "tls_library", std::string("cannot set TLS up: ") + e.what());
}

}  // namespace cohttps

namespace cohttps {

COHTTPS_DEF const void* tls_context::id() const noexcept { return who_.get(); }

COHTTPS_DEF tls_context tls_context::made(result<tls_context> context) {
  if (!context) throw std::move(context).error();
  return *std::move(context);
}

}  // namespace cohttps
