// Reads fields of a Botan certificate, and describes the certificate in messages.
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/tls/botan.hpp>
#include <cohttps/tls/connection_info.hpp>
#include <cohttps/tls/verify/der.hpp>
#include <cohttps/tls/verify/host_name.hpp>

#include <botan/asn1_obj.h>
#include <botan/pkix_types.h>
#include <botan/x509cert.h>
#if __has_include(<botan/asn1_time.h>)
#include <botan/asn1_time.h>  // older versions have this in asn1_obj.h
#endif

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohttps::tls {

using certificate_chain = std::vector<Botan::X509_Certificate>;

/// Returns the value of an extension, or nothing when the certificate does not have it.
COHTTPS_DECL std::optional<std::vector<std::uint8_t>> extension(
    const Botan::X509_Certificate& certificate, std::initializer_list<std::uint32_t> oid);

/// Returns the hosts that the certificate covers, or nothing when the extension is malformed. Does
/// not use Botan's reader, because its versions treat IPv6 addresses and malformed names
/// differently.
COHTTPS_DECL std::optional<certificate_names> names_of(const Botan::X509_Certificate& certificate);

/// Whether the extended key usage, if there is one, allows TLS servers (RFC 5280, 4.2.1.12). Uses
/// object identifiers, because older versions of Botan do not know the name anyExtendedKeyUsage.
COHTTPS_DECL bool allows_tls_servers(const Botan::X509_Certificate& certificate);

/// Returns how many authorities may be below `authority` (RFC 5280, 4.2.1.9), or nothing when there
/// is no limit.
COHTTPS_DECL std::optional<std::size_t> path_length_of(const Botan::X509_Certificate& authority);

/// Returns text such as "2025-01-31T00:00:00Z".
COHTTPS_DECL std::string to_iso8601(const Botan::X509_Time& time);

COHTTPS_DECL std::string to_iso8601(std::chrono::system_clock::time_point time);

/// Converts `time` to a time of the system clock. Certificates without an end of validity use the
/// year 9999, but the clock ends in 2262. For such a time it returns the last time of the clock.
COHTTPS_DECL std::chrono::system_clock::time_point to_time_point(const Botan::X509_Time& time);

COHTTPS_DECL certificate_summary summarize(const Botan::X509_Certificate& certificate);

/// Describes a certificate for an error: CN="example.com" (issued by CN="Example CA", valid
/// 2025-01-01T... to ...).
COHTTPS_DECL std::string describe(const Botan::X509_Certificate& certificate);

}  // namespace cohttps::tls

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/tls/verify/certificate.ipp>
#endif
