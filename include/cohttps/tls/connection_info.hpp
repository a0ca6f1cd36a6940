// The properties of an established TLS connection.
#pragma once

#include <cohttps/core/error.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace cohttps {

/// The main fields of a certificate, for display and for logs.
struct certificate_summary {
  std::string subject;                                ///< such as "CN=example.com,O=Example"
  std::string issuer;                                 ///< the name of the issuer, in the same form
  std::string not_before;                             ///< ISO 8601 in UTC: "2025-01-31T00:00:00Z"
  std::string not_after;                              ///< in the same form
  std::chrono::system_clock::time_point valid_from;   ///< the time of `not_before`
  std::chrono::system_clock::time_point valid_until;  ///< the time of `not_after`
  std::vector<std::string> names;                     ///< the covered host names and addresses
  std::string sha256;                                 ///< of its DER form, 64 hexadecimal digits
};

/// The revocation status of a certificate, as far as it is known. A revoked certificate is an
/// error, so `tls_info` never holds `revoked`.
enum class revocation_status : std::uint8_t {
  none,           ///< the server stapled no response, or no issuer was asked
  good,           ///< a valid answer of the issuer says: not revoked
  revoked,        ///< a valid answer of the issuer says: revoked
  expired,        ///< the answer is out of date
  not_yet_valid,  ///< the answer starts to be valid in the future
  untrusted,      ///< neither the issuer nor its delegate signed the answer
  unknown,        ///< the responder does not know the certificate, or no answer came
  unusable,       ///< the answer is malformed, or it is an error of the responder
};

/// The result of a TLS handshake.
struct tls_info {
  std::string protocol;      ///< "TLS 1.3" or "TLS 1.2"
  std::string cipher_suite;  ///< its registered name, such as "TLS_AES_128_GCM_SHA256"
  std::string group;         ///< the key exchange group, such as "x25519"
  std::string alpn;          ///< the negotiated application protocol, or empty
  bool resumed = false;      ///< the handshake resumed an earlier session
  std::vector<certificate_summary> peer_chain;  ///< in the order that the peer sent, its own first
  /// The status in the OCSP response that the server stapled for its own certificate (RFC 6066, 8).
  /// `none` when the handshake resumed a session.
  revocation_status staple = revocation_status::none;
  /// The status of all certificates below the root, when the client asked their issuers
  /// (`tls_options::revocation`); otherwise `none`.
  revocation_status revocation = revocation_status::none;
  /// Bytes that only the two ends of this connection know (`tls-exporter`, RFC 9266). A program can
  /// bind an authentication to them. Empty unless `tls_options::channel_binding` is set, and with
  /// TLS 1.2 also when the server has no extended master secret or Botan is older than 3.13.
  std::vector<std::byte> channel_binding = {};
  /// Whether the server's certificate was verified. False only with
  /// `tls::danger::accept_any_certificate`.
  bool verified = false;
  /// The errors that an option of the caller turned off. Without the option, each of them would
  /// have ended this connection. The options are:
  /// - `tls::danger::accept_any_certificate`: the error of the chain, and then that of the host
  ///   name; or that no pinned key is on the path. No issuer is asked.
  /// - `tls_options::pin_report`: that no pinned key is on the path.
  /// - `revocation_mode::soft`: that the status of a certificate is unknown.
  std::vector<error> overlooked = {};
};

}  // namespace cohttps
