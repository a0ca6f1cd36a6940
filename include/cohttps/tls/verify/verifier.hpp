// Verifies that a certificate chain proves the identity of a host (RFC 5280, 6 and RFC 9525). Botan
// checks the signatures, times and usages of a path. This project finds the path, and checks its
// names, policies and keys.
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/tls/botan.hpp>
#include <cohttps/tls/connection_info.hpp>
#include <cohttps/tls/revocation/revocation_answers.hpp>
#include <cohttps/tls/verify/certificate.hpp>
#include <cohttps/tls/verify/certificate_policies.hpp>
#include <cohttps/tls/verify/der.hpp>
#include <cohttps/tls/verify/explain.hpp>
#include <cohttps/tls/verify/host_name.hpp>
#include <cohttps/tls/verify/name_constraints.hpp>
#include <cohttps/tls/verify/path_builder.hpp>
#include <cohttps/tls/verify/trust_store.hpp>

#include <botan/certstor.h>
#include <botan/ocsp.h>
#include <botan/pk_keys.h>
#include <botan/pkix_enums.h>
#include <botan/x509_ext.h>
#include <botan/x509cert.h>
#include <botan/x509path.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohttps::tls {

/// The OCSP responses that the peer stapled, one for each certificate of its chain, or nothing.
using ocsp_staples = std::vector<std::optional<Botan::OCSP::Response>>;

/// The minimum sizes of the keys on a path.
struct key_sizes {
  std::size_t rsa_bits = 2048;
  std::size_t ec_bits = 256;
};

namespace detail {

/// Whether an extension that Botan does not know or cannot decode is acceptable: another part of
/// this project reads it, or it has no effect here. One strange name must not invalidate a
/// certificate (RFC 9525, 6).
COHTTPS_DECL bool is_read_here(const Botan::OID& id, der::bytes value, bool critical);

/// An unacceptable extension: it is malformed, or it is critical and unknown.
struct unread_extension {
  Botan::OID id;
  bool malformed;
};
COHTTPS_DECL std::optional<unread_extension> find_unread(
    const Botan::X509_Certificate& certificate);

/// Whether this project decides about `code` itself, because Botan knows fewer extensions and
/// names.
COHTTPS_DECL bool is_judged_here(Botan::Certificate_Status_Code code);

/// Checks `path` with Botan and fails with the worst of its errors. Then looks for unacceptable
/// extensions.
COHTTPS_DECL result<void> check_path_by_botan(const certificate_chain& path,
                                              std::chrono::system_clock::time_point now);

/// Whether the key is smaller than `minimum`, or has less than 110 bits of strength. Botan's path
/// validation already refuses issuers whose RSA keys have less than 2048 bits.
COHTTPS_DECL bool is_weak_key(const Botan::X509_Certificate& certificate, const key_sizes& minimum);

/// Returns the text of the error for a weak key.
COHTTPS_DECL std::string too_short(const key_sizes& minimum);

/// Whether the certificate requires a stapled OCSP response (RFC 7633): its TLS feature extension
/// lists status_request (5) or status_request_v2 (17).
COHTTPS_DECL bool demands_staple(const Botan::X509_Certificate& certificate);

/// Returns the text of the error when a required staple has this status.
COHTTPS_DECL std::string_view explain_staple(revocation_status status);

/// Checks the staples, and returns the status of the peer's own certificate. Fails when a staple
/// for any certificate on the path says "revoked". With `enforce` it also fails when the peer's
/// certificate requires a staple and has no staple that says "good". Other unusable staples are
/// ignored.
COHTTPS_DECL result<revocation_status> check_staples(const certificate_chain& path,
                                                     const ocsp_staples& staples,
                                                     std::chrono::system_clock::time_point now,
                                                     bool enforce);

/// Checks `path` against the caller's lists. Fails when a list says "revoked". When lists cover a
/// certificate, at least one of them has to say "good".
COHTTPS_DECL result<void> check_lists(const certificate_chain& path, const trust_store& roots,
                                      std::chrono::system_clock::time_point now);

/// Whether the key does not name its elliptic curve, as RFC 5480, 2.1.1 requires, but describes it
/// by parameters.
COHTTPS_DECL bool has_explicit_curve(const Botan::X509_Certificate& certificate);

/// Checks rules that Botan does not check: no issuer is empty (RFC 5280, 4.1.2.4), the key
/// identifiers agree (RFC 5280, 4.2.1.1), curves are named, and intermediate authorities may issue
/// certificates for TLS servers.
COHTTPS_DECL result<void> check_form(const certificate_chain& path);

/// Makes all checks of a path that do not depend on the host or on staples.
COHTTPS_DECL result<void> check_path(const certificate_chain& path,
                                     std::chrono::system_clock::time_point now,
                                     const trust_store& roots, const key_sizes& minimum);

}  // namespace detail

struct verified_chain {
  certificate_chain path;  ///< from the peer's own certificate to the root
  revocation_status staple;
  /// The error when no pinned key is on the path. The caller decides whether to refuse the peer.
  std::optional<error> unpinned = {};
};

/// Checks that a path leads from `chain`, which begins with the peer's own certificate, to one of
/// `roots`, and that TLS servers may use it at the time `now`. Does not check the host. Fails with
/// category certificate; docs/tls.md lists the reasons. `demands_staples`: fail when the peer's
/// certificate requires a staple and there is none.
COHTTPS_DECL result<verified_chain> verify_chain(const certificate_chain& chain,
                                                 std::chrono::system_clock::time_point now,
                                                 const trust_store& roots,
                                                 const ocsp_staples& staples = {},
                                                 const key_sizes& minimum = {},
                                                 bool demands_staples = true);

/// Checks that `leaf` covers `host`, which is a name in A-label form or an address without
/// brackets.
COHTTPS_DECL result<void> verify_host(const Botan::X509_Certificate& leaf, std::string_view host);

COHTTPS_DECL bool is_valid_at(const Botan::X509_Certificate& certificate,
                              std::chrono::system_clock::time_point now);

/// Calls `verify_chain` and `verify_host`: the chain has to prove that the peer is `host`.
COHTTPS_DECL result<void> verify(const certificate_chain& chain, std::string_view host,
                                 std::chrono::system_clock::time_point now,
                                 const trust_store& roots, const ocsp_staples& staples = {});

}  // namespace cohttps::tls

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/tls/verify/verifier.ipp>
#endif
