// Definitions for alerts.hpp.
#pragma once

#include <cohttps/tls/alerts.hpp>

namespace cohttps::tls {

COHTTPS_DEF Botan::TLS::AlertType alert_named(std::string_view name) {
  using enum Botan::TLS::AlertType;
  static constexpr std::pair<std::string_view, Botan::TLS::AlertType> alerts[] = {
      {"certificate_expired", CertificateExpired},
      {"certificate_revoked", CertificateRevoked},
      {"unknown_ca", UnknownCA},
      {"unsupported_certificate", UnsupportedCertificate},
      {"unexpected_message", UnexpectedMessage},
      {"internal_error", InternalError},
      {"certificate_unknown", CertificateUnknown},
  };
  for (const auto& [known, type] : alerts)
    if (name == known) return type;
  return BadCertificate;
}

COHTTPS_DEF std::string_view alert_scene::where() const {
  return activated ? "on the TLS connection" : "in the TLS handshake";
}

}  // namespace cohttps::tls

namespace cohttps::tls {
namespace detail {

COHTTPS_DEF const refusal* find_refusal(Botan::TLS::AlertType type, std::string_view what) {
  using enum Botan::TLS::AlertType;
  static constexpr refusal table[] = {
      {DecryptError, "Finished", "bad_finished",
       "somebody on the way changed the handshake, or the server is broken"},
      {DecryptError, "", "bad_handshake_signature",
       "the server does not have the key of the certificate that it sent"},
      {IllegalParameter, "owngrade", "downgrade",
       "somebody on the way made the two sides settle for an older version of TLS"},
      {InsufficientSecurity, "DH", "weak_key_exchange",
       "its Diffie-Hellman group is too small: 2048 bits are needed, or better elliptic curves"},
      {HandshakeFailure, "iphersuite", "suite_not_offered",
       "it chose a cipher suite that was not offered, as some old servers do that know no other"},
      {IllegalParameter, "iphersuite", "suite_not_offered",
       "it chose a cipher suite that was not offered, as some old servers do that know no other"},
      {HandshakeFailure, "renegotiation", "insecure_renegotiation",
       "the server's TLS is not safe to renegotiate (RFC 5746)"},
      {RecordOverflow, "", "record_too_large", ""},
  };
  for (const auto& entry : table)
    if (entry.alert == type && what.find(entry.word) != std::string_view::npos) return &entry;
  // The alert for this failure differs between versions of Botan, so only the message is compared.
  static constexpr refusal large{
      InternalError, "", "handshake_too_large",
      "64 KiB a message are accepted; the server's chain of certificates may be too long"};
  if (what.find("policy maximum is") != std::string_view::npos) return &large;
  return nullptr;
}

}  // namespace detail
}  // namespace cohttps::tls

namespace cohttps::tls {

COHTTPS_DEF error sent_alert(Botan::TLS::AlertType type, std::string_view what,
                             const alert_scene& scene) {
  using alert_type = Botan::TLS::AlertType;
  const std::string alert = Botan::TLS::Alert(type).type_string();
  if (type == alert_type::NoRenegotiation)
    return error(error_category::tls, "renegotiation",
                 "the server asked for a second handshake on the TLS connection (renegotiation), "
                 "which this client does not support; a server that wants a certificate of the "
                 "client "
                 "has to ask for it in the first handshake")
        .alert(alert);
  const bool version = type == alert_type::ProtocolVersion;
  std::string message = "the client refused what the server sent ";
  message.append(scene.where()).append(" (alert ").append(alert).append("): ");
  message += ascii::printable(what, 200);
  if (version && !scene.activated) message += "; " + std::string(scene.versions) + " is needed";
  const auto* known = scene.activated ? nullptr : detail::find_refusal(type, what);
  if (known && !known->remedy.empty()) message.append("; ").append(known->remedy);
  return error(error_category::tls,
               known             ? known->reason
               : version         ? "unsupported_version"
               : scene.activated ? "bad_record"
                                 : "handshake_failed",
               std::move(message))
      .alert(alert);
}

COHTTPS_DEF error received_alert(const Botan::TLS::Alert& alert, const alert_scene& scene) {
  using alert_type = Botan::TLS::AlertType;
  std::string_view reason = "alert_received";
  std::string hint;
  bool wants_identity = false;  // true: a TLS 1.3 server sends it after the handshake
  switch (alert.type()) {
    case alert_type::ProtocolVersion:
      reason = "unsupported_version";
      hint = "it does not accept " + std::string(scene.versions);
      break;
    case alert_type::HandshakeFailure:
    case alert_type::InsufficientSecurity:
      hint =
          "it gives no reason; usual ones are that its certificate has a key that is not supported "
          "here (Ed25519, Ed448 or DSA), that it has no cipher suite with forward secrecy and "
          "AEAD, "
          "as old servers with CBC alone (tls_preset::compatible offers some of those), that it "
          "knows none of tls_options::groups, or that it wants a certificate of the client "
          "(tls_options::identity)";
      break;
    case alert_type::NoApplicationProtocol:
      reason = "no_application_protocol";
      hint = "it speaks none of the protocols offered:";
      for (const auto& protocol : scene.alpn) hint += ' ' + protocol;
      break;
    case alert_type::UnrecognizedName:
      hint = "it serves no host called " + ascii::printable(scene.host, 255);
      break;
    case alert_type::CertificateRequired:
      wants_identity = true;
      hint = "it wants a certificate of the client; give one with tls_options::identity";
      break;
    case alert_type::BadCertificate:
    case alert_type::CertificateUnknown:
    case alert_type::UnknownCA:
    case alert_type::AccessDenied:
      wants_identity = true;
      hint =
          "it did not accept the client's certificate, or wants one; give one that it accepts with "
          "tls_options::identity";
      break;
    case alert_type::InternalError:
      hint = "something failed on its side";
      break;
    default:
      break;
  }
  constexpr alert_type about_identity[] = {
      alert_type::HandshakeFailure,   alert_type::BadCertificate, alert_type::CertificateRequired,
      alert_type::CertificateUnknown, alert_type::UnknownCA,      alert_type::AccessDenied};
  if (!scene.withheld.empty() &&
      std::ranges::find(about_identity, alert.type()) != std::end(about_identity)) {
    wants_identity = true;
    hint = scene.withheld;
  }
  const std::string name = alert.type_string();
  std::string message = "the server sent the alert " + name + ' ' + std::string(scene.where());
  if (!hint.empty() && (!scene.activated || wants_identity)) message += ": " + hint;
  return error(error_category::tls, reason, std::move(message)).alert(name);
}

}  // namespace cohttps::tls
