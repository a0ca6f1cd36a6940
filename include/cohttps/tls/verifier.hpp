// Whether a chain of certificates proves that the peer is the host that was meant (RFC 5280, 6 and
// RFC 9525). Botan checks the signatures, times and usages of a path; the path, its names, policies
// and keys are ours.
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/tls/botan.hpp>
#include <cohttps/tls/certificate.hpp>
#include <cohttps/tls/certificate_policies.hpp>
#include <cohttps/tls/connection_info.hpp>
#include <cohttps/tls/der.hpp>
#include <cohttps/tls/explain.hpp>
#include <cohttps/tls/host_name.hpp>
#include <cohttps/tls/name_constraints.hpp>
#include <cohttps/tls/path_builder.hpp>
#include <cohttps/tls/revocation_answers.hpp>
#include <cohttps/tls/trust_store.hpp>

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

/// What the peer stapled: an OCSP answer for each certificate of its chain, or none.
using ocsp_staples = std::vector<std::optional<Botan::OCSP::Response>>;

/// What the keys on a path have to have at least.
struct key_sizes {
  std::size_t rsa_bits = 2048;
  std::size_t ec_bits = 256;
};

namespace detail {

/// Whether the value of an extension that Botan does not know, or cannot decode, is read by us or
/// is of no use to us. One odd name must not void a certificate (RFC 9525, 6).
COHTTPS_DECL bool is_read_here(const Botan::OID& id, der::bytes value, bool critical);

/// An extension that nobody reads: malformed, or critical and not known.
struct unread_extension {
  Botan::OID id;
  bool malformed;
};
COHTTPS_DECL std::optional<unread_extension> find_unread(
    const Botan::X509_Certificate& certificate);

/// What is judged here and not by Botan, which knows fewer extensions and fewer names.
COHTTPS_DECL bool is_judged_here(Botan::Certificate_Status_Code code);

/// Checks `path` with Botan and reports its gravest error, then looks for extensions that nobody
/// has read.
COHTTPS_DECL result<void> check_path_by_botan(const certificate_chain& path,
                                              std::chrono::system_clock::time_point now);

/// Whatever the minimum, path validation has seen to 2048 bits of RSA in what signs certificates.
COHTTPS_DECL bool is_weak_key(const Botan::X509_Certificate& certificate, const key_sizes& minimum);

COHTTPS_DECL std::string too_short(const key_sizes& minimum);

/// Whether the certificate demands a stapled OCSP answer (RFC 7633): a TLS feature extension that
/// lists status_request (5) or status_request_v2 (17).
COHTTPS_DECL bool demands_staple(const Botan::X509_Certificate& certificate);

COHTTPS_DECL std::string_view explain_staple(revocation_status status);

/// A staple that says "revoked" counts always, of any certificate on the path. One that says "good"
/// counts only for a certificate that demands it; what cannot be used is as good as none.
COHTTPS_DECL result<revocation_status> check_staples(const certificate_chain& path,
                                                     const ocsp_staples& staples,
                                                     std::chrono::system_clock::time_point now,
                                                     bool enforce);

/// The lists that the user gave. One that says "revoked" counts always; where others are about a
/// certificate, one of them has to be good.
COHTTPS_DECL result<void> check_lists(const certificate_chain& path, const trust_store& roots,
                                      std::chrono::system_clock::time_point now);

/// Whether the key's curve is written out and not named, as RFC 5480, 2.1.1 demands.
COHTTPS_DECL bool has_explicit_curve(const Botan::X509_Certificate& certificate);

/// What Botan lets pass: an empty issuer (RFC 5280, 4.1.2.4), and authorities between that are for
/// other things than TLS servers.
COHTTPS_DECL result<void> check_form(const certificate_chain& path);

/// All that can be said of a path without knowing the host.
COHTTPS_DECL result<void> check_path(const certificate_chain& path,
                                     std::chrono::system_clock::time_point now,
                                     const trust_store& roots, const key_sizes& minimum);

}  // namespace detail

struct verified_chain {
  certificate_chain path;  ///< from the peer's own certificate to the root
  revocation_status staple;
  std::optional<error> unpinned = {};  ///< it has none of the keys that it should, and that is told
};

/// Checks that `chain`, the peer's own certificate first, leads to one of `roots` at the time `now`
/// and may be used by a TLS server; whose it is remains to be checked. Failures have the category
/// certificate; explain.hpp lists their reasons.
/// `demands_staples`: a certificate that is to come with a staple has to.
COHTTPS_DECL result<verified_chain> verify_chain(const certificate_chain& chain,
                                                 std::chrono::system_clock::time_point now,
                                                 const trust_store& roots,
                                                 const ocsp_staples& staples = {},
                                                 const key_sizes& minimum = {},
                                                 bool demands_staples = true);

/// Checks that `leaf` is for `host`: an A-label name, or an address without brackets.
COHTTPS_DECL result<void> verify_host(const Botan::X509_Certificate& leaf, std::string_view host);

COHTTPS_DECL bool is_valid_at(const Botan::X509_Certificate& certificate,
                              std::chrono::system_clock::time_point now);

/// Both: the chain proves that the peer is `host`.
COHTTPS_DECL result<void> verify(const certificate_chain& chain, std::string_view host,
                                 std::chrono::system_clock::time_point now,
                                 const trust_store& roots, const ocsp_staples& staples = {});

}  // namespace cohttps::tls

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/tls/verifier.ipp>
#endif
