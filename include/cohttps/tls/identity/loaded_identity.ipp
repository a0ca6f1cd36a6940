// Definitions for loaded_identity.hpp.
#pragma once

#include <cohttps/tls/identity/loaded_identity.hpp>

namespace cohttps::tls {

template <class T>
result<std::shared_ptr<client_identity>> loaded_identity<T>::create(const tls_identity& given) {
  const auto made = std::make_shared<loaded_identity>();
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
    // The certificates are read one by one, because the text may also contain the key.
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
    made->key_ = std::make_shared<detail::absent_key<>>(std::move(certified));
    return made;
  }
  try {
    Botan::DataSource_Memory source(decoded(given.key_pem));
    made->key_ = given.passphrase.empty() ? Botan::PKCS8::load_key(source)
                                          : Botan::PKCS8::load_key(source, given.passphrase);
  } catch (const std::exception&) {
    return fail(error_category::usage, "bad_client_key",
                "tls_identity::key_pem cannot be read: it has to be a PKCS #8 key in PEM "
                "(\"openssl pkcs8 -topk8\" makes one), and an encrypted one needs its passphrase");
  }
  if (made->key_->subject_public_key() != certified->subject_public_key())
    return fail(error_category::usage, "wrong_client_key",
                "tls_identity::key_pem is not the key of the first certificate");
  return made;
}

template <class T>
result<std::vector<std::uint8_t>> loaded_identity<T>::sign(
    std::string_view padding, std::span<const std::uint8_t> message) const {
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

template <class T>
std::string loaded_identity<T>::why_withheld(const std::vector<Botan::X509_DN>& authorities) const {
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

template <class T>
bool loaded_identity<T>::is_issued_by_any(const std::vector<Botan::X509_DN>& authorities) const {
  return authorities.empty() || std::ranges::any_of(chain_, [&](const auto& certificate) {
           return std::ranges::find(authorities, certificate.issuer_dn()) != authorities.end();
         });
}

template <class T>
Botan::secure_vector<std::uint8_t> loaded_identity<T>::decoded(std::string_view pem) {
  for (const std::string_view label : {"PRIVATE KEY-----", "ENCRYPTED PRIVATE KEY-----"}) {
    const auto begin = pem.find("-----BEGIN " + std::string(label));
    if (begin == std::string_view::npos) continue;
    const auto text = pem.substr(begin + 11 + label.size());
    const auto end = text.find("-----END " + std::string(label));
    if (end != std::string_view::npos) return Botan::base64_decode(text.data(), end);
  }
  throw Botan::Decoding_Error("no key");
}

COHTTPS_DEF result<std::shared_ptr<client_identity>> load_identity(const tls_identity& given) {
  return loaded_identity<>::create(given);
}

}  // namespace cohttps::tls
