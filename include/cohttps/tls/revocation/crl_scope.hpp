// The scope of a certificate revocation list (CRL): the certificates that it covers (RFC 5280,
// 5.2.5 and 6.3.3). Most versions of Botan ignore the scope, and accept a CRL for other
// certificates as proof.
#pragma once

#include <cohttps/core/separate.hpp>
#include <cohttps/tls/botan.hpp>
#include <cohttps/tls/verify/certificate.hpp>
#include <cohttps/tls/verify/der.hpp>

#include <botan/asn1_obj.h>
#include <botan/pkix_types.h>
#include <botan/x509_crl.h>
#include <botan/x509cert.h>

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace cohttps::tls {

/// The certificates and the reasons that a CRL covers.
class crl_scope {
 public:
  /// The meaning of a list for a certificate that is not on it.
  enum class extent : std::uint8_t {
    none,          ///< nothing: the list covers other certificates
    some_reasons,  ///< the certificate is not revoked for some of the possible reasons
    all,           ///< the certificate is not revoked
  };

  /// Returns the scope of `list`, or nothing when the list cannot be used: it is a delta CRL
  /// (5.2.4), it covers several issuers or attribute certificates, or it has an unknown critical
  /// extension (5.2 and 5.3).
  COHTTPS_DECL static std::optional<crl_scope> of(const Botan::X509_CRL& list);

  /// Returns what the list proves about `subject` when `subject` is not on it.
  COHTTPS_DECL extent over(const Botan::X509_Certificate& subject) const;

 private:
  // Encoded GeneralNames. They are strings, because GCC 12 warns about the comparison of vectors.
  using names = std::set<std::string>;

  // Whether `understood` contains each critical extension of `all`.
  COHTTPS_DECL static bool known(const Botan::Extensions& all,
                                 std::initializer_list<Botan::OID> understood);

  // Returns the names in a DistributionPointName. A name relative to the issuer is ignored, because
  // it is very rare; a list with such a name covers no certificate.
  COHTTPS_DECL static names names_in(der::bytes distribution_point);

  // Reads an IssuingDistributionPoint. False when it is malformed, or when the list cannot be used.
  COHTTPS_DECL bool read(der::bytes value);

  // Compares the names of the list with the distribution points of `subject` (4.2.1.13).
  COHTTPS_DECL extent named_by(const Botan::X509_Certificate& subject) const;

  bool is_named_ = false;
  bool only_users_ = false;
  bool only_authorities_ = false;
  bool some_reasons_ = false;
  names names_;
};

}  // namespace cohttps::tls

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/tls/revocation/crl_scope.ipp>
#endif
