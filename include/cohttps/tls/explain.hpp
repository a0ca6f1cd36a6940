// Why a certificate is refused, in words: what is wrong, with which certificate, and what would
// make it pass.
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/tls/botan.hpp>
#include <cohttps/tls/certificate.hpp>
#include <cohttps/tls/host_name.hpp>

#include <botan/asn1_obj.h>
#include <botan/pkix_enums.h>
#include <botan/x509cert.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace cohttps::tls {

/// An error of category certificate: "the certificate <which> <what>", with the alert for the peer.
COHTTPS_DECL std::unexpected<error> refuse(std::string_view reason,
                                           const Botan::X509_Certificate& certificate,
                                           std::string_view what,
                                           std::string_view alert = "bad_certificate");

namespace detail {
struct explanation {
  Botan::Certificate_Status_Code code;
  std::string_view reason;
  std::string_view alert;
  std::string_view text;
};

COHTTPS_DECL const explanation* find_explanation(Botan::Certificate_Status_Code code);

/// The index of the certificate at fault; Botan reports some errors at its neighbour.
COHTTPS_DECL std::size_t place_to_blame(Botan::Certificate_Status_Code code,
                                        const certificate_chain& path, std::size_t at);

/// Whether the issuer's key is of another kind than `subject`'s signature: then another authority
/// signed it, where Botan says that the parameters are not supported.
COHTTPS_DECL bool is_signed_with_other_key(const Botan::X509_Certificate& subject,
                                           const Botan::X509_Certificate& issuer);

/// Why a certificate is not for TLS servers (RFC 5280, 4.2.1.3 and 4.2.1.12).
COHTTPS_DECL std::string_view explain_usage(const Botan::X509_Certificate& certificate);
}  // namespace detail

/// An extension, by its object identifier, that keeps a certificate from being used.
COHTTPS_DECL [[gnu::cold]] std::unexpected<error> refuse_extension(
    const Botan::X509_Certificate& certificate, const Botan::OID& id, bool malformed);

/// Botan found `code` at place `at` of `path`, from the peer's certificate to a trusted one.
COHTTPS_DECL std::unexpected<error> refuse(Botan::Certificate_Status_Code code,
                                           const certificate_chain& path, std::size_t at);

/// The peer's own certificate, where its key usage has no digitalSignature, which the handshakes
/// that are offered need (RFC 8446, 4.4.2.2 and RFC 8422, 2): Botan refuses it before it asks the
/// verifier. Nothing of any other.
COHTTPS_DECL [[gnu::cold]] std::optional<error> refuse_unable_to_sign(
    const std::optional<Botan::X509_Certificate>& leaf);

/// Botan cannot decode a key of the server's chain, and says `what`. Over TLS 1.3 it decodes those
/// of all certificates that are sent.
COHTTPS_DECL [[gnu::cold]] error refuse_unreadable_key(std::string_view what, bool is_tls13);

/// No path from `chain` to a trusted certificate. Says which issuer is the one that is missing.
COHTTPS_DECL [[gnu::cold]] std::unexpected<error> refuse_unrooted(const certificate_chain& chain);

/// An error when one of `names` is none that a host can have, or a wildcard that does not count and
/// that somebody may have meant for `host`.
COHTTPS_DECL [[gnu::cold]] std::optional<std::unexpected<error>> refuse_names(
    const Botan::X509_Certificate& leaf, const certificate_names& names, std::string_view host);

/// `names` do not cover `host`: says why, and lists the first few of them.
COHTTPS_DECL [[gnu::cold]] std::unexpected<error> refuse_host(const Botan::X509_Certificate& leaf,
                                                              const certificate_names& names,
                                                              std::string_view host);

}  // namespace cohttps::tls

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/tls/explain.ipp>
#endif
