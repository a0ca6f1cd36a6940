// What errors say of alerts, side by side with what is expected.
#include <cohttps/tls/alerts.hpp>

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <vector>

using namespace cohttps;
using enum Botan::TLS::AlertType;

namespace {

const std::vector<std::string> protocols{"h2", "http/1.1"};
tls::alert_scene scene(bool activated) {
  return {activated, "TLS 1.2 or 1.3", "host.test", protocols};
}

}  // namespace

TEST_CASE("an alert after which the client's certificate was not shown") {
  auto withheld = scene(false);
  withheld.withheld = "it was not shown";
  for (const bool activated : {false, true}) {
    withheld.activated = activated;
    for (const auto type : {HandshakeFailure, BadCertificate, CertificateRequired,
                            CertificateUnknown, UnknownCA, AccessDenied})
      CHECK(tls::received_alert(Botan::TLS::Alert(type, true), withheld)
                .message()
                .ends_with(": it was not shown"));
    for (const auto type : {InternalError, ProtocolVersion, DecodeError})
      CHECK_FALSE(tls::received_alert(Botan::TLS::Alert(type, true), withheld)
                      .message()
                      .ends_with("it was not shown"));
  }
}

TEST_CASE("an alert that the server sends") {
  const std::string client_certificate =
      "it did not accept the client's certificate, or wants one; give one that it accepts with "
      "tls_options::identity";
  const std::string wanted_certificate =
      "it wants a certificate of the client; give one with tls_options::identity";
  const std::string no_reason =
      "it gives no reason; usual ones are that its certificate has a key that is not supported "
      "here (Ed25519, Ed448 or DSA), that it has no cipher suite with forward secrecy and AEAD, as "
      "old servers with CBC alone (tls_preset::compatible offers some of those), that it knows "
      "none of tls_options::groups, or that it wants a certificate of the client "
      "(tls_options::identity)";
  const struct {
    Botan::TLS::AlertType type;
    std::string name, reason, hint;
  } rows[] = {
      {ProtocolVersion, "protocol_version", "unsupported_version",
       "it does not accept TLS 1.2 or 1.3"},
      {HandshakeFailure, "handshake_failure", "alert_received", no_reason},
      {InsufficientSecurity, "insufficient_security", "alert_received", no_reason},
      {NoApplicationProtocol, "no_application_protocol", "no_application_protocol",
       "it speaks none of the protocols offered: h2 http/1.1"},
      {UnrecognizedName, "unrecognized_name", "alert_received",
       "it serves no host called host.test"},
      {CertificateRequired, "certificate_required", "alert_received", wanted_certificate},
      {BadCertificate, "bad_certificate", "alert_received", client_certificate},
      {CertificateUnknown, "certificate_unknown", "alert_received", client_certificate},
      {UnknownCA, "unknown_ca", "alert_received", client_certificate},
      {AccessDenied, "access_denied", "alert_received", client_certificate},
      {InternalError, "internal_error", "alert_received", "something failed on its side"},
      {DecodeError, "decode_error", "alert_received", ""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.name);
    const Botan::TLS::Alert alert(row.type, true);
    const error first = tls::received_alert(alert, scene(false));
    CHECK(first.what() == "the server sent the alert " + row.name + " in the TLS handshake" +
                              (row.hint.empty() ? "" : ": " + row.hint));
    CHECK(first.reason() == row.reason);
    CHECK(first.category() == error_category::tls);
    CHECK(first.alert() == row.name);
    // Over TLS 1.3 a client may be refused once its handshake is done.
    const error later = tls::received_alert(alert, scene(true));
    const bool of_client = row.hint == client_certificate || row.hint == wanted_certificate;
    CHECK(later.what() == "the server sent the alert " + row.name + " on the TLS connection" +
                              (of_client ? ": " + row.hint : ""));
  }
}

TEST_CASE("an alert that the client sends") {
  const struct {
    Botan::TLS::AlertType type;
    std::string cause;  // Botan's words
    std::string reason, message;
  } rows[] = {
      {ProtocolVersion, "Server picked TLS 1.0", "unsupported_version",
       "(alert protocol_version): Server picked TLS 1.0; TLS 1.2 or 1.3 is needed"},
      {DecryptError, "Finished message didn't verify", "bad_finished",
       "(alert decrypt_error): Finished message didn't verify; somebody on the way changed the "
       "handshake, or the server is broken"},
      {DecryptError, "Bad signature", "bad_handshake_signature",
       "(alert decrypt_error): Bad signature; the server does not have the key of the certificate "
       "that it sent"},
      {IllegalParameter, "Downgrade attack detected", "downgrade",
       "(alert illegal_parameter): Downgrade attack detected; somebody on the way made the two "
       "sides settle for an older version of TLS"},
      {InsufficientSecurity, "Server sent DH group of 1024 bits", "weak_key_exchange",
       "(alert insufficient_security): Server sent DH group of 1024 bits; its Diffie-Hellman group "
       "is too small: 2048 bits are needed, or better elliptic curves"},
      {HandshakeFailure, "Server replied with a ciphersuite we didn't send", "suite_not_offered",
       "(alert handshake_failure): Server replied with a ciphersuite we didn't send; it chose a "
       "cipher suite that was not offered, as some old servers do that know no other"},
      {RecordOverflow, "Received a record that exceeds maximum size", "record_too_large",
       "(alert record_overflow): Received a record that exceeds maximum size"},
      {UnexpectedMessage, "Unexpected state transition", "handshake_failed",
       "(alert unexpected_message): Unexpected state transition"},
      {DecodeError, std::string("two\nlines\0", 10), "handshake_failed", ""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.cause);
    const error e = tls::sent_alert(row.type, row.cause, scene(false));
    CHECK(e.reason() == row.reason);
    if (!row.message.empty())
      CHECK(e.what() ==
            "the client refused what the server sent in the TLS handshake " + row.message);
    for (const char c : std::string(e.what())) CHECK(c >= ' ');  // no control byte of a peer
  }
  const error record = tls::sent_alert(BadRecordMac, "Message authentication failure", scene(true));
  CHECK(record.reason() == "bad_record");
  CHECK(record.what() ==
        std::string("the client refused what the server sent on the TLS connection (alert "
                    "bad_record_mac): Message authentication failure"));
  const error again = tls::sent_alert(NoRenegotiation, "", scene(true));
  CHECK(again.reason() == "renegotiation");
  CHECK(again.what() ==
        std::string("the server asked for a second handshake on the TLS connection "
                    "(renegotiation), which this client does not support; a server that wants a "
                    "certificate of the client has to ask for it in the first handshake"));
}
