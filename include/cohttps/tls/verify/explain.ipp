// Definitions for explain.hpp.
#pragma once

#include <cohttps/tls/verify/explain.hpp>

namespace cohttps::tls {

COHTTPS_DEF std::unexpected<error> refuse(std::string_view reason,
                                          const Botan::X509_Certificate& certificate,
                                          std::string_view what, std::string_view alert) {
  error refused(error_category::certificate, reason,
                "the certificate " + describe(certificate) + ' ' + std::string(what));
  refused.alert(alert);
  return std::unexpected(std::move(refused));
}

}  // namespace cohttps::tls

namespace cohttps::tls {
namespace detail {

COHTTPS_DEF const explanation* find_explanation(Botan::Certificate_Status_Code code) {
  using enum Botan::Certificate_Status_Code;
  static constexpr explanation table[] = {
      {CERT_HAS_EXPIRED, "certificate_expired", "certificate_expired",
       "has expired; the server has to renew it, unless the clock of this machine is wrong"},
      {CERT_NOT_YET_VALID, "certificate_not_yet_valid", "certificate_expired",
       "is not valid yet; look whether the clock of this machine is right"},
      {SIGNATURE_METHOD_TOO_WEAK, "weak_key", "bad_certificate",
       "has a key that is too short: RSA has to have 2048 bits or more, elliptic curves 256; the "
       "server needs a new certificate"},
      {UNTRUSTED_HASH, "weak_signature", "bad_certificate",
       "is signed with a broken hash function (SHA-1 or MD5); the server needs a new one"},
      {SIGNATURE_ERROR, "bad_signature", "bad_certificate",
       "is not signed by the authority that it names: it was forged or damaged, or there are two "
       "authorities of that name and the wrong one is trusted"},
      {SIGNATURE_ALGO_UNKNOWN, "unsupported_signature", "unsupported_certificate",
       "is signed with an algorithm that is not supported"},
      {SIGNATURE_ALGO_BAD_PARAMS, "unsupported_signature", "unsupported_certificate",
       "is signed with parameters that are not supported"},
      {CERT_PUBKEY_INVALID, "bad_certificate", "bad_certificate", "holds an invalid public key"},
      {CERT_CHAIN_TOO_LONG, "path_length", "bad_certificate",
       "has more authorities below it than its path length constraint allows; the server needs a "
       "certificate of another authority"},
      {CA_CERT_NOT_FOR_CERT_ISSUER, "basic_constraints", "bad_certificate",
       "signed another one although its basic constraints or key usage do not allow that; the "
       "server needs a certificate of an authority"},
      {CERT_IS_REVOKED, "revoked", "certificate_revoked",
       "was revoked by its issuer; the server needs a new one"},
      {CRL_HAS_EXPIRED, "crl_expired", "certificate_unknown",
       "may have been revoked: the list of revoked certificates given for its issuer has expired; "
       "fetch a new one"},
      {CRL_NOT_YET_VALID, "crl_expired", "certificate_unknown",
       "may have been revoked: the list of revoked certificates given for its issuer is not valid "
       "yet"},
      {CRL_BAD_SIGNATURE, "bad_crl", "certificate_unknown",
       "may have been revoked: the list of revoked certificates given for its issuer is forged or "
       "damaged"},
  };
  for (const auto& entry : table)
    if (entry.code == code) return &entry;
  return nullptr;
}

COHTTPS_DEF std::size_t place_to_blame(Botan::Certificate_Status_Code code,
                                       const certificate_chain& path, std::size_t at) {
  using enum Botan::Certificate_Status_Code;
  switch (code) {
    case SIGNATURE_METHOD_TOO_WEAK:
    case CA_CERT_NOT_FOR_CERT_ISSUER:  // Botan reports it at the certificate below
      return std::min(at + 1, path.size() - 1);
    case CERT_CHAIN_TOO_LONG:  // Botan reports it at the first extra authority
      for (std::size_t above = at + 1, others = 0; above < path.size(); ++above) {
        others += path[above - 1].subject_dn() != path[above - 1].issuer_dn();
        if (const auto most = path_length_of(path[above]); most && *most < others) return above;
      }
      return at;
    default:
      return at;
  }
}

COHTTPS_DEF bool is_signed_with_other_key(const Botan::X509_Certificate& subject,
                                          const Botan::X509_Certificate& issuer) {
  const auto kind = [](const Botan::OID& id) {  // "RSA" for "RSA/PSS"; digits without a name
    const std::string name = id.to_formatted_string();
    return name.substr(0, name.find('/'));
  };
  const std::string needed = kind(subject.signature_algorithm().oid());
  return !ascii::is_digit(needed.front()) && needed != kind(issuer.subject_public_key_algo().oid());
}

COHTTPS_DEF std::string_view explain_usage(const Botan::X509_Certificate& certificate) {
  if (!allows_tls_servers(certificate))
    return "has an extended key usage that does not allow TLS servers; the server needs one with "
           "the extended key usage serverAuth";
  if (certificate.has_constraints(Botan::Key_Constraints::KeyCertSign) && !certificate.is_CA_cert())
    return "has the key usage keyCertSign although its basic constraints say that it is no "
           "authority; the server needs a certificate with the key usage digitalSignature alone";
  return "has a key usage that does not allow TLS servers; the server needs one with the key usage "
         "digitalSignature";
}

}  // namespace detail
}  // namespace cohttps::tls

namespace cohttps::tls {

COHTTPS_DEF std::unexpected<error> refuse_extension(const Botan::X509_Certificate& certificate,
                                                    const Botan::OID& id, bool malformed) {
  std::string value;
  const auto bits = certificate.v3_extensions().get_extension_bits(id);
  constexpr std::size_t most_bytes = 40;
  for (std::size_t i = 0; i < std::min(bits.size(), most_bytes); ++i) {
    value += "0123456789abcdef"[bits[i] >> 4];
    value += "0123456789abcdef"[bits[i] & 15];
  }
  if (bits.size() > most_bytes) value += "...";
  const std::string which = id.to_formatted_string() + ", whose value is " + value;
  if (malformed)
    return refuse("malformed_extension", certificate,
                  "has a malformed extension, " + which + "; the server needs a new certificate");
  return refuse("unknown_critical_extension", certificate,
                "has an extension that is critical and not known here, " + which +
                    "; the server needs a certificate without it",
                "unsupported_certificate");
}

COHTTPS_DEF std::unexpected<error> refuse(Botan::Certificate_Status_Code code,
                                          const certificate_chain& path, std::size_t at) {
  using enum Botan::Certificate_Status_Code;
  if ((code == SIGNATURE_ALGO_BAD_PARAMS || code == SIGNATURE_ALGO_UNKNOWN) &&
      detail::is_signed_with_other_key(path[at], path[std::min(at + 1, path.size() - 1)]))
    code = SIGNATURE_ERROR;
  at = detail::place_to_blame(code, path, at);
  if (code == INVALID_USAGE)
    return refuse("wrong_usage", path[at], detail::explain_usage(path[at]),
                  "unsupported_certificate");
  if (const auto* known = detail::find_explanation(code))
    return refuse(known->reason, path[at], known->text, known->alert);
  const char* text = Botan::to_string(code);
  return refuse("bad_certificate", path[at],
                "breaks the rules of RFC 5280: " + std::string(text ? text : "unknown reason"));
}

COHTTPS_DEF std::optional<error> refuse_unable_to_sign(
    const std::optional<Botan::X509_Certificate>& leaf) {
  if (!leaf || leaf->allowed_usage(Botan::Key_Constraints::DigitalSignature)) return std::nullopt;
  return refuse("wrong_usage", *leaf,
                "has a key usage without digitalSignature, which the TLS handshake needs; the "
                "server needs one with the key usage digitalSignature")
      .error();
}

COHTTPS_DEF error refuse_unreadable_key(std::string_view what, bool is_tls13) {
  constexpr std::string_view mark = "failed with ";
  if (const auto at = what.rfind(mark); at != what.npos) what.remove_prefix(at + mark.size());
  const std::string why = " a key of a kind that cannot be read (" + ascii::printable(what, 200);
  return error(error_category::certificate, "unreadable_certificate",
               is_tls13 ? "a certificate of the server's chain has" + why +
                              "): over TLS 1.3 it has to go from the chain even if nobody needs "
                              "it; with suites of TLS 1.2 alone in tls_options::cipher_suites it "
                              "is skipped"
                        : "the server's certificate has" + why +
                              "); the server needs one with a key of RSA or of a common curve")
      .alert("decode_error");
}

COHTTPS_DEF std::unexpected<error> refuse_unrooted(const certificate_chain& chain) {
  const auto& leaf = chain.front();
  const std::string remedy = "; if it is to be trusted, add it with tls_options::root_file";
  if (leaf.is_self_signed())
    return refuse("self_signed", leaf,
                  "is self-signed, and it is not among the trusted ones" + remedy, "unknown_ca");
  // Find the last issuer in the peer's chain, starting at its own certificate.
  const Botan::X509_Certificate* top = &leaf;
  for (std::size_t step = 0; step < chain.size() && !top->is_self_signed(); ++step) {
    const Botan::X509_Certificate* above = nullptr;
    for (const auto& other : chain)
      if (&other != top && other.subject_dn() == top->issuer_dn()) above = &other;
    if (!above) break;
    top = above;
  }
  if (top->is_self_signed())
    return refuse("unknown_issuer", *top,
                  "heads the server's chain and is not among the trusted roots" + remedy,
                  "unknown_ca");
  // Certificates with authority information access (RFC 5280, 4.2.2.1) are usually issued by an
  // intermediate authority, and not by a root.
  const auto access = extension(leaf, {1, 3, 6, 1, 5, 5, 7, 1, 1});
  const bool fetchable = top == &leaf && access && der::elements_of(*access).has_value();
  if (fetchable)
    return refuse("missing_intermediate", leaf,
                  "has an issuer that is not trusted, and the server did not send the certificate "
                  "between it and a root; the server's chain file has to hold that as well",
                  "unknown_ca");
  return refuse("unknown_issuer", *top,
                "has an issuer that is not among the trusted roots, and the server sent no "
                "certificate of it; if the issuer is to be trusted, add its certificate with "
                "tls_options::root_file, else the server has to send the intermediate certificates "
                "that lead to a trusted root",
                "unknown_ca");
}

COHTTPS_DEF std::optional<std::unexpected<error>> refuse_names(const Botan::X509_Certificate& leaf,
                                                               const certificate_names& names,
                                                               std::string_view host) {
  const bool is_address = parse_ip(host).has_value();
  for (const auto& name : names.dns) {
    const auto dot = std::min(name.find('.'), name.size());
    const bool is_wildcard = matches_host_name(name, "x" + name.substr(dot));
    if (parse_ip(name))
      return refuse("bad_host_name", leaf,
                    "names the address " + ascii::printable(name, 100) +
                        " as a DNS name; addresses belong in an iPAddress entry, so the server "
                        "needs another one");
    if (name.find('*') == std::string::npos) {
      if (is_host_name(name)) continue;
      return refuse("bad_host_name", leaf,
                    "contains the invalid host name " + ascii::printable(name, 100) +
                        ", by mistake or to deceive; the server needs another certificate");
    }
    if (resembles(name, host) && is_address)
      return refuse("bad_wildcard", leaf,
                    "is for " + ascii::printable(name, 100) + ", which does not cover " +
                        ascii::printable(host, 255) +
                        ": \"*\" stands for a label of a DNS name and for no part of an address; "
                        "the server needs a certificate with the address in an iPAddress entry");
    if (resembles(name, host) && (!is_wildcard || spans_registry(name)))
      return refuse("bad_wildcard", leaf,
                    "is for " + ascii::printable(name, 100) + ", which does not cover " +
                        ascii::printable(host, 255) +
                        ": \"*\" stands for one whole label, the first of a name, above a domain "
                        "that somebody owns; the server needs a certificate that names it");
  }
  return std::nullopt;
}

COHTTPS_DEF std::unexpected<error> refuse_host(const Botan::X509_Certificate& leaf,
                                               const certificate_names& names,
                                               std::string_view host) {
  const std::string wanted = ascii::printable(host, 255);
  if (names.dns.empty() && names.ip.empty())
    return refuse("no_host_name", leaf,
                  "carries no name of a host (a subject alternative name; the common name does not "
                  "count), so it cannot be for " +
                      wanted + "; the server needs one that names it there");
  if (auto malformed = refuse_names(leaf, names, host)) return *std::move(malformed);
  const bool is_address = parse_ip(host).has_value();
  constexpr std::size_t shown = 4;
  std::string list;
  std::size_t count = 0;
  const auto add = [&](std::string_view name) {
    if (++count > shown) return;
    list += (list.empty() ? "" : ", ") + ascii::printable(name, 100);
  };
  for (const auto& name : names.dns) add(name);
  for (const auto& ip : names.ip) add(to_string(ip));
  if (count > shown) list += " and " + std::to_string(count - shown) + " more";
  return refuse(is_address ? "wrong_address" : "wrong_host", leaf,
                "is for " + list + ", not for " + wanted +
                    (is_address ? "; ask for the server by one of its names, or have the address "
                                  "put among them"
                                : "; ask for the server by one of its names, or have its "
                                  "certificate issued for this one as well"));
}

}  // namespace cohttps::tls
