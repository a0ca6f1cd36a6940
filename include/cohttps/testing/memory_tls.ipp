// Definitions for memory_tls.hpp.
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/testing/memory_tls.hpp>
#include <cohttps/tls/botan.hpp>
#include <cohttps/tls/verify/host_name.hpp>

#include <botan/credentials_manager.h>
#include <botan/ec_group.h>
#include <botan/ecdsa.h>
#include <botan/pkcs10.h>
#include <botan/system_rng.h>
#include <botan/tls_callbacks.h>
#include <botan/tls_policy.h>
#include <botan/tls_server.h>
#include <botan/tls_session_manager_noop.h>
#include <botan/x509_ca.h>
#include <botan/x509cert.h>
#include <botan/x509self.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <exception>
#include <utility>
#include <vector>

namespace cohttps::testing {

// ---- certificates -----------------------------------------------------------------------------

struct memory_certificate::contents {
  std::shared_ptr<Botan::Private_Key> key = std::make_shared<Botan::ECDSA_PrivateKey>(
      Botan::system_rng(), Botan::EC_Group::from_name("secp256r1"));
  Botan::X509_Certificate certificate = {};
};

COHTTPS_INLINE memory_authority::memory_authority() {
  Botan::X509_Cert_Options options("cohttps testing", 24 * 60 * 60);
  options.start = Botan::X509_Time(std::chrono::system_clock::now() - std::chrono::hours(1));
  options.CA_key();
  auto made = std::make_shared<memory_certificate::contents>();
  made->certificate =
      Botan::X509::create_self_signed_cert(options, *made->key, "SHA-256", Botan::system_rng());
  root_.contents_ = std::move(made);
}

COHTTPS_INLINE std::string memory_authority::root_pem() const {
  return root_.contents_->certificate.PEM_encode();
}

COHTTPS_INLINE memory_certificate memory_authority::issue(const std::string& host) const {
  if (host.find(':') != host.npos)
    throw error(error_category::usage, "no_certificate_for_ipv6",
                "no certificate can be made here for an address of IPv6: " + host);
  auto& random = Botan::system_rng();
  auto made = std::make_shared<memory_certificate::contents>();
  Botan::X509_Cert_Options options(host.substr(0, 64));
  if (tls::parse_ip(host))
    options.ip = host;
  else
    options.dns = host;
  options.add_ex_constraint("PKIX.ServerAuth");
  const auto request = Botan::X509::create_cert_req(options, *made->key, "SHA-256", random);
  const Botan::X509_CA authority(root_.contents_->certificate, *root_.contents_->key, "SHA-256",
                                 random);
  const auto now = std::chrono::system_clock::now();
  made->certificate =
      authority.sign_request(request, random, Botan::X509_Time(now - std::chrono::hours(1)),
                             Botan::X509_Time(now + std::chrono::hours(24)));
  memory_certificate issued;
  issued.contents_ = std::move(made);
  return issued;
}

// ---- a connection -----------------------------------------------------------------------------

class memory_tls_server::session {
 public:
  explicit session(const memory_certificate& identity)
      : hooks_(std::make_shared<hooks>()),
        server_(hooks_, std::make_shared<Botan::TLS::Session_Manager_Noop>(),
                std::make_shared<credentials>(identity), std::make_shared<policy>(),
                std::make_shared<Botan::System_RNG>()) {}

  bool receive(std::span<const std::byte> bytes, std::string& into) {
    try {
      server_.received_data(
          std::span(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()));
    } catch (const std::exception&) {
      return false;
    }
    into += std::exchange(hooks_->received, {});
    return true;
  }
  void send(std::string_view text) { server_.send(text); }
  void close() { server_.close(); }
  buffer& outgoing() noexcept { return hooks_->outgoing; }

 private:
  struct hooks final : Botan::TLS::Callbacks {
    void tls_emit_data(std::span<const std::uint8_t> data) override {
      outgoing.append(std::as_bytes(data));
    }
    void tls_record_received(std::uint64_t, std::span<const std::uint8_t> data) override {
      received.append(data.begin(), data.end());
    }
    void tls_alert(Botan::TLS::Alert) override {}
    bool tls_peer_closed_connection() override { return false; }
    std::string tls_server_choose_app_protocol(const std::vector<std::string>& offered) override {
      return std::ranges::find(offered, "http/1.1") != offered.end() ? "http/1.1" : "";
    }
    buffer outgoing;
    std::string received;
  };
  struct policy final : Botan::TLS::Policy {
    bool require_cert_revocation_info() const override { return false; }
  };
  class credentials final : public Botan::Credentials_Manager {
   public:
    explicit credentials(const memory_certificate& identity) : identity_(identity.contents_) {}
    std::vector<Botan::X509_Certificate> find_cert_chain(
        const std::vector<std::string>& key_types, const std::vector<Botan::AlgorithmIdentifier>&,
        const std::vector<Botan::X509_DN>&, const std::string& type, const std::string&) override {
      if (type != "tls-server" || std::ranges::find(key_types, "ECDSA") == key_types.end())
        return {};
      return {identity_->certificate};
    }
    std::shared_ptr<Botan::Private_Key> private_key_for(const Botan::X509_Certificate&,
                                                        const std::string&,
                                                        const std::string&) override {
      return identity_->key;
    }

   private:
    std::shared_ptr<const memory_certificate::contents> identity_;
  };

  std::shared_ptr<hooks> hooks_;
  Botan::TLS::Server server_;
};

COHTTPS_INLINE memory_tls_server::memory_tls_server(const memory_certificate& identity)
    : session_(std::make_shared<session>(identity)) {}

COHTTPS_INLINE bool memory_tls_server::receive(std::span<const std::byte> bytes,
                                               std::string& into) {
  return session_->receive(bytes, into);
}
COHTTPS_INLINE void memory_tls_server::send(std::string_view text) { session_->send(text); }
COHTTPS_INLINE void memory_tls_server::close() { session_->close(); }
COHTTPS_INLINE buffer& memory_tls_server::outgoing() noexcept { return session_->outgoing(); }

}  // namespace cohttps::testing
