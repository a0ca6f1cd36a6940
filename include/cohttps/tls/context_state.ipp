// Definitions for context_state.hpp.
#pragma once

#include <cohttps/tls/context_state.hpp>

namespace cohttps::tls {

COHTTPS_DEF std::vector<std::uint8_t> context_state::digest(const client_identity_state& as) const {
  const auto sha256 = Botan::HashFunction::create_or_throw("SHA-256");
  sha256->update_be(static_cast<std::uint64_t>(rules.size()));
  sha256->update(rules);
  roots.add_to(*sha256);
  if (as.identity)
    for (const auto& each : as.identity->chain()) sha256->update(each.fingerprint("SHA-256"));
  return sha256->final_stdvec();
}

COHTTPS_DEF std::string context_state::rules_of(const tls_options& options) {
  std::string text = "1";
  const auto add = [&](std::string_view what) {
    text += std::to_string(what.size()) + ':' += what;
  };
  const auto number = [&](auto what) { add(std::to_string(static_cast<std::uint64_t>(what))); };
  const auto list = [&](const std::vector<std::string>& all) {
    number(all.size());
    for (const auto& each : all) add(each);
  };
  number(options.revocation);
  number(options.preset);
  number(options.minimum_version);
  list(options.cipher_suites);
  list(options.groups);
  number(options.minimum_rsa_bits);
  number(options.minimum_ec_bits);
  list(options.pins);
  number(options.pin_report ? 1 : 0);
  return text;
}

}  // namespace cohttps::tls
