// Evaluates an issuer's answer about a certificate: an OCSP response (RFC 6960) or a certificate
// revocation list (CRL; RFC 5280, 6.3).
#pragma once

#include <cohttps/core/separate.hpp>
#include <cohttps/tls/botan.hpp>
#include <cohttps/tls/connection_info.hpp>
#include <cohttps/tls/revocation/crl_scope.hpp>
#include <cohttps/tls/verify/certificate.hpp>
#include <cohttps/tls/verify/der.hpp>

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

/// The maximum age of an OCSP response that has no nextUpdate.
inline constexpr std::chrono::hours longest_answer{24 * 7};

namespace detail {

COHTTPS_DECL Botan::Path_Validation_Restrictions path_restrictions();

/// Converts Botan's status codes for an OCSP response.
COHTTPS_DECL revocation_status status_of(const std::set<Botan::Certificate_Status_Code>& codes);

}  // namespace detail

/// Returns the status of `path[at]` in `response`. The issuer of `path[at]` is `path[at + 1]`. That
/// issuer, or a responder that it authorized, has to have signed the response (RFC 6960, 4.2.2.2).
COHTTPS_DECL revocation_status check_revocation(const Botan::OCSP::Response& response,
                                                const certificate_chain& path, std::size_t at,
                                                std::chrono::system_clock::time_point now);

/// Whether `encoded` is a signed object in DER, such as a CRL, with a valid signature of `issuer`
/// (RFC 5280, 5.1). Does not parse the signed content.
COHTTPS_DECL bool is_signed_by(der::bytes encoded, const Botan::X509_Certificate& issuer);

/// Returns the status of `path[at]` in `list`, whose scope is `scope`. The issuer of `path[at]` has
/// to have signed the list. Returns `unknown` when the list does not cover `path[at]`.
COHTTPS_DECL revocation_status check_revocation(const Botan::X509_CRL& list, const crl_scope& scope,
                                                const certificate_chain& path, std::size_t at,
                                                std::chrono::system_clock::time_point now);

/// The same, with the scope that `list` contains. Returns `unusable` when `crl_scope::of` fails.
COHTTPS_DECL revocation_status check_revocation(const Botan::X509_CRL& list,
                                                const certificate_chain& path, std::size_t at,
                                                std::chrono::system_clock::time_point now);

namespace der {

/// Returns the first URL with the scheme http in the value of an authorityInfoAccess extension (RFC
/// 5280, 4.2.2.1), or empty text. `method` is the last octet of the access method
/// 1.3.6.1.5.5.7.48.x.
COHTTPS_DECL std::string access_url(bytes extension, std::uint8_t method);

/// Returns the first URL with the scheme http in the value of a cRLDistributionPoints extension
/// (RFC 5280, 4.2.1.13), or empty text. Ignores lists of other issuers and lists for some reasons
/// only.
COHTTPS_DECL std::string distribution_url(bytes extension);

}  // namespace der
}  // namespace cohttps::tls

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/tls/revocation/revocation_answers.ipp>
#endif
