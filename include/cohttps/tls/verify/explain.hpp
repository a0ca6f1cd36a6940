// Errors for refused certificates: what is wrong, with which certificate, and how to repair it.
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/tls/botan.hpp>
#include <cohttps/tls/verify/certificate.hpp>
#include <cohttps/tls/verify/host_name.hpp>

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

/// Makes an error of category certificate with the message "the certificate <which> <what>".
/// `alert` is the alert for the peer.
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

/// Returns the index of the certificate that causes `code`. Botan reports some errors at another
/// certificate of the path.
COHTTPS_DECL std::size_t place_to_blame(Botan::Certificate_Status_Code code,
                                        const certificate_chain& path, std::size_t at);

/// Whether the signature of `subject` and the key of `issuer` have different algorithms. Another
/// authority then signed `subject`, although Botan reports unsupported parameters.
COHTTPS_DECL bool is_signed_with_other_key(const Botan::X509_Certificate& subject,
                                           const Botan::X509_Certificate& issuer);

/// Returns why the certificate is not usable by TLS servers (RFC 5280, 4.2.1.3 and 4.2.1.12).
COHTTPS_DECL std::string_view explain_usage(const Botan::X509_Certificate& certificate);
}  // namespace detail

/// Makes the error for a certificate with the unusable extension `id`. `malformed`: the extension
/// cannot be decoded; otherwise it is critical and unknown.
COHTTPS_DECL [[gnu::cold]] std::unexpected<error> refuse_extension(
    const Botan::X509_Certificate& certificate, const Botan::OID& id, bool malformed);

/// Makes the error for the `code` that Botan reports at `path[at]`. `path` goes from the peer's own
/// certificate to a trust anchor.
COHTTPS_DECL std::unexpected<error> refuse(Botan::Certificate_Status_Code code,
                                           const certificate_chain& path, std::size_t at);

/// Makes the error for a server certificate whose key usage lacks digitalSignature. Returns nothing
/// for other certificates. All offered handshakes need this usage (RFC 8446, 4.4.2.2 and RFC 8422,
/// 2), and Botan refuses such a certificate before it calls the verifier.
COHTTPS_DECL [[gnu::cold]] std::optional<error> refuse_unable_to_sign(
    const std::optional<Botan::X509_Certificate>& leaf);

/// Makes the error for a key in the server's chain that Botan cannot decode. `what` is Botan's
/// message. With TLS 1.3 Botan decodes the keys of all certificates that the server sends.
COHTTPS_DECL [[gnu::cold]] error refuse_unreadable_key(std::string_view what, bool is_tls13);

/// Makes the error for a chain without a path to a trust anchor. It says which issuer is missing.
COHTTPS_DECL [[gnu::cold]] std::unexpected<error> refuse_unrooted(const certificate_chain& chain);

/// Makes an error when one of `names` is an invalid host name, or an invalid wildcard that
/// resembles `host`.
COHTTPS_DECL [[gnu::cold]] std::optional<std::unexpected<error>> refuse_names(
    const Botan::X509_Certificate& leaf, const certificate_names& names, std::string_view host);

/// Makes the error for a certificate whose `names` do not cover `host`. It lists the first few
/// names.
COHTTPS_DECL [[gnu::cold]] std::unexpected<error> refuse_host(const Botan::X509_Certificate& leaf,
                                                              const certificate_names& names,
                                                              std::string_view host);

}  // namespace cohttps::tls

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/tls/verify/explain.ipp>
#endif
