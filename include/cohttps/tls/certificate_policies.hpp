// Whether the certificates of a path agree on a policy, where one of them demands that (RFC 5280,
// 6.1.2 to 6.1.5). Any policy will do here, so a set of them takes the place of the tree.
#pragma once

#include <cohttps/core/separate.hpp>
#include <cohttps/tls/botan.hpp>
#include <cohttps/tls/certificate.hpp>
#include <cohttps/tls/der.hpp>

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

using policy_set = std::set<std::string>;  // object identifiers as encoded
inline constexpr std::string_view any_policy{"\x55\x1d\x20\x00", 4};

COHTTPS_DECL std::optional<std::string> next_policy(der::bytes& in);

/// certificatePolicies: none when there is no such extension, or when it is malformed.
COHTTPS_DECL policy_set policies_of(const Botan::X509_Certificate& certificate);

/// policyMappings, pairs of a policy above and one below; nothing when malformed, or when one of
/// them is anyPolicy.
COHTTPS_DECL std::optional<std::vector<std::pair<std::string, std::string>>> mappings_of(
    const Botan::X509_Certificate& certificate);

/// How many more certificates a path may have before something holds.
COHTTPS_DECL std::optional<std::size_t> skip_count(der::bytes& in, std::uint8_t tag);

struct policy_limits {
  std::optional<std::size_t> require_explicit, inhibit_mapping, inhibit_any;

  COHTTPS_DECL static policy_limits of(const Botan::X509_Certificate& certificate);
};

}  // namespace detail

/// Whether `path`, from the peer's own certificate to the trusted one, has a policy where the
/// certificates on it demand one. The trusted one is not asked (RFC 5280, 6.1.1 (d)).
COHTTPS_DECL bool has_required_policy(const certificate_chain& path);

}  // namespace cohttps::tls

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/tls/certificate_policies.ipp>
#endif
