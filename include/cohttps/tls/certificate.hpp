// Reading a Botan certificate: its names, its validity, what to say of it.
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/tls/botan.hpp>
#include <cohttps/tls/connection_info.hpp>
#include <cohttps/tls/der.hpp>
#include <cohttps/tls/host_name.hpp>

#include <botan/asn1_obj.h>
#include <botan/pkix_types.h>
#include <botan/x509cert.h>
#if __has_include(<botan/asn1_time.h>)
#include <botan/asn1_time.h>  // newer versions: before, a part of asn1_obj.h
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

/// The value of an extension, or nothing when the certificate does not have it.
COHTTPS_DECL std::optional<std::vector<std::uint8_t>> extension(
    const Botan::X509_Certificate& certificate, std::initializer_list<std::uint32_t> oid);

/// The hosts that the certificate is for. Read here and not by Botan, as versions differ in what
/// they make of IPv6 addresses and of malformed names. Nothing when the extension is malformed.
COHTTPS_DECL std::optional<certificate_names> names_of(const Botan::X509_Certificate& certificate);

/// Whether the extended key usage, if there is one, allows TLS servers (RFC 5280, 4.2.1.12). By
/// number: older versions of Botan do not know anyExtendedKeyUsage by its name.
COHTTPS_DECL bool allows_tls_servers(const Botan::X509_Certificate& certificate);

/// How many authorities may be below this one (RFC 5280, 4.2.1.9); nothing when any number may.
COHTTPS_DECL std::optional<std::size_t> path_length_of(const Botan::X509_Certificate& authority);

/// "2025-01-31T00:00:00Z".
COHTTPS_DECL std::string to_iso8601(const Botan::X509_Time& time);

COHTTPS_DECL std::string to_iso8601(std::chrono::system_clock::time_point time);

/// The same as a point of the clock. Certificates without an end say 9999, and the clock's own end
/// comes in 2262: then it is that.
COHTTPS_DECL std::chrono::system_clock::time_point to_time_point(const Botan::X509_Time& time);

COHTTPS_DECL certificate_summary summarize(const Botan::X509_Certificate& certificate);

/// One certificate in an error: CN="example.com" (issued by CN="Example CA", valid 2025-01-01T...
/// to ...).
COHTTPS_DECL std::string describe(const Botan::X509_Certificate& certificate);

}  // namespace cohttps::tls

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/tls/certificate.ipp>
#endif
