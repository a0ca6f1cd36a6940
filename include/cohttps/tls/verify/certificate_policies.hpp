// Checks that the certificates of a path have a common policy, if one of them requires that (RFC
// 5280, 6.1.2 to 6.1.5). The client accepts any policy, so a set is enough and no policy tree is
// needed.
#pragma once

#include <cohttps/core/separate.hpp>
#include <cohttps/tls/botan.hpp>
#include <cohttps/tls/verify/certificate.hpp>
#include <cohttps/tls/verify/der.hpp>

#include <botan/pkix_types.h>
#include <botan/x509cert.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohttps::tls {

namespace detail {

using policy_set = std::set<std::string>;  // encoded object identifiers
inline constexpr std::string_view any_policy{"\x55\x1d\x20\x00", 4};

/// Takes the object identifier at the front of `in`.
COHTTPS_DECL std::optional<std::string> next_policy(der::bytes& in);

/// Returns the policies of the certificatePolicies extension. Empty when there is no such
/// extension, or when it is malformed.
COHTTPS_DECL policy_set policies_of(const Botan::X509_Certificate& certificate);

/// Returns the policyMappings: pairs of a policy of the issuer and one of the subject. Nothing when
/// they are malformed, or when one of the policies is anyPolicy.
COHTTPS_DECL std::optional<std::vector<std::pair<std::string, std::string>>> mappings_of(
    const Botan::X509_Certificate& certificate);

/// Takes a SkipCerts number from the front of `in`: the number of further certificates on the path
/// to which a constraint does not apply yet.
COHTTPS_DECL std::optional<std::size_t> skip_count(der::bytes& in, std::uint8_t tag);

struct policy_limits {
  std::optional<std::size_t> require_explicit, inhibit_mapping, inhibit_any;

  COHTTPS_DECL static policy_limits of(const Botan::X509_Certificate& certificate);
};

}  // namespace detail

/// Whether `path` has a common policy, or no certificate on it requires one. `path` goes from the
/// peer's own certificate to the trust anchor. The policies of the trust anchor are ignored (RFC
/// 5280, 6.1.1 (d)).
COHTTPS_DECL bool has_required_policy(const certificate_chain& path);

}  // namespace cohttps::tls

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/tls/verify/certificate_policies.ipp>
#endif
