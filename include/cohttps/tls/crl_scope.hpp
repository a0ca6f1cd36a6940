// Which certificates a list of revoked ones (CRL) is about (RFC 5280, 5.2.5 and 6.3.3). Read here
// and not by Botan, as most versions call a list of other certificates a proof.
#pragma once

#include <cohttps/core/separate.hpp>
#include <cohttps/tls/botan.hpp>
#include <cohttps/tls/certificate.hpp>
#include <cohttps/tls/der.hpp>

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

class crl_scope {
 public:
  /// How much a list says of a certificate that is not on it.
  enum class extent : std::uint8_t {
    none,          ///< nothing: it is about others
    some_reasons,  ///< it was not revoked for some of the reasons that there are
    all,           ///< it was not revoked
  };

  /// Nothing when `list` can be used for no certificate: it is the difference to another one
  /// (5.2.4), of several issuers, of attribute certificates, or something critical of it is not
  /// known here (5.2 and 5.3).
  COHTTPS_DECL static std::optional<crl_scope> of(const Botan::X509_CRL& list);

  COHTTPS_DECL extent over(const Botan::X509_Certificate& subject) const;

 private:
  // GeneralNames as encoded. Strings, as GCC 12 warns of how it compares vectors.
  using names = std::set<std::string>;

  COHTTPS_DECL static bool known(const Botan::Extensions& all,
                                 std::initializer_list<Botan::OID> understood);

  // Those of a DistributionPointName; none of one that is relative to the issuer, which is so rare
  // that such a list is as good as none.
  COHTTPS_DECL static names names_in(der::bytes distribution_point);

  // IssuingDistributionPoint; false when it is malformed or of a kind that is of no use.
  COHTTPS_DECL bool read(der::bytes value);

  // As a list of one of these names, by the distribution points of the certificate (4.2.1.13).
  COHTTPS_DECL extent named_by(const Botan::X509_Certificate& subject) const;

  bool is_named_ = false;
  bool only_users_ = false;
  bool only_authorities_ = false;
  bool some_reasons_ = false;
  names names_;
};

}  // namespace cohttps::tls

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/tls/crl_scope.ipp>
#endif
