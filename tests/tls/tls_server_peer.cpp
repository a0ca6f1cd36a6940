// Definitions for tls_server_peer.hpp.
#include "tls_server_peer.hpp"

#include <cohttps/tls/botan.hpp>

#include <botan/certstor.h>
#include <botan/credentials_manager.h>
#include <botan/data_src.h>
#include <botan/pk_keys.h>
#include <botan/pkix_types.h>
#include <botan/system_rng.h>
#include <botan/tls_alert.h>
#include <botan/tls_callbacks.h>
#include <botan/tls_exceptn.h>
#include <botan/tls_extensions.h>
#include <botan/tls_policy.h>
#include <botan/tls_server.h>
#include <botan/tls_session.h>
#include <botan/tls_session_manager_noop.h>
#include <botan/x509cert.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace cohttps::testing {

namespace {

using options = tls_server_options;

/// An extension with the transport parameters of QUIC.
class quic_extension final : public Botan::TLS::Extension {
 public:
  static constexpr auto code = static_cast<Botan::TLS::Extension_Code>(0x39);
  explicit quic_extension(std::vector<std::uint8_t> value) : value_(std::move(value)) {}
  Botan::TLS::Extension_Code type() const override { return code; }
  std::vector<std::uint8_t> serialize(Botan::TLS::Connection_Side) const override { return value_; }
  bool empty() const override { return false; }

 private:
  std::vector<std::uint8_t> value_;
};

class hooks final : public Botan::TLS::Callbacks {
 public:
  hooks(tls_server_peer& peer, options o) : how(std::move(o)), peer_(peer) {}
  void tls_emit_data(std::span<const std::uint8_t> data) override {
    peer_.outgoing.append(std::as_bytes(data));
  }
  void tls_record_received(std::uint64_t, std::span<const std::uint8_t> data) override {
    peer_.received.append(data.begin(), data.end());
  }
  void tls_alert(Botan::TLS::Alert alert) override { peer_.alerts.push_back(alert.type_string()); }
  void tls_session_established(const Botan::TLS::Session_Summary& summary) override {
    peer_.server_name = summary.server_info().hostname();
    peer_.established = true;
  }
  bool tls_peer_closed_connection() override { return false; }
  void tls_verify_cert_chain(const std::vector<Botan::X509_Certificate>& chain,
                             const std::vector<std::optional<Botan::OCSP::Response>>&,
                             const std::vector<Botan::Certificate_Store*>&, Botan::Usage_Type,
                             std::string_view, const Botan::TLS::Policy&) override {
    if (how.clients && !chain.empty())
      how.clients->push_back(chain.front().subject_dn().get_first_attribute("CN"));
  }
  std::string tls_server_choose_app_protocol(const std::vector<std::string>& offered) override {
    peer_.offered_alpn = offered;
    if (how.force_alpn) return *how.force_alpn;
    for (const auto& protocol : how.alpn)
      if (std::ranges::find(offered, protocol) != offered.end()) return protocol;
    if (how.refuse_alpn)
      throw Botan::TLS::TLS_Exception(Botan::TLS::AlertType::NoApplicationProtocol, "none fits");
    return "";
  }
  void tls_ssl_key_log_data(std::string_view label, std::span<const std::uint8_t> random,
                            std::span<const std::uint8_t> secret) const override {
    peer_.secrets[std::string(label)].assign(secret.begin(), secret.end());
    peer_.client_random.assign(random.begin(), random.end());
    if (label == "CLIENT_RANDOM") peer_.master_secret.assign(secret.begin(), secret.end());
    if (label == "SERVER_HANDSHAKE_TRAFFIC_SECRET")
      peer_.handshake_secret.assign(secret.begin(), secret.end());
    if (label == "SERVER_TRAFFIC_SECRET_0")
      peer_.traffic_secret.assign(secret.begin(), secret.end());
  }
  void tls_modify_extensions(Botan::TLS::Extensions& extensions, Botan::TLS::Connection_Side side,
                             Botan::TLS::Handshake_Type type) override {
    Callbacks::tls_modify_extensions(extensions, side, type);
    if (!how.extended_master_secret)
      extensions.remove_extension(Botan::TLS::Extension_Code::ExtendedMasterSecret);
    if (how.quic_parameters && type == Botan::TLS::Handshake_Type::EncryptedExtensions)
      if (auto parameters = how.quic_parameters())
        extensions.add(std::make_unique<quic_extension>(*std::move(parameters)));
  }
  void tls_examine_extensions(const Botan::TLS::Extensions& extensions,
                              Botan::TLS::Connection_Side side,
                              Botan::TLS::Handshake_Type type) override {
    Callbacks::tls_examine_extensions(extensions, side, type);
    if (auto* found =
            dynamic_cast<Botan::TLS::Unknown_Extension*>(extensions.get(quic_extension::code)))
      peer_.client_quic_parameters = found->value();
  }
  std::vector<std::uint8_t> tls_provide_cert_status(
      const std::vector<Botan::X509_Certificate>&,
      const Botan::TLS::Certificate_Status_Request&) override {
    return how.staple;
  }
  options how;

 private:
  tls_server_peer& peer_;
};

class policy final : public Botan::TLS::Policy {
 public:
  explicit policy(options o) : how_(std::move(o)) {}
  bool server_uses_own_ciphersuite_preferences() const override { return false; }
  bool allow_ssl_key_log_file() const override { return true; }
  bool tls_13_middlebox_compatibility_mode() const override { return !how_.quic_parameters; }
#if BOTAN_VERSION_CODE >= BOTAN_VERSION_CODE_FOR(3, 12, 0)
  std::uint64_t minimum_key_update_interval_ms() const override { return 0; }
#endif
  std::size_t new_session_tickets_upon_handshake_success() const override { return how_.tickets; }
  std::chrono::seconds session_ticket_lifetime() const override { return how_.ticket_lifetime; }
  bool allow_tls12() const override { return how_.tls12; }
  bool allow_tls13() const override { return how_.tls13; }
  std::vector<std::string> allowed_ciphers() const override {
    return how_.ciphers.empty() ? Policy::allowed_ciphers() : how_.ciphers;
  }
  std::vector<Botan::TLS::Group_Params> key_exchange_groups() const override {
    return how_.groups.empty() ? Policy::key_exchange_groups() : how_.groups;
  }
  std::vector<std::string> allowed_macs() const override { return {"AEAD", "SHA-256", "SHA-1"}; }
  std::vector<std::string> allowed_key_exchange_methods() const override {
    return {"ECDH", "DH", "RSA"};
  }
  bool request_client_certificate_authentication() const override {
    return how_.ask_client_certificate || how_.require_client_certificate;
  }
  bool require_client_certificate_authentication() const override {
    return how_.require_client_certificate;
  }

 private:
  options how_;
};

class credentials final : public Botan::Credentials_Manager {
 public:
  credentials(std::shared_ptr<Botan::Private_Key> key, std::vector<Botan::X509_Certificate> chain,
              const std::vector<Botan::X509_Certificate>& client_authorities)
      : key_(std::move(key)), chain_(std::move(chain)) {
    for (const auto& authority : client_authorities) authorities_.add_certificate(authority);
  }
  std::vector<Botan::Certificate_Store*> trusted_certificate_authorities(
      const std::string& type, const std::string&) override {
    return type == "tls-server" ? std::vector<Botan::Certificate_Store*>{&authorities_}
                                : std::vector<Botan::Certificate_Store*>();
  }
  std::vector<Botan::X509_Certificate> find_cert_chain(
      const std::vector<std::string>& key_types, const std::vector<Botan::AlgorithmIdentifier>&,
      const std::vector<Botan::X509_DN>&, const std::string& type, const std::string&) override {
    const bool fits = std::ranges::find(key_types, key_->algo_name()) != key_types.end();
    return fits && type == "tls-server" ? chain_ : std::vector<Botan::X509_Certificate>();
  }
  std::shared_ptr<Botan::Private_Key> private_key_for(const Botan::X509_Certificate&,
                                                      const std::string&,
                                                      const std::string&) override {
    return key_;
  }

 private:
  std::shared_ptr<Botan::Private_Key> key_;
  std::vector<Botan::X509_Certificate> chain_;
  Botan::Certificate_Store_In_Memory authorities_;
};

std::vector<Botan::X509_Certificate> parse(const std::string& pem) {
  Botan::DataSource_Memory source(pem);
  std::vector<Botan::X509_Certificate> chain;
  for (auto at = pem.find("BEGIN CERT"); at != std::string::npos;
       at = pem.find("BEGIN CERT", at + 1))
    chain.emplace_back(source);
  return chain;
}

}  // namespace

class tls_server_peer::session {
 public:
  session(tls_server_peer& peer, const issued_certificate& certificate, const options& how)
      : server(std::make_shared<hooks>(peer, how),
               how.sessions ? how.sessions : std::make_shared<Botan::TLS::Session_Manager_Noop>(),
               std::make_shared<credentials>(certificate.key,
                                             parse(how.chain_pem.value_or(certificate.chain_pem)),
                                             parse(how.client_authority_pem)),
               std::make_shared<policy>(how), std::make_shared<Botan::System_RNG>()) {}
  Botan::TLS::Server server;
};

tls_server_peer::tls_server_peer(const issued_certificate& certificate, options how)
    : session_(std::make_unique<session>(*this, certificate, how)) {}
tls_server_peer::~tls_server_peer() = default;

bool tls_server_peer::receive(std::span<const std::byte> bytes) {
  try {
    session_->server.received_data(
        std::span(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()));
    return true;
  } catch (const std::exception& e) {
    refusal = e.what();
    return false;
  }
}
void tls_server_peer::send(std::string_view text) { session_->server.send(text); }
void tls_server_peer::close() { session_->server.close(); }
void tls_server_peer::alert(Botan::TLS::AlertType type) { session_->server.send_fatal_alert(type); }
void tls_server_peer::warn(Botan::TLS::AlertType type) {
  session_->server.send_warning_alert(type);
}
void tls_server_peer::update_keys(bool ask_peer) { session_->server.update_traffic_keys(ask_peer); }
void tls_server_peer::renegotiate() { session_->server.renegotiate(); }
bool tls_server_peer::active() const { return session_->server.is_active(); }
std::vector<Botan::X509_Certificate> tls_server_peer::client_chain() const {
  return session_->server.peer_cert_chain();
}
std::vector<std::uint8_t> tls_server_peer::exported(const std::string& label,
                                                    std::size_t size) const {
  const auto key = session_->server.key_material_export(label, "", size).bits_of();
  return {key.begin(), key.end()};
}

}  // namespace cohttps::testing
