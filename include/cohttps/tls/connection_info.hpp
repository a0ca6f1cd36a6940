// What a TLS connection turned out to be.
#pragma once

#include <cohttps/core/error.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace cohttps {

/// A certificate, for people and logs.
struct certificate_summary {
  std::string subject;                                ///< such as "CN=example.com,O=Example"
  std::string issuer;                                 ///< the same of who signed it
  std::string not_before;                             ///< ISO 8601, UTC: "2025-01-31T00:00:00Z"
  std::string not_after;                              ///< the same
  std::chrono::system_clock::time_point valid_from;   ///< `not_before`
  std::chrono::system_clock::time_point valid_until;  ///< `not_after`
  std::vector<std::string> names;                     ///< host names and addresses it is for
  std::string sha256;                                 ///< of its DER form, 64 hexadecimal digits
};

/// What is known of whether a certificate was revoked. Where it was there is no connection.
enum class revocation_status : std::uint8_t {
  none,           ///< nothing was said, or nobody was asked
  good,           ///< a valid answer of the issuer: not revoked
  revoked,        ///< a valid answer of the issuer: revoked
  expired,        ///< an answer that is out of date
  not_yet_valid,  ///< an answer from the future
  untrusted,      ///< an answer that neither the issuer nor its delegate signed
  unknown,        ///< an answer of somebody who does not know, or no answer at all
  unusable,       ///< an answer that cannot be read, or an excuse of the responder
};

/// The outcome of a handshake.
struct tls_info {
  std::string protocol;      ///< "TLS 1.3" or "TLS 1.2"
  std::string cipher_suite;  ///< the registered name, such as "TLS_AES_128_GCM_SHA256"
  std::string group;         ///< the key exchange, such as "x25519"
  std::string alpn;          ///< the application protocol agreed on; empty when there is none
  bool resumed = false;      ///< an earlier session was continued
  std::vector<certificate_summary> peer_chain;  ///< as the peer sent it, its own certificate first
  /// Of the answer that the server stapled for its own certificate (RFC 6066, 8); none where the
  /// session was resumed.
  revocation_status staple = revocation_status::none;
  /// Of all certificates on the path, as their issuers were asked (`tls_options::revocation`).
  revocation_status revocation = revocation_status::none;
  /// Bytes that both ends of this connection know and no other connection has (`tls-exporter`, RFC
  /// 9266), for who binds an authentication to it. Empty where `tls_options::channel_binding` did
  /// not ask for it, and where there is none: TLS 1.2 without an extended master secret.
  std::vector<std::byte> channel_binding = {};
  bool verified = false;  ///< false only where `tls::danger::accept_any_certificate` was given
  /// What this connection would have been refused for, had not an option said otherwise: each as
  /// the error that would have been, with its reason. Of `tls::danger::accept_any_certificate`
  /// (what is wrong with the chain first, with the name of the host, and the pins; no issuer is
  /// asked then), of `tls_options::pin_report` and of `revocation_mode::soft`.
  std::vector<error> overlooked = {};
};

}  // namespace cohttps
