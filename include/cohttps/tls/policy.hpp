// What we offer and accept in a handshake, said to Botan.
#pragma once

#include <cohttps/tls/botan.hpp>
#include <cohttps/tls/options.hpp>
#include <cohttps/tls/record.hpp>

#include <botan/block_cipher.h>
#include <botan/pk_keys.h>
#include <botan/tls_algos.h>
#include <botan/tls_policy.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace cohttps {

namespace tls {

/// TLS 1.3 and, unless forbidden, TLS 1.2 with ECDHE and AEAD only; certificates of ECDSA or RSA
/// with SHA-2 (RFC 9325, 4.2).
class client_policy final : public Botan::TLS::Policy {
 public:
  explicit client_policy(const tls_options& options)
      : minimum_(options.minimum_version),
        logs_secrets_(options.record_reader && has_record_reader),
        ciphers_(aes_is_fast() ? aes_first() : chacha_first()) {}

  bool allow_tls12() const override {
    return minimum_ == tls_version::v1_2 && Policy::allow_tls12();
  }
  bool allow_dtls12() const override { return false; }

  std::vector<std::string> allowed_ciphers() const override { return ciphers_; }
  std::vector<std::string> allowed_macs() const override { return {"AEAD"}; }
  std::vector<std::string> allowed_key_exchange_methods() const override { return {"ECDH"}; }
  std::vector<std::string> allowed_signature_methods() const override { return {"ECDSA", "RSA"}; }
  std::vector<std::string> allowed_signature_hashes() const override {
    return {"SHA-256", "SHA-384", "SHA-512"};
  }

  // No post-quantum hybrid: listing one without a share makes newer servers ask for it, and that
  // costs a round trip. A share goes out for the first group, X25519.
  std::vector<Botan::TLS::Group_Params> key_exchange_groups() const override {
    using group = Botan::TLS::Group_Params_Code;
    return {group::X25519, group::SECP256R1, group::SECP384R1};
  }

  std::size_t minimum_rsa_bits() const override { return 2048; }
  std::size_t minimum_signature_strength() const override { return 110; }

  // The key of the server's certificate is the verifier's business, which can name the certificate.
  void check_peer_key_acceptable(const Botan::Public_Key& key) const override {
    if (key.algo_name() != "RSA") Policy::check_peer_key_acceptable(key);
  }

  // Most public servers staple nothing and there is no CRL to hand.
  bool require_cert_revocation_info() const override { return false; }

  bool allow_server_initiated_renegotiation() const override { return false; }
  bool allow_insecure_renegotiation() const override { return false; }
  bool include_time_in_hello_random() const override { return false; }

  // The record reader's way to the keys.
  bool allow_ssl_key_log_file() const override { return logs_secrets_; }

  // RFC 7627, 5.2 lets a client go on without an extended master secret when nothing is bound to
  // the session: no resumption of it, no renegotiation. It is always offered.
#if BOTAN_VERSION_CODE >= BOTAN_VERSION_CODE_FOR(3, 12, 0)
  bool require_extended_master_secret() const override { return false; }
#endif

 private:
  static std::vector<std::string> aes_first() {
    return {"AES-128/GCM", "AES-256/GCM", "ChaCha20Poly1305"};
  }
  static std::vector<std::string> chacha_first() {
    return {"ChaCha20Poly1305", "AES-128/GCM", "AES-256/GCM"};
  }

  // Botan tells its CPU features only through the name of the implementation it picked.
  static bool aes_is_fast() {
    const auto aes = Botan::BlockCipher::create("AES-128");
    const auto provider = aes ? aes->provider() : "";
    return !provider.empty() && provider != "base" && provider.find("vperm") == std::string::npos &&
           provider != "ssse3" && provider != "simd32" && provider != "neon";
  }

  tls_version minimum_;
  bool logs_secrets_;
  std::vector<std::string> ciphers_;
};

}  // namespace tls
}  // namespace cohttps
