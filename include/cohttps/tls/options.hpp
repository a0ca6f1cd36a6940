// The options for TLS.
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cohttps {

/// The values are the numbers in the protocol (RFC 8446, 4.2.1).
enum class tls_version : std::uint16_t {
  v1_2 = 0x0303,  ///< RFC 5246
  v1_3 = 0x0304,  ///< RFC 8446
};

/// The set of versions and algorithms that the client offers.
enum class tls_preset : std::uint8_t {
  standard,    ///< TLS 1.3, and TLS 1.2 with forward secrecy and authenticated encryption
  modern,      ///< only TLS 1.3
  compatible,  ///< also TLS 1.2 with CBC and with finite-field Diffie-Hellman, for old servers
};

/// Whether the client asks the issuers of a server's certificates for their revocation status. The
/// client always checks stapled OCSP responses and the lists in `tls_options::crl_files`.
enum class revocation_mode : std::uint8_t {
  staple,  ///< the client asks no issuer
  soft,    ///< the client asks, and accepts a certificate whose status is unknown
  hard,    ///< the client asks, and an unknown status is the error `revocation_unknown`
};

/// The input of `tls_identity::sign`, for a key in hardware or in a remote service.
struct tls_signing_request {
  std::string_view algorithm;  ///< the algorithm of the key: "RSA" or "ECDSA"
  std::string_view hash;       ///< the hash function for the message, such as "SHA-256"
  /// For RSA: "PSS", with a salt as long as the hash, or "PKCS1v15". Empty for ECDSA.
  std::string_view padding;
  std::span<const std::byte> message;  ///< the message itself, not its hash
};

struct tls_identity;

namespace tls {
class client_identity;
COHTTPS_DECL [[gnu::cold]] result<std::shared_ptr<client_identity>> load_identity(
    const tls_identity& given);
}  // namespace tls

/// The certificate and key by which the client authenticates itself when a server asks (mutual
/// TLS).
struct tls_identity {
  std::string certificate_pem = {};  ///< the client's own first, then its issuers
  std::string key_pem = {};          ///< PKCS #8: "PRIVATE KEY" or "ENCRYPTED PRIVATE KEY"
  std::string passphrase = {};       ///< for an encrypted key; Botan does not wipe its copy of it
  /// The content of a PKCS #12 file (RFC 7292), instead of `certificate_pem`, `key_pem` and `sign`.
  /// It has to be DER, encrypted with AES: "openssl pkcs12 -export" of OpenSSL 3 and newer makes
  /// such files. `passphrase` is the passphrase of the file, in UTF-8.
  std::vector<std::byte> pkcs12 = {};
  /// Makes signatures, instead of `key_pem`. It returns the signature; an ECDSA signature has DER
  /// form. The thread that runs the handshake calls it and waits until it returns.
  std::function<result<std::vector<std::byte>>(const tls_signing_request&)> sign = {};
  /// Reads the identity. A program must not set it. It is a function pointer, so that a program
  /// without an identity does not compile the code that reads one.
  result<std::shared_ptr<tls::client_identity>> (*load)(const tls_identity&) = &tls::load_identity;
};

namespace tls::danger {
/// Accepts any certificate for any host, so an attacker on the network can read and change all
/// data. Use it only for experiments. `tls_info::verified` is then false, and
/// `tls_info::overlooked` holds the errors.
struct accept_any_certificate {};
}  // namespace tls::danger

/// The options of a `tls_context`.
///
/// The trust anchors are the certificates of the system together with those in these options.
/// `.system_roots = false` leaves out those of the system. With Botan 3.11.1 and newer any
/// certificate in these options is a trust anchor, also one of an intermediate authority or of a
/// server. Older versions accept only self-signed authorities. No environment variable changes the
/// trust anchors.
struct tls_options {
  bool system_roots = true;         ///< trust the authorities that the system trusts
  std::string root_file = {};       ///< the path of a file: PEM certificates, or one in DER
  std::string root_directory = {};  ///< the path of a folder of such files
  std::string root_pem = {};        ///< the text of PEM certificates
  std::vector<std::vector<std::byte>> root_der = {};  ///< certificates in DER

  /// The paths of certificate revocation lists (CRLs) in PEM or DER. When a list has expired, the
  /// client refuses the certificates in its scope (RFC 5280, 5.2.5).
  std::vector<std::string> crl_files = {};

  /// Whether the client asks issuers for the revocation status (OCSP, RFC 6960, or else a CRL). It
  /// asks over plain http, after the handshake and before the first request, at the URLs in the
  /// certificates. The connection to the issuer uses the same address policy and the same proxy as
  /// the connection to the server. Asking takes one or two round trips unless the answer is cached.
  /// The client does not ask about the certificates of proxies.
  revocation_mode revocation = revocation_mode::staple;

  tls_preset preset = tls_preset::standard;         ///< which cipher suites and groups are offered
  tls_version minimum_version = tls_version::v1_2;  ///< the oldest version of TLS that is accepted
  /// The registered names of cipher suites, such as "TLS_AES_128_GCM_SHA256", the preferred one
  /// first. Empty: the suites of `preset`. The client does not offer a TLS version for which the
  /// list has no suite.
  std::vector<std::string> cipher_suites = {};
  /// The registered names of key exchange groups, the preferred one first. Empty: "X25519MLKEM768",
  /// "x25519", "secp256r1", "secp384r1" and "secp521r1". The client sends a key share of the first
  /// group. When that group is post-quantum, it also sends a share of the first group that is not.
  std::vector<std::string> groups = {};
  std::size_t minimum_rsa_bits = 2048;  ///< for every key on the path; at least 2048
  std::size_t minimum_ec_bits = 256;    ///< for every key on the path; at least 256

  std::optional<tls_identity> identity = {};  ///< `tls_context::set_identity` can replace it

  /// Pinned keys. At least one certificate on the path of a server has to have one of them. A pin
  /// is the SHA-256 of a SubjectPublicKeyInfo in Base64, with or without the prefix "sha256/" (RFC
  /// 7469, 2.4). List more than one pin, so that a key can be replaced. The pins apply to all hosts
  /// of this context. Empty: any path to a trust anchor is accepted.
  std::vector<std::string> pins = {};
  /// When it is set, the client accepts a host without a pinned key and calls this function with
  /// the host. The thread that runs the handshake calls it. It is called for every connection to
  /// such a host, because the client does not resume sessions of such a host.
  std::function<void(std::string_view host)> pin_report = {};

  /// Resume sessions of earlier connections of this context (RFC 8446, 2.2), until a day after the
  /// certificate was verified. Also send only a key share of the group that the server chose
  /// before. Only `save_tls_sessions` writes sessions to a disk.
  bool session_resumption = true;
  /// Decrypt and encrypt the records of TLS 1.3 in place, without Botan's record layer. The data is
  /// the same, the records are handled several times faster, and an idle connection needs less
  /// memory. The option has no effect in a program that defines `COHTTPS_NO_RECORD_LAYER`.
  bool record_layer = true;

  /// Receives each secret of each connection as one line of a key log (RFC 9850), without the line
  /// end. Any thread may call it. With these secrets the traffic can be decrypted, so use it only
  /// for debugging.
  std::function<void(std::string_view line)> key_log = {};
  /// Also write these lines to the file in the environment variable SSLKEYLOGFILE, if it is set. A
  /// new file is created with mode 0600. An existing file keeps its mode.
  bool key_log_from_environment = false;

  /// Fill in `tls_info::channel_binding` for each connection.
  bool channel_binding = false;

  /// Turns certificate verification off. No other option does.
  std::optional<tls::danger::accept_any_certificate> danger = {};
};

}  // namespace cohttps
