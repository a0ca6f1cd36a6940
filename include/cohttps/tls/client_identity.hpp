// The client's own certificate, and its key, here or elsewhere.
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/tls/botan.hpp>
#include <cohttps/tls/certificate.hpp>
#include <cohttps/tls/options.hpp>
#include <cohttps/tls/pkcs12.hpp>
#include <cohttps/tls/record.hpp>

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

/// Stands for a key that is not here: all that is known of it is the public half.
class absent_key final : public Botan::Private_Key {
 public:
  explicit absent_key(std::unique_ptr<Botan::Public_Key> known) : known_(std::move(known)) {}

  std::string algo_name() const override { return known_->algo_name(); }
  std::size_t estimated_strength() const override { return known_->estimated_strength(); }
  std::size_t key_length() const override { return known_->key_length(); }
  bool check_key(Botan::RandomNumberGenerator&, bool) const override { return true; }
  bool supports_operation(Botan::PublicKeyOperation what) const override {
    return what == Botan::PublicKeyOperation::Signature;
  }
  Botan::AlgorithmIdentifier algorithm_identifier() const override {
    return known_->algorithm_identifier();
  }
  std::vector<std::uint8_t> raw_public_key_bits() const override {
    return known_->raw_public_key_bits();
  }
  std::vector<std::uint8_t> public_key_bits() const override { return known_->public_key_bits(); }
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
  std::unique_ptr<Botan::Public_Key> known_;
};

}  // namespace detail

/// What Botan asks for the client's certificate and key.
class client_identity final : public Botan::Credentials_Manager {
 public:
  /// Fails with category usage. No error holds anything of the key or the passphrase.
  [[gnu::cold]] static result<std::shared_ptr<client_identity>> create(const tls_identity& given) {
    const std::shared_ptr<client_identity> made(new client_identity);
    if (!given.pkcs12.empty()) {
      if (!given.certificate_pem.empty() || !given.key_pem.empty() || given.sign)
        return fail(error_category::usage, "two_identities",
                    "tls_identity::pkcs12 holds a certificate and its key: give it alone");
      auto held = read_pkcs12(detail::octets(std::span(given.pkcs12)), given.passphrase);
      if (!held) return pass(std::move(held));
      made->chain_ = std::move(held->chain);
      made->key_ = std::move(held->key);
      return made;
    }
    try {
      // One by one, as the key may be in the same text, before them or among them.
      const std::string_view text(given.certificate_pem);
      constexpr std::string_view begin = "-----BEGIN CERTIFICATE-----";
      for (auto at = text.find(begin); at != text.npos; at = text.find(begin, at + 1)) {
        const auto octets = detail::octets(std::as_bytes(std::span(text.substr(at))));
        Botan::DataSource_Memory source(octets.data(), octets.size());
        made->chain_.emplace_back(source);
      }
    } catch (const std::exception&) {
      made->chain_.clear();
    }
    if (made->chain_.empty())
      return fail(error_category::usage, "bad_client_certificate",
                  "tls_identity::certificate_pem has to hold PEM certificates, the client's first");
    auto certified = made->chain_.front().subject_public_key();
    if (given.sign) {
      made->sign_ = given.sign;
      made->key_ = std::make_shared<detail::absent_key>(std::move(certified));
      return made;
    }
    try {
      Botan::DataSource_Memory source(decoded(given.key_pem));
      made->key_ = given.passphrase.empty() ? Botan::PKCS8::load_key(source)
                                            : Botan::PKCS8::load_key(source, given.passphrase);
    } catch (const std::exception&) {
      return fail(
          error_category::usage, "bad_client_key",
          "tls_identity::key_pem cannot be read: it has to be a PKCS #8 key in PEM "
          "(\"openssl pkcs8 -topk8\" makes one), and an encrypted one needs its passphrase");
    }
    if (made->key_->subject_public_key() != certified->subject_public_key())
      return fail(error_category::usage, "wrong_client_key",
                  "tls_identity::key_pem is not the key of the first certificate");
    return made;
  }

  const certificate_chain& chain() const noexcept { return chain_; }

  /// Whether signatures are made elsewhere, by `sign`.
  bool signs_elsewhere() const noexcept { return static_cast<bool>(sign_); }

  /// `padding` is Botan's: "SHA-256" for ECDSA, "PSS(SHA-256,MGF1,32)" or "PKCS1v15(SHA-256)".
  result<std::vector<std::uint8_t>> sign(std::string_view padding,
                                         std::span<const std::uint8_t> message) const {
    const auto open = padding.find('(');
    auto hash = open == std::string_view::npos ? padding : padding.substr(open + 1);
    hash = hash.substr(0, hash.find_first_of(",)"));
    auto way = open == std::string_view::npos ? std::string_view() : padding.substr(0, open);
    if (way.starts_with("PSS") || way == "EMSA4") way = "PSS";
    if (way == "EMSA3" || way == "EMSA_PKCS1") way = "PKCS1v15";
    const std::string algorithm = key_->algo_name();
    auto signature = sign_({algorithm, hash, way, std::as_bytes(message)});
    if (!signature) return pass(std::move(signature));
    const auto bytes = detail::octets(std::span<const std::byte>(*signature));
    return std::vector<std::uint8_t>(bytes.begin(), bytes.end());
  }

  /// Why it is not shown to a server that names these authorities; empty where it is.
  [[gnu::cold]] std::string why_withheld(const std::vector<Botan::X509_DN>& authorities) const {
    if (is_issued_by_any(authorities)) return {};
    constexpr std::size_t shown = 3;
    std::string list;
    for (const auto& name : authorities | std::views::take(shown))
      list += (list.empty() ? "" : ", ") + ascii::printable(name.to_string(), 100);
    if (authorities.size() > shown)
      list += " and " + std::to_string(authorities.size() - shown) + " more";
    return "the client's certificate was not shown, because the server wants one of " + list +
           ", and none of them issued one of the chain in tls_options::identity; it may need its "
           "intermediate certificates";
  }

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
  client_identity() = default;

  /// RFC 8446, 4.2.4 and RFC 5246, 7.4.4: a server that names no authority takes any.
  bool is_issued_by_any(const std::vector<Botan::X509_DN>& authorities) const {
    return authorities.empty() || std::ranges::any_of(chain_, [&](const auto& certificate) {
             return std::ranges::find(authorities, certificate.issuer_dn()) != authorities.end();
           });
  }

  // Botan's own reader of PEM leaves the text of the key in memory that it gives back.
  static Botan::secure_vector<std::uint8_t> decoded(std::string_view pem) {
    for (const std::string_view label : {"PRIVATE KEY-----", "ENCRYPTED PRIVATE KEY-----"}) {
      const auto begin = pem.find("-----BEGIN " + std::string(label));
      if (begin == std::string_view::npos) continue;
      const auto text = pem.substr(begin + 11 + label.size());
      const auto end = text.find("-----END " + std::string(label));
      if (end != std::string_view::npos) return Botan::base64_decode(text.data(), end);
    }
    throw Botan::Decoding_Error("no key");
  }

  certificate_chain chain_;
  std::shared_ptr<Botan::Private_Key> key_;
  decltype(tls_identity::sign) sign_;
};

}  // namespace cohttps::tls
