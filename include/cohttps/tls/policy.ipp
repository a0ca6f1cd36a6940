// Definitions for policy.hpp.
#pragma once

#include <cohttps/tls/policy.hpp>

namespace cohttps {
namespace tls {

COHTTPS_DEF result<std::shared_ptr<const client_policy>> client_policy::create(
    const tls_options& options) {
  std::shared_ptr<client_policy> made(new client_policy(options));
  for (const auto& name : options.cipher_suites) {
    const std::string_view text(name);
    const auto suite =
        Botan::TLS::Ciphersuite::from_name(text.substr(text.starts_with("TLS_") ? 4 : 0));
    if (!suite || !suite->valid() || suite->kex_method() == Botan::TLS::Kex_Algo::STATIC_RSA ||
        suite->psk_ciphersuite())
      return fail(error_category::usage, "unknown_cipher_suite",
                  "the cipher suite \"" + ascii::printable(name, 60) +
                      "\" is not supported: give its registered name, such as "
                      "TLS_AES_128_GCM_SHA256");
    made->suites_.push_back(*suite);
  }
  for (const auto& name : options.groups) {
    const auto group = group_named(name);
    if (!group)
      return fail(error_category::usage, "unknown_group",
                  "the key exchange group \"" + ascii::printable(name, 60) +
                      "\" is not supported: give its registered name, such as x25519");
    made->groups_.push_back(*group);
  }
  if (made->groups_.empty()) made->groups_ = usual_groups();
  if (made->allow_tls12()) made->codes12_ = made->list(Botan::TLS::Version_Code::TLS_V12);
  if (made->allow_tls13()) made->codes13_ = made->list(Botan::TLS::Version_Code::TLS_V13);
  if (!made->allow_tls12() && !made->allow_tls13())
    return fail(error_category::usage, "no_cipher_suite",
                "no cipher suite is left for the versions of TLS that are allowed");
  return made;
}

COHTTPS_DEF std::shared_ptr<const client_policy> client_policy::expecting(
    std::optional<Botan::TLS::Group_Params> expected) const {
  std::shared_ptr<client_policy> made(new client_policy(*this));
  if (expected && std::ranges::find(groups_, *expected) != groups_.end())
    made->expected_ = expected;
  return made;
}

COHTTPS_DEF bool client_policy::lists(version wanted) const {
  const bool built = wanted.is_tls_13_or_later() ? Policy::allow_tls13() : Policy::allow_tls12();
  return built && (suites_.empty() || !list(wanted).empty());
}

COHTTPS_DEF std::vector<std::uint16_t> client_policy::list(version wanted) const {
  if (suites_.empty()) return Policy::ciphersuite_list(wanted);
  std::vector<std::uint16_t> codes;
  for (const auto& suite : suites_)
    if (suite.usable_in_version(wanted)) codes.push_back(suite.ciphersuite_code());
  return codes;
}

COHTTPS_DEF std::vector<Botan::TLS::Group_Params> client_policy::usual_groups() {
  std::vector<Botan::TLS::Group_Params> groups;
  for (const auto* name : {"X25519MLKEM768", "x25519", "secp256r1", "secp384r1", "secp521r1"})
    if (const auto group = group_named(name)) groups.push_back(*group);
  return groups;
}

COHTTPS_DEF std::vector<std::string> client_policy::aes_first() {
  return {"AES-128/GCM", "AES-256/GCM", "ChaCha20Poly1305"};
}

COHTTPS_DEF std::vector<std::string> client_policy::chacha_first() {
  return {"ChaCha20Poly1305", "AES-128/GCM", "AES-256/GCM"};
}

COHTTPS_DEF bool client_policy::aes_is_fast() {
  const auto aes = Botan::BlockCipher::create("AES-128");
  const auto provider = aes ? aes->provider() : "";
  return !provider.empty() && provider != "base" && provider.find("vperm") == std::string::npos &&
         provider != "ssse3" && provider != "simd32" && provider != "neon";
}

}  // namespace tls
}  // namespace cohttps
