// Whether a chain of certificates proves that the peer is the host that was meant (RFC 5280, 6 and
// RFC 9525). Botan builds the path and checks it; names, keys and limits are ours.
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/tls/botan.hpp>
#include <cohttps/tls/certificate.hpp>
#include <cohttps/tls/connection_info.hpp>
#include <cohttps/tls/der.hpp>
#include <cohttps/tls/explain.hpp>
#include <cohttps/tls/host_name.hpp>
#include <cohttps/tls/revocation_answers.hpp>
#include <cohttps/tls/trust_store.hpp>

#include <botan/certstor.h>
#include <botan/ocsp.h>
#include <botan/pk_keys.h>
#include <botan/pkix_enums.h>
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

/// Bounds on what a peer may send: path building tries all orders of certificates that fit.
inline constexpr std::size_t maximum_chain_length = 10;
inline constexpr std::ptrdiff_t maximum_same_name = 4;

/// What the keys on a path have to have at least.
struct key_sizes {
  std::size_t rsa_bits = 2048;
  std::size_t ec_bits = 256;
};

namespace detail {

inline Botan::Path_Validation_Result validate_path(const certificate_chain& chain,
                                                   const Botan::Certificate_Store& roots,
                                                   std::chrono::system_clock::time_point now) {
  // No host name: Botan would accept partial wildcards and the common name. No time-out: with one
  // it would ask OCSP responders over sockets of its own, and wait.
  return Botan::x509_path_validate(chain, path_restrictions(), roots, "",
                                   Botan::Usage_Type::TLS_SERVER_AUTH, now);
}

/// Whatever the minimum, path validation has seen to 2048 bits of RSA in what signs certificates.
inline bool is_weak_key(const Botan::X509_Certificate& certificate, const key_sizes& minimum) {
  const auto key = certificate.subject_public_key();
  const std::string algorithm = key->algo_name();
  return key->estimated_strength() < 110 ||
         (algorithm == "RSA" && key->key_length() < minimum.rsa_bits) ||
         (algorithm == "ECDSA" && key->key_length() < minimum.ec_bits);
}

inline std::string too_short(const key_sizes& minimum) {
  return "has a key that is too short: RSA has to have " + std::to_string(minimum.rsa_bits) +
         " bits or more, elliptic curves " + std::to_string(minimum.ec_bits) +
         "; the server needs a new certificate";
}

/// Whether the certificate demands a stapled OCSP answer (RFC 7633): a TLS feature extension that
/// lists status_request (5) or status_request_v2 (17).
inline bool demands_staple(const Botan::X509_Certificate& certificate) {
  const auto value = extension(certificate, {1, 3, 6, 1, 5, 5, 7, 1, 24});
  if (!value) return false;
  der::bytes in = *value;
  const auto list = der::next(in, der::sequence);
  if (!list) return true;  // unreadable, so the stricter reading
  for (in = list->content; !in.empty();) {
    const auto feature = der::next(in, der::integer);
    if (!feature) return true;
    if (feature->content.size() == 1 && (feature->content[0] == 5 || feature->content[0] == 17))
      return true;
  }
  return false;
}

inline std::string_view explain_staple(revocation_status status) {
  switch (status) {
    case revocation_status::expired:
      return "the one that the server sent is out of date; the server has to fetch a new one from "
             "time to time";
    case revocation_status::not_yet_valid:
      return "the one that the server sent is not valid yet: the server has to send one that is, "
             "unless the clock of this machine is wrong";
    case revocation_status::untrusted:
      return "the one that the server sent is one that the issuer did not sign; the server has to "
             "ask the responder that its certificate names";
    case revocation_status::unknown:
      return "the one that the server sent is of a responder that does not know the certificate; "
             "the server has to ask the one that its certificate names";
    case revocation_status::unusable:
      return "the one that the server sent cannot be used; the server has to send another one";
    default:
      return "the server sent none; the server has to turn OCSP stapling on";
  }
}

/// A staple that says "revoked" counts always, of any certificate on the path. One that says "good"
/// counts only for a certificate that demands it; what cannot be used is as good as none.
inline result<revocation_status> check_staples(const certificate_chain& path,
                                               const ocsp_staples& staples,
                                               std::chrono::system_clock::time_point now,
                                               bool enforce) {
  auto found = revocation_status::none;
  for (std::size_t i = 0; i < staples.size() && i + 1 < path.size(); ++i) {
    if (!staples[i]) continue;
    const auto status = judge(*staples[i], path, i, now);
    if (status == revocation_status::revoked)
      return refuse(Botan::Certificate_Status_Code::CERT_IS_REVOKED, path, i);
    if (i == 0) found = status;
  }
  if (enforce && found != revocation_status::good && demands_staple(path[0]))
    return refuse("missing_staple", path[0],
                  "demands a stapled proof that it is not revoked (OCSP must-staple), and " +
                      std::string(explain_staple(found)));
  return found;
}

/// The lists that the user gave. One that says "revoked" counts always; where others are about a
/// certificate, one of them has to be good.
inline result<void> check_lists(const certificate_chain& path, const trust_store& roots,
                                std::chrono::system_clock::time_point now) {
  using code = Botan::Certificate_Status_Code;
  for (std::size_t i = 0; i + 1 < path.size(); ++i) {
    auto found = revocation_status::none;
    for (const auto& [list, scope] : roots.lists()) {
      if (list.issuer_dn() != path[i + 1].subject_dn()) continue;
      const auto status = judge(list, scope, path, i, now);
      if (status == revocation_status::revoked) return refuse(code::CERT_IS_REVOKED, path, i);
      if (status != revocation_status::unknown && found != revocation_status::good) found = status;
    }
    if (found == revocation_status::none || found == revocation_status::good) continue;
    return refuse(found == revocation_status::expired         ? code::CRL_HAS_EXPIRED
                  : found == revocation_status::not_yet_valid ? code::CRL_NOT_YET_VALID
                                                              : code::CRL_BAD_SIGNATURE,
                  path, i);
  }
  return {};
}

#if BOTAN_VERSION_CODE < BOTAN_VERSION_CODE_FOR(3, 12, 0)
/// This Botan does not read IPv6 addresses, so it would hold no name constraint against them.
inline result<void> check_constraints(const certificate_chain& path) {
  const auto names = names_of(path[0]);
  const bool has_ipv6 =
      !names || std::ranges::any_of(names->ip, [](const auto& ip) { return ip.size() == 16; });
  for (std::size_t i = 1; has_ipv6 && i < path.size(); ++i)
    if (extension(path[i], {2, 5, 29, 30}))
      return refuse("name_constraints", path[i],
                    "has name constraints, which Botan before 3.12 cannot apply to the IPv6 "
                    "addresses of the server's certificate");
  return {};
}
#endif

/// An authority between may be for other things than TLS servers: Botan asks the leaf alone.
inline bool may_vouch_for_servers(const Botan::X509_Certificate& authority) {
  // By number: older versions of Botan do not know the latter's name.
  return !extension(authority, {2, 5, 29, 37}) ||
         authority.has_ex_constraint(Botan::OID({1, 3, 6, 1, 5, 5, 7, 3, 1})) ||
         authority.has_ex_constraint(Botan::OID({2, 5, 29, 37, 0}));
}

/// What Botan lets pass: an empty issuer, and serial numbers that are not positive (RFC 5280,
/// 4.1.2.4 and 4.1.2.2). Roots of old have the latter.
inline result<void> check_form(const Botan::Path_Validation_Result& found) {
  using code = Botan::Certificate_Status_Code;
  const auto& path = found.cert_path();
  const auto& statuses = found.all_statuses();
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i].issuer_dn().empty())
      return refuse("bad_certificate", path[i], "does not name its issuer");
    if ((i == 0 || i + 1 < path.size()) && i < statuses.size() &&
        statuses[i].contains(code::CERT_SERIAL_NEGATIVE))
      return refuse("bad_certificate", path[i], "has a negative serial number");
    if (i > 0 && i + 1 < path.size() && !may_vouch_for_servers(path[i]))
      return refuse("wrong_usage", path[i],
                    "is an authority's, and its extended key usage is not for TLS servers; the "
                    "server needs a certificate of another authority",
                    "unsupported_certificate");
  }
  return {};
}

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
inline result<verified_chain> verify_chain(const certificate_chain& chain,
                                           std::chrono::system_clock::time_point now,
                                           const trust_store& roots,
                                           const ocsp_staples& staples = {},
                                           const key_sizes& minimum = {},
                                           bool demands_staples = true) try {
  if (chain.empty())
    return fail(error_category::certificate, "no_certificate", "the server sent no certificate");
  const auto& leaf = chain.front();
  const auto same_name = [&](const auto& one) {
    return std::ranges::count(chain, one.raw_subject_dn(),
                              [](const auto& other) { return other.raw_subject_dn(); });
  };
  if (chain.size() > maximum_chain_length || std::ranges::any_of(chain, [&](const auto& one) {
        return same_name(one) > maximum_same_name;
      }))
    return refuse("path_length", leaf,
                  "came with too many other certificates: at most " +
                      std::to_string(maximum_chain_length) + ", and " +
                      std::to_string(maximum_same_name) + " of one name, are accepted");

  const auto named = roots.named_by(chain);
  const Botan::Certificate_Store* store = named.get();
  auto found = detail::validate_path(chain, *store, now);
  if (found.cert_path().empty()) {
    store = &roots.all();
    found = detail::validate_path(chain, *store, now);
  }
  const auto& path = found.cert_path();
  if (path.empty()) return refuse_unrooted(chain);
  if (!found.successful_validation()) {
    const auto& statuses = found.all_statuses();
    const auto at = std::ranges::find_if(
        statuses, [&](const auto& status) { return status.contains(found.result()); });
    return refuse(found.result(), path,
                  at == statuses.end() ? 0 : static_cast<std::size_t>(at - statuses.begin()));
  }
  for (const auto& each : path)
    if (detail::is_weak_key(each, minimum))
      return refuse("weak_key", each, detail::too_short(minimum));
  if (auto formed = detail::check_form(found); !formed) return pass(std::move(formed));
#if BOTAN_VERSION_CODE < BOTAN_VERSION_CODE_FOR(3, 12, 0)
  if (auto permitted = detail::check_constraints(path); !permitted)
    return pass(std::move(permitted));
#endif
  if (auto listed = detail::check_lists(path, roots, now); !listed) return pass(std::move(listed));
  const auto staple = detail::check_staples(path, staples, now, demands_staples);
  if (!staple) return std::unexpected(staple.error());
  return verified_chain{.path = path, .staple = *staple};
} catch (const std::exception& e) {
  return fail(error_category::certificate, "bad_certificate",
              std::string("the server's certificate cannot be checked: ") + e.what());
}

/// Checks that `leaf` is for `host`: an A-label name, or an address without brackets.
inline result<void> verify_host(const Botan::X509_Certificate& leaf, std::string_view host) try {
  const auto names = names_of(leaf);
  if (!names)
    return refuse("bad_certificate", leaf, "has a malformed list of names (subjectAltName)");
  // A name with a NUL in it was made to be read to its half by somebody.
  const bool deceives = std::ranges::any_of(
      names->dns, [](const auto& name) { return name.find('\0') != std::string::npos; });
  if (deceives || !covers(*names, host)) return refuse_host(leaf, *names, host);
  return {};
} catch (const std::exception& e) {
  return fail(error_category::certificate, "bad_certificate",
              std::string("the server's certificate cannot be read: ") + e.what());
}

inline bool is_valid_at(const Botan::X509_Certificate& certificate,
                        std::chrono::system_clock::time_point now) {
  const Botan::X509_Time time(now);
  return certificate.not_before() <= time && time <= certificate.not_after();
}

/// Newer versions of Botan call malformed names of hosts an error of encoding: says which it is.
[[gnu::cold]] inline error name_the_names(error found, const certificate_chain& chain,
                                          std::string_view host) try {
  if (found.reason() != "bad_certificate" || chain.empty()) return found;
  const auto names = names_of(chain.front());
  if (!names) return found;
  auto malformed = refuse_names(chain.front(), *names, host);
  return malformed ? std::move(malformed->error()) : found;
} catch (const std::exception&) {
  return found;
}

/// Both: the chain proves that the peer is `host`.
inline result<void> verify(const certificate_chain& chain, std::string_view host,
                           std::chrono::system_clock::time_point now, const trust_store& roots,
                           const ocsp_staples& staples = {}) {
  if (auto trusted = verify_chain(chain, now, roots, staples); !trusted)
    return std::unexpected(name_the_names(std::move(trusted).error(), chain, host));
  return verify_host(chain.front(), host);
}

}  // namespace cohttps::tls
