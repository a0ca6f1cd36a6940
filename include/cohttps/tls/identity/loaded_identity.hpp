// Makes a client identity from PEM, from PKCS #12, or with a function that signs.
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/tls/botan.hpp>
#include <cohttps/tls/identity/client_identity.hpp>
#include <cohttps/tls/identity/pkcs12.hpp>
#include <cohttps/tls/options.hpp>
#include <cohttps/tls/record/record.hpp>
#include <cohttps/tls/verify/certificate.hpp>

#include <botan/asn1_obj.h>
#include <botan/base64.h>
#include <botan/credentials_manager.h>
#include <botan/data_src.h>
#include <botan/exceptn.h>
#include <botan/pk_keys.h>
#include <botan/pkcs8.h>
#include <botan/pkix_types.h>
#include <botan/pubkey.h>
#include <botan/secmem.h>
#include <botan/x509cert.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohttps::tls {

namespace detail {

/// Represents a private key of which only the public key is available. `tls_identity::sign` makes
/// its signatures.
template <class = void>
class absent_key final : public Botan::Private_Key {
 public:
  explicit absent_key(std::unique_ptr<Botan::Public_Key> known) : public_key_(std::move(known)) {}

  std::string algo_name() const override { return public_key_->algo_name(); }
  std::size_t estimated_strength() const override { return public_key_->estimated_strength(); }
  std::size_t key_length() const override { return public_key_->key_length(); }
  bool check_key(Botan::RandomNumberGenerator&, bool) const override { return true; }
  bool supports_operation(Botan::PublicKeyOperation what) const override {
    return what == Botan::PublicKeyOperation::Signature;
  }
  Botan::AlgorithmIdentifier algorithm_identifier() const override {
    return public_key_->algorithm_identifier();
  }
  std::vector<std::uint8_t> raw_public_key_bits() const override {
    return public_key_->raw_public_key_bits();
  }
  std::vector<std::uint8_t> public_key_bits() const override {
    return public_key_->public_key_bits();
  }
  Botan::secure_vector<std::uint8_t> private_key_bits() const override {
    throw Botan::Not_Implemented("the key is not here");
  }
  std::unique_ptr<Botan::Public_Key> public_key() const override {
    throw Botan::Not_Implemented("the key is not here");
  }
  std::unique_ptr<Botan::Private_Key> generate_another(
      Botan::RandomNumberGenerator&) const override {
    throw Botan::Not_Implemented("the key is not here");
  }

 private:
  std::unique_ptr<Botan::Public_Key> public_key_;
};

}  // namespace detail

template <class = void>
class loaded_identity final : public client_identity {
 public:
  /// Fails with category usage. The errors contain no part of the key or the passphrase.
  static result<std::shared_ptr<client_identity>> create(const tls_identity& given);

  const certificate_chain& chain() const noexcept override { return chain_; }
  bool signs_elsewhere() const noexcept override { return static_cast<bool>(sign_); }
  result<std::vector<std::uint8_t>> sign(std::string_view padding,
                                         std::span<const std::uint8_t> message) const override;
  std::string why_withheld(const std::vector<Botan::X509_DN>& authorities) const override;

  std::vector<Botan::X509_Certificate> find_cert_chain(
      const std::vector<std::string>& key_types, const std::vector<Botan::AlgorithmIdentifier>&,
      const std::vector<Botan::X509_DN>& authorities, const std::string& type,
      const std::string&) override {
    const bool wanted = std::ranges::find(key_types, key_->algo_name()) != key_types.end();
    return wanted && type == "tls-client" && is_issued_by_any(authorities) ? chain_
                                                                           : certificate_chain();
  }
  std::shared_ptr<Botan::Private_Key> private_key_for(const Botan::X509_Certificate&,
                                                      const std::string&,
                                                      const std::string&) override {
    return key_;
  }

 private:
  /// A server that names no authority accepts all of them (RFC 8446, 4.2.4 and RFC 5246, 7.4.4).
  bool is_issued_by_any(const std::vector<Botan::X509_DN>& authorities) const;

  // Decodes the PEM text of a key. Botan's PEM reader frees memory that contains the key without
  // wiping it.
  static Botan::secure_vector<std::uint8_t> decoded(std::string_view pem);

  certificate_chain chain_;
  std::shared_ptr<Botan::Private_Key> key_;
  decltype(tls_identity::sign) sign_;
};

}  // namespace cohttps::tls

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/tls/identity/loaded_identity.ipp>
#endif
