// Definitions for verifier.hpp.
#pragma once

#include <cohttps/tls/verify/verifier.hpp>

namespace cohttps::tls {
namespace detail {

COHTTPS_DEF bool is_read_here(const Botan::OID& id, der::bytes value, bool critical) {
  const auto is = [&](std::initializer_list<std::uint32_t> other) {
    return id == Botan::OID(other);
  };
  if (is({2, 5, 29, 17})) return der::alternative_names(value).has_value();
  if (is({1, 3, 6, 1, 5, 5, 7, 1, 1}) && !critical) return true;  // malformed: treated as absent
  if (is({2, 5, 29, 18}) ||                                       // issuerAltName
      is({2, 5, 29, 31}) ||                                       // cRLDistributionPoints
      is({1, 3, 6, 1, 5, 5, 7, 1, 1}))                            // authorityInfoAccess
    return der::elements_of(value).has_value();
  return is({2, 5, 29, 30}) ||                                            // name constraints
         is({2, 5, 29, 33}) || is({2, 5, 29, 36}) || is({2, 5, 29, 54});  // policies
}

COHTTPS_DEF std::optional<unread_extension> find_unread(
    const Botan::X509_Certificate& certificate) {
  const auto& extensions = certificate.v3_extensions();
  for (const auto& id : extensions.get_extension_oids()) {
    const auto* unknown = dynamic_cast<const Botan::Cert_Extension::Unknown_Extension*>(
        extensions.get_extension_object(id));
    if (!unknown) continue;
#if BOTAN_VERSION_CODE >= BOTAN_VERSION_CODE_FOR(3, 12, 0)
    const bool malformed = unknown->failed_to_decode();
#else
    const bool malformed = false;
#endif
    if (!malformed && !unknown->is_critical_extension()) continue;
    if (!is_read_here(id, unknown->extension_contents(), unknown->is_critical_extension()))
      return unread_extension{id, malformed};
  }
  return std::nullopt;
}

COHTTPS_DEF bool is_judged_here(Botan::Certificate_Status_Code code) {
  using enum Botan::Certificate_Status_Code;
  return code == NAME_CONSTRAINT_ERROR || code == UNKNOWN_CRITICAL_EXTENSION
#if BOTAN_VERSION_CODE >= BOTAN_VERSION_CODE_FOR(3, 12, 0)
         || code == EXTENSION_ENCODING_ERROR
#endif
      ;
}

COHTTPS_DEF result<void> check_path_by_botan(const certificate_chain& path,
                                             std::chrono::system_clock::time_point now) {
  // The host name is not passed: Botan would accept partial wildcards and the common name.
  const auto found = Botan::PKIX::check_chain(path, now, "", Botan::Usage_Type::TLS_SERVER_AUTH,
                                              path_restrictions());
  using code = Botan::Certificate_Status_Code;
  code worst = code::OK;
  std::size_t at = 0;
  for (std::size_t i = 0; i < found.size(); ++i)
    for (const auto each : found[i])
      if (each >= code::FIRST_ERROR_STATUS && each > worst && !is_judged_here(each)) {
        worst = each;
        at = i;
      }
  if (worst != code::OK) return refuse(worst, path, at);
  // A serial number must not be negative (RFC 5280, 4.1.2.2). Some old roots have a negative one.
  for (std::size_t i = 0; i < found.size(); ++i)
    if (found[i].contains(code::CERT_SERIAL_NEGATIVE) && (i == 0 || i + 1 < path.size()))
      return refuse("bad_certificate", path[i],
                    "has a negative serial number; the server needs a new certificate");
  for (const auto& each : path)
    if (const auto unread = find_unread(each))
      return refuse_extension(each, unread->id, unread->malformed);
  return {};
}

COHTTPS_DEF bool is_weak_key(const Botan::X509_Certificate& certificate, const key_sizes& minimum) {
  const auto key = certificate.subject_public_key();
  const std::string algorithm = key->algo_name();
  return key->estimated_strength() < 110 ||
         (algorithm == "RSA" && key->key_length() < minimum.rsa_bits) ||
         (algorithm == "ECDSA" && key->key_length() < minimum.ec_bits);
}

COHTTPS_DEF std::string too_short(const key_sizes& minimum) {
  return "has a key that is too short: RSA has to have " + std::to_string(minimum.rsa_bits) +
         " bits or more, elliptic curves " + std::to_string(minimum.ec_bits) +
         "; the server needs a new certificate";
}

COHTTPS_DEF bool demands_staple(const Botan::X509_Certificate& certificate) {
  const auto value = extension(certificate, {1, 3, 6, 1, 5, 5, 7, 1, 24});
  if (!value) return false;
  der::bytes in = *value;
  const auto list = der::next(in, der::sequence);
  if (!list) return true;  // malformed, so the stricter value
  for (in = list->content; !in.empty();) {
    const auto feature = der::next(in, der::integer);
    if (!feature) return true;
    if (feature->content.size() == 1 && (feature->content[0] == 5 || feature->content[0] == 17))
      return true;
  }
  return false;
}

COHTTPS_DEF std::string_view explain_staple(revocation_status status) {
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

COHTTPS_DEF result<revocation_status> check_staples(const certificate_chain& path,
                                                    const ocsp_staples& staples,
                                                    std::chrono::system_clock::time_point now,
                                                    bool enforce) {
  auto found = revocation_status::none;
  for (std::size_t i = 0; i < staples.size() && i + 1 < path.size(); ++i) {
    if (!staples[i]) continue;
    const auto status = check_revocation(*staples[i], path, i, now);
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

COHTTPS_DEF result<void> check_lists(const certificate_chain& path, const trust_store& roots,
                                     std::chrono::system_clock::time_point now) {
  using code = Botan::Certificate_Status_Code;
  for (std::size_t i = 0; i + 1 < path.size(); ++i) {
    auto found = revocation_status::none;
    for (const auto& [list, scope] : roots.lists()) {
      if (list.issuer_dn() != path[i + 1].subject_dn()) continue;
      const auto status = check_revocation(list, scope, path, i, now);
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

COHTTPS_DEF bool has_explicit_curve(const Botan::X509_Certificate& certificate) {
  const auto& algorithm = certificate.subject_public_key_algo();
  const auto& parameters = algorithm.parameters();
  return algorithm.oid() == Botan::OID({1, 2, 840, 10045, 2, 1}) &&
         (parameters.empty() || parameters[0] != 0x06);
}

COHTTPS_DEF result<void> check_form(const certificate_chain& path) {
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i].issuer_dn().empty())
      return refuse("bad_certificate", path[i],
                    "does not name its issuer; the server needs a new certificate");
    if (i + 1 < path.size() && names_other_key(path[i], path[i + 1]))
      return refuse("key_identifier", path[i],
                    "has an authority key identifier that differs from its issuer's subject key "
                    "identifier (RFC 5280, 4.2.1.1); the server sends, or this program trusts, the "
                    "wrong certificate of that issuer");
    if (has_explicit_curve(path[i]))
      return refuse("explicit_curve", path[i],
                    "has a key whose elliptic curve is written out and not named (RFC 5480, "
                    "2.1.1); the server needs a new one");
    if (i > 0 && i + 1 < path.size() && !allows_tls_servers(path[i]))
      return refuse("wrong_usage", path[i],
                    "is an authority's, and its extended key usage is not for TLS servers; the "
                    "server needs a certificate of another authority",
                    "unsupported_certificate");
  }
  return {};
}

COHTTPS_DEF result<void> check_path(const certificate_chain& path,
                                    std::chrono::system_clock::time_point now,
                                    const trust_store& roots, const key_sizes& minimum) {
  if (auto checked = check_path_by_botan(path, now); !checked) return checked;
  for (const auto& each : path) {
    if (each.subject_public_key()->algo_name() == "DSA")
      return refuse("weak_key", each,
                    "has a DSA key, which TLS 1.3 excludes; the server needs a new certificate");
    if (is_weak_key(each, minimum)) return refuse("weak_key", each, too_short(minimum));
  }
  if (auto formed = check_form(path); !formed) return formed;
  if (auto allowed = check_name_constraints(path); !allowed) return allowed;
  if (!has_required_policy(path))
    return refuse("policy", path[0],
                  "shares no certificate policy with all authorities above it, as the policy "
                  "constraints of one of them require; the server needs a certificate of another "
                  "authority");
  return check_lists(path, roots, now);
}

}  // namespace detail
}  // namespace cohttps::tls

namespace cohttps::tls {

COHTTPS_DEF result<verified_chain> verify_chain(const certificate_chain& chain,
                                                std::chrono::system_clock::time_point now,
                                                const trust_store& roots,
                                                const ocsp_staples& staples,
                                                const key_sizes& minimum,
                                                bool demands_staples) try {
  if (chain.empty())
    return fail(error_category::certificate, "no_certificate", "the server sent no certificate");
  certificate_chain path;
  std::optional<error> first_refusal;
  const auto accept = [&](const certificate_chain& candidate) {
    auto checked = detail::check_path(candidate, now, roots, minimum);
    if (checked) path = candidate;
    if (!checked && !first_refusal) first_refusal = std::move(checked).error();
    return checked.has_value();
  };
  path_builder paths(chain, now);
  if (!paths.find(*roots.named_by(chain), accept) && !first_refusal)
    paths.find(roots.all(), accept);
  if (path.empty()) {
    if (paths.is_exhausted())
      return refuse("too_many_paths", chain.front(),
                    "has too many possible paths to a trusted root to try them all; the server has "
                    "to send only the certificates that lead to the root");
    if (first_refusal) return std::unexpected(*std::move(first_refusal));
    if (paths.was_cut_short())
      return refuse("path_too_long", chain.front(),
                    "is more than " + std::to_string(path_builder::longest_path - 1) +
                        " certificates away from a trusted root; the server has to send a shorter "
                        "chain");
    return refuse_unrooted(chain);
  }
  const auto staple = detail::check_staples(path, staples, now, demands_staples);
  if (!staple) return std::unexpected(staple.error());
  return verified_chain{.path = std::move(path), .staple = *staple};
} catch (const std::exception& e) {
  return fail(error_category::certificate, "bad_certificate",
              std::string("the server's certificate cannot be checked: ") + e.what());
}

COHTTPS_DEF result<void> verify_host(const Botan::X509_Certificate& leaf,
                                     std::string_view host) try {
  const auto names = names_of(leaf);
  if (!names)
    return refuse("bad_certificate", leaf, "has a malformed list of names (subjectAltName)");
  // A name with a NUL is an attack on programs that read the name only up to the NUL.
  const bool deceives = std::ranges::any_of(
      names->dns, [](const auto& name) { return name.find('\0') != std::string::npos; });
  if (deceives || !covers(*names, host)) return refuse_host(leaf, *names, host);
  return {};
} catch (const std::exception& e) {
  return fail(error_category::certificate, "bad_certificate",
              std::string("the server's certificate cannot be read: ") + e.what());
}

COHTTPS_DEF bool is_valid_at(const Botan::X509_Certificate& certificate,
                             std::chrono::system_clock::time_point now) {
  const Botan::X509_Time time(now);
  return certificate.not_before() <= time && time <= certificate.not_after();
}

COHTTPS_DEF result<void> verify(const certificate_chain& chain, std::string_view host,
                                std::chrono::system_clock::time_point now, const trust_store& roots,
                                const ocsp_staples& staples) {
  if (auto trusted = verify_chain(chain, now, roots, staples); !trusted)
    return pass(std::move(trusted));
  return verify_host(chain.front(), host);
}

}  // namespace cohttps::tls
