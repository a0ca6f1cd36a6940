// What a caller can choose about TLS.
#pragma once

#include <cohttps/core/error.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cohttps {

/// The values are those of the wire (RFC 8446, 4.2.1).
enum class tls_version : std::uint16_t { v1_2 = 0x0303, v1_3 = 0x0304 };

/// What is offered to servers.
enum class tls_preset : std::uint8_t {
  standard,    ///< TLS 1.3, and TLS 1.2 with forward secrecy and authenticated encryption
  modern,      ///< TLS 1.3 alone
  compatible,  ///< also TLS 1.2 with CBC and with finite-field Diffie-Hellman, for old servers
};

/// Whether issuers are asked if a server's certificates were revoked. What the server staples and
/// the lists in `tls_options::crl_files` count in any case.
enum class revocation_mode : std::uint8_t {
  staple,  ///< nobody is asked
  soft,    ///< they are, and a certificate of which nothing can be learnt is accepted
  hard,    ///< they are, and no answer ends the connection: `revocation_unknown`
};

/// What a key in hardware, or behind a service, is asked to sign.
struct tls_signing_request {
  std::string_view algorithm;  ///< of the key: "RSA" or "ECDSA"
  std::string_view hash;       ///< to be applied to the message, such as "SHA-256"
  std::string_view padding;    ///< of RSA: "PSS", its salt as long as the hash, or "PKCS1v15"
  std::span<const std::byte> message;  ///< not hashed yet
};

/// How this client proves who it is, to servers that ask (mutual TLS).
struct tls_identity {
  std::string certificate_pem = {};  ///< the client's own first, then those up to the root
  std::string key_pem = {};          ///< PKCS #8: "PRIVATE KEY" or "ENCRYPTED PRIVATE KEY"
  std::string passphrase = {};       ///< of an encrypted key; a copy that Botan makes is not wiped
  /// Instead of all of these but the passphrase: the content of a PKCS #12 file (RFC 7292), DER and
  /// encrypted with AES, as "openssl pkcs12 -export" has written it since version 3. Its passphrase
  /// is in UTF-8.
  std::vector<std::byte> pkcs12 = {};
  /// Instead of `key_pem`. Gives the signature, of ECDSA in DER form; called in the middle of a
  /// handshake, by whichever thread runs it, and waited for.
  std::function<result<std::vector<std::byte>>(const tls_signing_request&)> sign = {};
};

namespace tls::danger {
/// Any certificate will do, for any host: everybody on the way can read and change everything.
/// For experiments alone. `tls_info::verified` is false then, and `overlooked` says what was wrong.
struct accept_any_certificate {};
}  // namespace tls::danger

/// How a `tls_context` is made.
///
/// The roots are the system's and those given here, together; `.system_roots = false` leaves those
/// given alone. With Botan 3.11.1 and newer a certificate given here is trusted as it is, so an
/// intermediate authority or a server's own certificate will do too; older ones want a self-signed
/// authority. No environment variable changes any of it.
struct tls_options {
  bool system_roots = true;
  std::string root_file = {};       ///< path of a file of PEM certificates, or of one in DER
  std::string root_directory = {};  ///< path of a folder of such files
  std::string root_pem = {};        ///< PEM certificates themselves
  std::vector<std::vector<std::byte>> root_der = {};  ///< the same in DER, one each

  /// Paths of lists of revoked certificates (CRLs), PEM or DER. A list that has expired makes the
  /// certificates unacceptable that it is about (RFC 5280, 5.2.5).
  std::vector<std::string> crl_files = {};

  /// Asking (OCSP, RFC 6960, else a CRL) is done by plain http, after the handshake and before the
  /// first request, at the addresses that the certificates name, and the same way as the
  /// connection: under the same address policy and through the same proxy. It takes a round trip or
  /// two where nothing is remembered. Not for the certificates of proxies.
  revocation_mode revocation = revocation_mode::staple;

  tls_preset preset = tls_preset::standard;
  tls_version minimum_version = tls_version::v1_2;
  /// Registered names, such as "TLS_AES_128_GCM_SHA256", best first; empty: the preset's. A version
  /// of which none is listed is not offered.
  std::vector<std::string> cipher_suites = {};
  /// Registered names, such as "x25519" or "X25519MLKEM768", best first; empty: the usual. Shares
  /// are sent of the first and, should that be a post-quantum one, of the first other one.
  std::vector<std::string> groups = {};
  std::size_t minimum_rsa_bits = 2048;  ///< of every key on the path; 2048 at least
  std::size_t minimum_ec_bits = 256;    ///< the same; 256 at least

  std::optional<tls_identity> identity = {};  ///< may be exchanged: `tls_context::set_identity`

  /// Of each path to a server, one certificate has to have one of these keys: the SHA-256 of its
  /// SubjectPublicKeyInfo in Base64, with or without "sha256/" before it (as in RFC 7469, 2.4).
  /// Give more than one, so that a key can be replaced. They apply to all hosts of this context.
  /// Empty: any path to a trusted root will do.
  std::vector<std::string> pins = {};
  /// When set, a host without a pinned key is accepted and told to this, by the thread that runs
  /// the handshake: each time, as no session of such a host is continued.
  std::function<void(std::string_view host)> pin_report = {};

  /// Continue sessions of earlier connections made with this context, for at most a day after the
  /// certificate was verified (RFC 8446, 2.2), and send a share of the group that the server is
  /// known to choose, alone. Nothing of it is written to a disk but by `save_tls_sessions`.
  bool session_resumption = true;
  /// Decrypt application data of TLS 1.3 in place, past Botan's own record layer: the same bytes,
  /// and many times the speed. A program built with COHTTPS_NO_RECORD_READER never does.
  bool record_reader = true;

  /// Is given each secret of each connection, a line of a key log (RFC 9850) without its end; any
  /// thread. Whoever has them can read the traffic: for debugging alone.
  std::function<void(std::string_view line)> key_log = {};
  /// The same, into the file that the environment variable SSLKEYLOGFILE names, if it is set. One
  /// that is not there is made with mode 0600; one that is keeps its mode, whoever may read it.
  bool key_log_from_environment = false;

  /// Put `tls_info::channel_binding` there for each connection.
  bool channel_binding = false;

  /// Only this loosens verification.
  std::optional<tls::danger::accept_any_certificate> danger = {};
};

}  // namespace cohttps
