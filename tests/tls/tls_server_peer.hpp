// A TLS server without a socket, made of Botan's, for tests: bytes go in and come out.
#pragma once

#include <cohttps/core/buffer.hpp>

#include <botan/tls_alert.h>
#include <botan/tls_algos.h>

#include <certificate_authority.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace Botan {
class X509_Certificate;
}  // namespace Botan
namespace Botan::TLS {
class Session_Manager;
}  // namespace Botan::TLS

namespace cohttps::testing {

/// What the server is like.
struct tls_server_options {
  std::optional<std::string> chain_pem = {};  ///< sent instead of the certificate's own
  bool tls12 = true;
  bool tls13 = true;
  std::vector<std::string> alpn = {};  ///< chosen from, in this order; empty: none is chosen
  std::optional<std::string> force_alpn = {};  ///< chosen whatever the client offered
  bool refuse_alpn = false;                    ///< no_application_protocol when none fits
  bool extended_master_secret = true;          ///< of TLS 1.2 (RFC 7627)
  std::vector<std::string> ciphers = {};       ///< of Botan's names; empty: its defaults
  std::vector<Botan::TLS::Group_Params> groups = {};
  bool ask_client_certificate = false;
  bool require_client_certificate = false;
  std::shared_ptr<Botan::TLS::Session_Manager> sessions = {};  ///< to continue; null: none
  std::size_t tickets = 2;                                     ///< after a handshake of TLS 1.3
  std::chrono::seconds ticket_lifetime = std::chrono::hours(24 * 2);
  std::vector<std::uint8_t> staple = {};  ///< an OCSP answer for its certificate; empty: none
  std::string client_authority_pem = {};  ///< whose certificates clients are asked for; empty: any
  /// For QUIC (RFC 9001, 8.2): gives the server's transport parameters; empty for TCP. `nullopt`
  /// leaves the extension out.
  std::function<std::optional<std::vector<std::uint8_t>>()> quic_parameters = {};
  /// The common names of the certificates that clients show; may be null.
  std::shared_ptr<std::vector<std::string>> clients = {};
};

class tls_server_peer {
 public:
  using options = tls_server_options;

  explicit tls_server_peer(const issued_certificate& certificate, options how = {});
  tls_server_peer(const tls_server_peer&) = delete;
  tls_server_peer& operator=(const tls_server_peer&) = delete;
  ~tls_server_peer();

  /// Takes what the client sent. False when that was refused; the alert is in `outgoing`.
  bool receive(std::span<const std::byte> bytes);
  void send(std::string_view text);
  void close();
  void alert(Botan::TLS::AlertType type);
  void warn(Botan::TLS::AlertType type);
  void update_keys(bool ask_peer);
  void renegotiate();
  bool active() const;
  std::vector<Botan::X509_Certificate> client_chain() const;
  std::vector<std::uint8_t> exported(const std::string& label, std::size_t size) const;

  buffer outgoing;                  ///< what goes to the client
  std::string received;             ///< the client's data
  std::vector<std::string> alerts;  ///< the client's alerts
  std::vector<std::string> offered_alpn;
  std::string server_name;  ///< that the client asked for
  std::string refusal;      ///< why the server gave up
  bool established = false;
  std::vector<std::uint8_t> handshake_secret;  ///< that protects its messages of the handshake
  std::vector<std::uint8_t> traffic_secret;    ///< that protects the data of a server of TLS 1.3
  std::map<std::string, std::vector<std::uint8_t>> secrets;  ///< all of them, by their labels
  std::vector<std::uint8_t> client_random;
  std::vector<std::uint8_t> master_secret;  ///< of TLS 1.2
  std::vector<std::uint8_t> client_quic_parameters;

 private:
  class session;
  std::unique_ptr<session> session_;
};

}  // namespace cohttps::testing
