// The policy for Botan: the algorithms that the client offers and accepts in a handshake.
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/tls/botan.hpp>
#include <cohttps/tls/group.hpp>
#include <cohttps/tls/options.hpp>
#include <cohttps/tls/record/record.hpp>

#include <botan/block_cipher.h>
#include <botan/pk_keys.h>
#include <botan/tls_algos.h>
#include <botan/tls_ciphersuite.h>
#include <botan/tls_policy.h>
#include <botan/tls_version.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cohttps {

namespace tls {

/// Allows TLS 1.3 and, unless the options forbid it, TLS 1.2 with ECDHE and AEAD. Certificates need
/// signatures of ECDSA or RSA with SHA-2 (RFC 9325, 4.2). The preset `compatible` adds CBC and DHE,
/// but never RSA key transport.
class client_policy : public Botan::TLS::Policy {
 public:
  using version = Botan::TLS::Protocol_Version;

  /// Fails with category usage when the name of a suite or group is unknown, or when no suite is
  /// left for the allowed versions.
  COHTTPS_DECL [[gnu::cold]] static result<std::shared_ptr<const client_policy>> create(
      const tls_options& options);

  /// Returns a copy that sends a key share of `expected` only, if `expected` is one of the groups.
  COHTTPS_DECL std::shared_ptr<const client_policy> expecting(
      std::optional<Botan::TLS::Group_Params> expected) const;

  bool allow_tls12() const override {
    return !only_tls13_ && lists(Botan::TLS::Version_Code::TLS_V12);
  }
  bool allow_tls13() const override { return lists(Botan::TLS::Version_Code::TLS_V13); }
  bool allow_dtls12() const override { return false; }

  // The lists are made once. Botan would compare names for each handshake.
  std::vector<std::uint16_t> ciphersuite_list(version wanted) const override {
    return wanted == version(Botan::TLS::Version_Code::TLS_V13) ? codes13_ : codes12_;
  }
  bool acceptable_ciphersuite(const Botan::TLS::Ciphersuite& suite) const override {
    return suites_.empty() ? Policy::acceptable_ciphersuite(suite)
                           : std::ranges::any_of(suites_, [&](const auto& one) {
                               return one.ciphersuite_code() == suite.ciphersuite_code();
                             });
  }
  std::vector<std::string> allowed_ciphers() const override { return ciphers_; }
  std::vector<std::string> allowed_macs() const override {
    if (compatible_) return {"AEAD", "SHA-256", "SHA-384", "SHA-1"};
    return {"AEAD"};
  }
  std::vector<std::string> allowed_key_exchange_methods() const override {
    if (compatible_) return {"ECDH", "DH"};
    return {"ECDH"};
  }
  std::vector<std::string> allowed_signature_methods() const override { return {"ECDSA", "RSA"}; }
  std::vector<std::string> allowed_signature_hashes() const override {
    return {"SHA-256", "SHA-384", "SHA-512"};
  }

  std::vector<Botan::TLS::Group_Params> key_exchange_groups() const override { return groups_; }

  // A server that prefers the post-quantum group asks for its share if there is none, which costs a
  // round trip. A server without that group asks for another share if there is none. So the client
  // sends both.
  std::vector<Botan::TLS::Group_Params> key_exchange_groups_to_offer() const override {
    if (expected_) return {*expected_};
    std::vector<Botan::TLS::Group_Params> shares{groups_.front()};
    const auto other =
        std::ranges::find_if(groups_, [](const auto& group) { return !group.is_post_quantum(); });
    if (groups_.front().is_post_quantum() && other != groups_.end()) shares.push_back(*other);
    return shares;
  }

  std::size_t minimum_rsa_bits() const override { return 2048; }
  std::size_t minimum_dh_group_size() const override { return 2048; }
  std::size_t minimum_signature_strength() const override { return 110; }

  // The verifier checks RSA keys of certificates, because its error can name the certificate.
  void check_peer_key_acceptable(const Botan::Public_Key& key) const override {
    if (key.algo_name() != "RSA") Policy::check_peer_key_acceptable(key);
  }

  // Most public servers staple no OCSP response, and usually there is no CRL.
  bool require_cert_revocation_info() const override { return false; }

  // A request for renegotiation ends the connection. If the client answered each request with an
  // alert, a server could send requests for ever.
  bool allow_server_initiated_renegotiation() const override { return false; }
  bool abort_connection_on_undesired_renegotiation() const override { return true; }
  bool allow_insecure_renegotiation() const override { return false; }
  bool include_time_in_hello_random() const override { return false; }

  // The record layer and the key logs get the secrets by this.
  bool allow_ssl_key_log_file() const override { return logs_secrets_; }

  // The client always offers the extended master secret, and accepts servers without it (RFC 7627,
  // 5.2). On such a connection there is no channel binding and no renegotiation, so that its
  // sessions are resumed in spite of 5.3: many servers have no other ones.
#if BOTAN_VERSION_CODE >= BOTAN_VERSION_CODE_FOR(3, 12, 0)
  bool require_extended_master_secret() const override { return false; }

  // RFC 8446, 4.6.3 lets a server change its keys at any time. Botan answers any number of changes
  // with one.
  std::uint64_t minimum_key_update_interval_ms() const override { return 0; }
#endif

 private:
  COHTTPS_DECL explicit client_policy(const tls_options& options)
      : only_tls13_(options.minimum_version == tls_version::v1_3 ||
                    options.preset == tls_preset::modern),
        compatible_(options.preset == tls_preset::compatible),
        logs_secrets_((options.record_layer && has_record_layer) || options.key_log ||
                      options.key_log_from_environment),
        ciphers_(aes_is_fast() ? aes_first() : chacha_first()) {
    if (compatible_) ciphers_.insert(ciphers_.end(), {"AES-128", "AES-256"});
  }

  COHTTPS_DECL bool lists(version wanted) const;

  COHTTPS_DECL std::vector<std::uint16_t> list(version wanted) const;

  COHTTPS_DECL static std::vector<Botan::TLS::Group_Params> usual_groups();

  COHTTPS_DECL static std::vector<std::string> aes_first();
  COHTTPS_DECL static std::vector<std::string> chacha_first();

  // Whether the CPU has AES instructions. Botan shows this only in the name of the implementation.
  COHTTPS_DECL static bool aes_is_fast();

  bool only_tls13_;
  bool compatible_;
  bool logs_secrets_;
  std::vector<std::string> ciphers_;
  std::vector<Botan::TLS::Ciphersuite> suites_;  // from the options; empty: those of the preset
  std::vector<std::uint16_t> codes12_, codes13_;
  std::vector<Botan::TLS::Group_Params> groups_;
  std::optional<Botan::TLS::Group_Params> expected_;
};

}  // namespace tls
}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/tls/policy.ipp>
#endif
