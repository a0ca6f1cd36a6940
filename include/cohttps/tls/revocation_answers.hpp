// What an issuer's answer says of a certificate: an OCSP response (RFC 6960) or a list of revoked
// certificates (CRL; RFC 5280, 6.3).
#pragma once

#include <cohttps/core/separate.hpp>
#include <cohttps/tls/botan.hpp>
#include <cohttps/tls/certificate.hpp>
#include <cohttps/tls/connection_info.hpp>
#include <cohttps/tls/crl_scope.hpp>
#include <cohttps/tls/der.hpp>

#include <botan/asn1_obj.h>
#include <botan/ber_dec.h>
#include <botan/certstor.h>
#include <botan/exceptn.h>
#include <botan/ocsp.h>
#include <botan/pk_keys.h>
#include <botan/pkix_enums.h>
#include <botan/pkix_types.h>
#include <botan/pubkey.h>
#include <botan/x509_crl.h>
#include <botan/x509cert.h>
#include <botan/x509path.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace cohttps::tls {

/// How old an answer may be that does not say when the next one comes.
inline constexpr std::chrono::hours longest_answer{24 * 7};

namespace detail {

COHTTPS_DECL Botan::Path_Validation_Restrictions path_restrictions();

/// Botan's view of an OCSP answer.
COHTTPS_DECL revocation_status status_of(const std::set<Botan::Certificate_Status_Code>& codes);

}  // namespace detail

/// What `response` says of `path[at]`, whose issuer is the next on the path. It counts when that
/// issuer signed it, or somebody whom it delegated that to (RFC 6960, 4.2.2.2).
COHTTPS_DECL revocation_status judge(const Botan::OCSP::Response& response,
                                     const certificate_chain& path, std::size_t at,
                                     std::chrono::system_clock::time_point now);

/// Whether `encoded` is a SIGNED object in DER, such as a list of revoked certificates, that
/// `issuer` has signed (RFC 5280, 5.1). Looks at nothing inside.
COHTTPS_DECL bool is_signed_by(der::bytes encoded, const Botan::X509_Certificate& issuer);

/// What `list`, which is about `scope`, says of `path[at]`: only one that the issuer itself signed
/// counts. "Unknown" is what a list of other certificates says.
COHTTPS_DECL revocation_status judge(const Botan::X509_CRL& list, const crl_scope& scope,
                                     const certificate_chain& path, std::size_t at,
                                     std::chrono::system_clock::time_point now);

COHTTPS_DECL revocation_status judge(const Botan::X509_CRL& list, const certificate_chain& path,
                                     std::size_t at, std::chrono::system_clock::time_point now);

namespace der {

/// The first plain http URL of an authorityInfoAccess extension's value for the access method
/// `method`, the last octet of 1.3.6.1.5.5.7.48.x (RFC 5280, 4.2.2.1); empty when there is none.
COHTTPS_DECL std::string access_url(bytes extension, std::uint8_t method);

/// The first plain http URL of a cRLDistributionPoints extension's value (RFC 5280, 4.2.1.13) that
/// leads to a list of all reasons; empty when there is none.
COHTTPS_DECL std::string distribution_url(bytes extension);

}  // namespace der
}  // namespace cohttps::tls

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/tls/revocation_answers.ipp>
#endif
