// Definitions for revocation_answers.hpp.
#pragma once

#include <cohttps/tls/revocation/revocation_answers.hpp>

namespace cohttps::tls {
namespace detail {

COHTTPS_DEF Botan::Path_Validation_Restrictions path_restrictions() {
  return Botan::Path_Validation_Restrictions(
      false,  // revocation information is not required
      110,    // bits of strength: RSA with 2048 bits; no SHA-1 or MD5
      false, longest_answer,
      std::make_unique<Botan::Certificate_Store_In_Memory>(),  // null would crash older versions
      false                                                    // expired roots are not trusted
#if BOTAN_VERSION_CODE >= BOTAN_VERSION_CODE_FOR(3, 11, 1)
      ,
      false  // a trust anchor need not be self-signed
#endif
  );
}

COHTTPS_DEF revocation_status status_of(const std::set<Botan::Certificate_Status_Code>& codes) {
  using enum Botan::Certificate_Status_Code;
  const auto has = [&](std::initializer_list<Botan::Certificate_Status_Code> any) {
    for (const auto one : any)
      if (codes.contains(one)) return true;
    return false;
  };
  if (has({OCSP_ISSUER_NOT_FOUND, OCSP_ISSUER_NOT_TRUSTED, OCSP_SIGNATURE_ERROR,
           OCSP_RESPONSE_MISSING_KEYUSAGE}))
    return revocation_status::untrusted;
  if (has({CERT_IS_REVOKED})) return revocation_status::revoked;
  if (has({OCSP_HAS_EXPIRED, OCSP_IS_TOO_OLD})) return revocation_status::expired;
  if (has({OCSP_NOT_YET_VALID})) return revocation_status::not_yet_valid;
  if (has({OCSP_BAD_STATUS, OCSP_CERT_NOT_LISTED})) return revocation_status::unknown;
  if (has({OCSP_RESPONSE_GOOD})) return revocation_status::good;
  return revocation_status::unusable;
}

}  // namespace detail
}  // namespace cohttps::tls

namespace cohttps::tls {

COHTTPS_DEF revocation_status check_revocation(const Botan::OCSP::Response& response,
                                               const certificate_chain& path, std::size_t at,
                                               std::chrono::system_clock::time_point now) try {
  if (at + 1 >= path.size() || response.status() != Botan::OCSP::Response_Status_Code::Successful)
    return revocation_status::unusable;
#if BOTAN_VERSION_CODE < BOTAN_VERSION_CODE_FOR(3, 11, 1)
  // These versions look for the signer but do not verify its signature.
  const auto signer = response.find_signing_certificate(path[at + 1]);
  if (!signer ||
      response.verify_signature(*signer) != Botan::Certificate_Status_Code::OCSP_SIGNATURE_OK)
    return revocation_status::untrusted;
#endif
  Botan::Certificate_Store_In_Memory root;
  root.add_certificate(path.back());
  std::vector<std::optional<Botan::OCSP::Response>> answers(at + 1);
  answers[at] = response;
  const auto found =
      Botan::PKIX::check_ocsp(path, answers, {&root}, now, detail::path_restrictions());
  return at < found.size() ? detail::status_of(found[at]) : revocation_status::unusable;
} catch (const Botan::Exception&) {
  return revocation_status::unusable;
}

COHTTPS_DEF bool is_signed_by(der::bytes encoded, const Botan::X509_Certificate& issuer) try {
  const auto outer = der::next(encoded, der::sequence);
  if (!outer || !encoded.empty()) return false;
  der::bytes in = outer->content;
  const auto to_be_signed = der::next(in, der::sequence);
  const auto algorithm = der::next(in, der::sequence);
  const auto signature = der::next(in, der::bit_string);
  if (!to_be_signed || !algorithm || !signature || !in.empty()) return false;
  if (signature->content.empty() || signature->content[0] != 0) return false;  // no unused bits
  Botan::AlgorithmIdentifier named;
  const std::vector<std::uint8_t> name(algorithm->whole.begin(), algorithm->whole.end());
  Botan::BER_Decoder(name).decode(named);
  const auto key = issuer.subject_public_key();
  Botan::PK_Verifier verifier(*key, named);
  const auto bits = signature->content.subspan(1);
  return verifier.verify_message(to_be_signed->whole.data(), to_be_signed->whole.size(),
                                 bits.data(), bits.size());
} catch (const Botan::Exception&) {
  return false;
}

COHTTPS_DEF revocation_status check_revocation(const Botan::X509_CRL& list, const crl_scope& scope,
                                               const certificate_chain& path, std::size_t at,
                                               std::chrono::system_clock::time_point now) try {
  if (at + 1 >= path.size()) return revocation_status::unusable;
  const auto& subject = path[at];
  const auto& issuer = path[at + 1];
  if (list.issuer_dn() != issuer.subject_dn()) return revocation_status::untrusted;
  // The list may be signed with another key of the same issuer.
  const auto& key = subject.authority_key_id();
  if (!key.empty() && !list.authority_key_id().empty() && list.authority_key_id() != key)
    return revocation_status::unknown;
  if (!issuer.allowed_usage(Botan::Key_Constraints(Botan::Key_Constraints::CrlSign)) ||
      !list.check_signature(*issuer.subject_public_key()))
    return revocation_status::untrusted;
  const auto extent = scope.over(subject);
  if (extent == crl_scope::extent::none) return revocation_status::unknown;
  if (list.is_revoked(subject)) return revocation_status::revoked;
  const Botan::X509_Time time(now);
  if (!list.next_update().time_is_set()) return revocation_status::unusable;  // RFC 5280, 5.1.2.5
  if (list.next_update() < time) return revocation_status::expired;
  if (list.this_update() > time) return revocation_status::not_yet_valid;
  return extent == crl_scope::extent::all ? revocation_status::good : revocation_status::unknown;
} catch (const Botan::Exception&) {
  return revocation_status::unusable;
}

COHTTPS_DEF revocation_status check_revocation(const Botan::X509_CRL& list,
                                               const certificate_chain& path, std::size_t at,
                                               std::chrono::system_clock::time_point now) {
  const auto scope = crl_scope::of(list);
  return scope ? check_revocation(list, *scope, path, at, now) : revocation_status::unusable;
}

}  // namespace cohttps::tls

namespace cohttps::tls {
namespace der {

COHTTPS_DEF std::string access_url(bytes extension, std::uint8_t method) {
  const auto list = next(extension, sequence);
  for (bytes in = list ? list->content : bytes(); !in.empty();) {
    const auto description = next(in, sequence);
    if (!description) return {};
    bytes inside = description->content;
    const auto id = next(inside, 0x06);
    const auto where = next(inside, 0x86);
    if (!id || !where || id->content.size() != 8 || id->content[6] != 48 ||
        id->content[7] != method)
      continue;
    std::string url(where->content.begin(), where->content.end());
    if (url.starts_with("http://")) return url;
  }
  return {};
}

COHTTPS_DEF std::string distribution_url(bytes extension) {
  const auto list = next(extension, sequence);
  for (bytes in = list ? list->content : bytes(); !in.empty();) {
    const auto point = next(in, sequence);
    if (!point) return {};
    bytes inside = point->content;
    const auto name = next(inside, context_0);
    if (!name || !inside.empty()) continue;  // a list for some reasons, or of another issuer
    inside = name->content;
    const auto full = next(inside, context_0);
    for (bytes names = full ? full->content : bytes(); !names.empty();) {
      const auto one = next(names);
      if (!one) return {};
      std::string url(one->content.begin(), one->content.end());
      if (one->tag == 0x86 && url.starts_with("http://")) return url;
    }
  }
  return {};
}

}  // namespace der
}  // namespace cohttps::tls
