// Answers about revocation, as an issuer would give them or as somebody would forge them.
#pragma once

#include <cohttps/tls/botan.hpp>

#include <botan/asn1_obj.h>
#include <botan/bigint.h>
#include <botan/data_src.h>
#include <botan/der_enc.h>
#include <botan/hash.h>
#include <botan/ocsp.h>
#include <botan/pem.h>
#include <botan/pk_keys.h>
#include <botan/pkix_types.h>
#include <botan/pubkey.h>
#include <botan/system_rng.h>
#include <botan/x509cert.h>

#include <certificate_authority.hpp>
#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cohttps::testing {

namespace forge {

using bytes = std::vector<std::uint8_t>;

inline bytes tlv(std::uint8_t tag, std::initializer_list<bytes> parts) {
  bytes content;
  for (const auto& part : parts) content.insert(content.end(), part.begin(), part.end());
  bytes out{tag};
  if (content.size() >= 0x80) out.push_back(content.size() >= 0x100 ? 0x82 : 0x81);
  if (content.size() >= 0x100) out.push_back(static_cast<std::uint8_t>(content.size() >> 8));
  out.push_back(static_cast<std::uint8_t>(content.size()));
  out.insert(out.end(), content.begin(), content.end());
  return out;
}

inline bytes text(std::string_view s) { return {s.begin(), s.end()}; }

/// GeneralizedTime.
inline bytes time(std::chrono::system_clock::time_point at) {
  using namespace std::chrono;
  const auto day = floor<days>(at);
  const year_month_day date(day);
  const hh_mm_ss clock(floor<seconds>(at) - day);
  const auto number = [](auto n, std::size_t width) {
    auto digits = std::to_string(n);
    return std::string(width - std::min(width, digits.size()), '0') + digits;
  };
  return tlv(0x18,
             {text(number(static_cast<int>(date.year()), 4) +
                   number(static_cast<unsigned>(date.month()), 2) +
                   number(static_cast<unsigned>(date.day()), 2) + number(clock.hours().count(), 2) +
                   number(clock.minutes().count(), 2) + number(clock.seconds().count(), 2) + "Z")});
}

inline Botan::X509_Certificate parse(const std::string& pem) {
  Botan::DataSource_Memory source(pem);
  return Botan::X509_Certificate(source);
}

/// What is to be signed, its algorithm and the signature.
inline bytes signed_by(const issued_certificate& signer, const bytes& what,
                       const bytes& attached = {}) {
  auto& random = Botan::system_rng();
  const bool rsa = signer.key->algo_name() == "RSA";
  Botan::PK_Signer sign(
      *signer.key, random, rsa ? "PKCS1v15(SHA-256)" : "SHA-256",
      rsa ? Botan::Signature_Format::Standard : Botan::Signature_Format::DerSequence);
  const bytes signature = sign.sign_message(what, random);
  return tlv(0x30, {what, sign.algorithm_identifier().BER_encode(), tlv(0x03, {{0}, signature}),
                    attached});
}

}  // namespace forge

/// What an OCSP responder says; the default is what it has to.
struct ocsp_answer {
  enum class status : std::uint8_t { good = 0x80, revoked = 0xa1, unknown = 0x82 };

  status says = status::good;
  std::chrono::seconds this_update = -std::chrono::hours(1);
  std::optional<std::chrono::seconds> next_update = std::chrono::hours(24);
  const issued_certificate* signer = nullptr;  ///< by default the issuer
  bool attached = false;                       ///< the signer's certificate is part of the answer
  const issued_certificate* about = nullptr;   ///< another certificate than the one asked about
  bool broken_signature = false;
  std::uint8_t outer = 0;  ///< the responder's own status: 0 successful, 3 try later, ...
};

/// The answer to a question about `subject`, which `issuer` issued.
inline std::vector<std::uint8_t> make_ocsp(
    const certificate_authority& issuer, const issued_certificate& subject,
    const ocsp_answer& answer = {},
    std::chrono::system_clock::time_point now = std::chrono::system_clock::now()) {
  using namespace forge;
  if (answer.outer != 0) return tlv(0x30, {tlv(0x0a, {{answer.outer}})});
  const auto above = parse(issuer.certificate_pem());
  const auto below = parse((answer.about ? answer.about : &subject)->certificate_pem);
  bytes id;
  Botan::DER_Encoder encoder(id);
  Botan::OCSP::CertID(above, Botan::BigInt::from_bytes(below.serial_number())).encode_into(encoder);
  const auto& signer = answer.signer ? *answer.signer : issuer.self();
  const auto said = tlv(
      static_cast<std::uint8_t>(answer.says),
      {answer.says == ocsp_answer::status::revoked ? time(now - std::chrono::hours(2)) : bytes{}});
  const auto single =
      tlv(0x30, {id, said, time(now + answer.this_update),
                 answer.next_update ? tlv(0xa0, {time(now + *answer.next_update)}) : bytes{}});
  const auto data = tlv(0x30, {tlv(0xa1, {parse(signer.certificate_pem).raw_subject_dn()}),
                               time(now + answer.this_update), tlv(0x30, {single})});
  auto basic = signed_by(signer, data,
                         answer.attached
                             ? tlv(0xa0, {tlv(0x30, {parse(signer.certificate_pem).BER_encode()})})
                             : bytes{});
  if (answer.broken_signature) basic[basic.size() - 1] ^= 1;
  return tlv(0x30, {tlv(0x0a, {{0}}),
                    tlv(0xa0, {tlv(0x30, {Botan::OID("1.3.6.1.5.5.7.48.1.1").BER_encode(),
                                          tlv(0x04, {basic})})})});
}

/// An extension as it stands in a list: the identifier, whether it is critical, and the value in
/// DER.
inline std::vector<std::uint8_t> crl_extension(std::string_view oid, bool critical,
                                               const std::vector<std::uint8_t>& value) {
  using namespace forge;
  return tlv(0x30, {Botan::OID(oid).BER_encode(), critical ? bytes{0x01, 0x01, 0xff} : bytes{},
                    tlv(0x04, {value})});
}

struct crl_content {
  std::vector<const issued_certificate*> revoked = {};
  std::chrono::seconds this_update = -std::chrono::hours(1);
  std::chrono::seconds next_update = std::chrono::hours(24);
  const issued_certificate* signer = nullptr;       ///< by default the issuer
  std::vector<std::uint8_t> extensions = {};        ///< more of them, each by `crl_extension`
  std::vector<std::uint8_t> entry_extensions = {};  ///< of each certificate on the list
  std::vector<std::uint8_t> key_id = {};  ///< of the issuer's key, by default the right one
};

/// A list of revoked certificates of `issuer`, in DER.
inline std::vector<std::uint8_t> make_crl(
    const certificate_authority& issuer, const crl_content& content = {},
    std::chrono::system_clock::time_point now = std::chrono::system_clock::now()) {
  using namespace forge;
  const auto above = parse(issuer.certificate_pem());
  const auto& signer = content.signer ? *content.signer : issuer.self();
  bytes entries;
  for (const auto* each : content.revoked) {
    const auto one = tlv(
        0x30, {tlv(0x02, {parse(each->certificate_pem).serial_number()}),
               time(now - std::chrono::hours(2)),
               content.entry_extensions.empty() ? bytes{} : tlv(0x30, {content.entry_extensions})});
    entries.insert(entries.end(), one.begin(), one.end());
  }
  const auto key = content.key_id.empty() ? above.subject_key_id() : content.key_id;
  const auto extensions = tlv(
      0xa0, {tlv(0x30, {crl_extension("2.5.29.35", false, tlv(0x30, {tlv(0x80, {key})})),
                        crl_extension("2.5.29.20", false, tlv(0x02, {{1}})), content.extensions})});
  auto& random = Botan::system_rng();
  const bool rsa = signer.key->algo_name() == "RSA";
  const Botan::PK_Signer sign(*signer.key, random, rsa ? "PKCS1v15(SHA-256)" : "SHA-256");
  const auto list =
      tlv(0x30, {tlv(0x02, {{1}}), sign.algorithm_identifier().BER_encode(), above.raw_subject_dn(),
                 time(now + content.this_update), time(now + content.next_update),
                 entries.empty() ? bytes{} : tlv(0x30, {entries}), extensions});
  return signed_by(signer, list);
}

inline std::string to_pem(const std::vector<std::uint8_t>& crl) {
  return Botan::PEM_Code::encode(crl, "X509 CRL");
}

}  // namespace cohttps::testing
