// The server's side of TLS in memory, with certificates of a temporary authority.
#pragma once

#include <cohttps/core/buffer.hpp>
#include <cohttps/core/error.hpp>
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
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohttps::testing {

/// A key and the certificate for it.
struct memory_certificate {
  std::shared_ptr<Botan::Private_Key> key;
  Botan::X509_Certificate certificate;
};

/// A certificate authority. Only programs that get `root_pem` trust it. Its key never leaves this
/// object, and is destroyed with it. Throws Botan's exceptions if this build of Botan has no ECDSA.
class memory_authority {
 public:
  memory_authority()
      : key_(make_key()),
        root_(Botan::X509::create_self_signed_cert(root_options(), *key_, "SHA-256",
                                                   Botan::system_rng())) {}

  std::string root_pem() const { return root_.PEM_encode(); }

  /// Issues a certificate for a server with this name or this IPv4 address. Throws `error` (usage)
  /// for an IPv6 address, because Botan makes no certificates for these.
  memory_certificate issue(const std::string& host) const {
    if (host.find(':') != host.npos)
      throw error(error_category::usage, "no_certificate_for_ipv6",
                  "no certificate can be made here for an address of IPv6: " + host);
    auto& random = Botan::system_rng();
    memory_certificate issued;
    issued.key = make_key();
    Botan::X509_Cert_Options options(host.substr(0, 64));
    if (tls::parse_ip(host))
      options.ip = host;
    else
      options.dns = host;
    options.add_ex_constraint("PKIX.ServerAuth");
    const auto request = Botan::X509::create_cert_req(options, *issued.key, "SHA-256", random);
    const Botan::X509_CA authority(root_, *key_, "SHA-256", random);
    const auto now = std::chrono::system_clock::now();
    issued.certificate =
        authority.sign_request(request, random, Botan::X509_Time(now - std::chrono::hours(1)),
                               Botan::X509_Time(now + std::chrono::hours(24)));
    return issued;
  }

 private:
  static std::shared_ptr<Botan::Private_Key> make_key() {
    return std::make_shared<Botan::ECDSA_PrivateKey>(Botan::system_rng(),
                                                     Botan::EC_Group::from_name("secp256r1"));
  }
  static Botan::X509_Cert_Options root_options() {
    Botan::X509_Cert_Options options("cohttps testing", 24 * 60 * 60);
    const auto now = std::chrono::system_clock::now();
    options.start = Botan::X509_Time(now - std::chrono::hours(1));
    options.CA_key();
    return options;
  }

  std::shared_ptr<Botan::Private_Key> key_;
  Botan::X509_Certificate root_;
};

/// One connection of a TLS server, without I/O. It speaks TLS 1.2 and 1.3, and chooses HTTP/1.1 by
/// ALPN.
class memory_tls_server {
 public:
  explicit memory_tls_server(const memory_certificate& identity)
      : hooks_(std::make_shared<hooks>()),
        server_(hooks_, std::make_shared<Botan::TLS::Session_Manager_Noop>(),
                std::make_shared<credentials>(identity), std::make_shared<policy>(),
                std::make_shared<Botan::System_RNG>()) {}

  /// Takes the client's bytes, and appends their plaintext to `into`. Returns false if the server
  /// refused the bytes; the last bytes of `outgoing` then tell the client why.
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

  /// The bytes to send to the client.
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
    explicit credentials(memory_certificate identity) : identity_(std::move(identity)) {}
    std::vector<Botan::X509_Certificate> find_cert_chain(
        const std::vector<std::string>& key_types, const std::vector<Botan::AlgorithmIdentifier>&,
        const std::vector<Botan::X509_DN>&, const std::string& type, const std::string&) override {
      if (type != "tls-server" || std::ranges::find(key_types, "ECDSA") == key_types.end())
        return {};
      return {identity_.certificate};
    }
    std::shared_ptr<Botan::Private_Key> private_key_for(const Botan::X509_Certificate&,
                                                        const std::string&,
                                                        const std::string&) override {
      return identity_.key;
    }

   private:
    memory_certificate identity_;
  };

  std::shared_ptr<hooks> hooks_;
  Botan::TLS::Server server_;
};

}  // namespace cohttps::testing
