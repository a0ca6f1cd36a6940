// Sessions, keys and records against servers that are not Botan's.
#include "old_keys.hpp"
#include "openssl_server.hpp"
#include "servers/nginx.hpp"
#include "support.hpp"
#include "tcp_client.hpp"

#include <botan/pem.h>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

using namespace cohttps;
using namespace cohttps::testing;

namespace {

constexpr std::string_view request = "GET /small.txt HTTP/1.1\r\nHost: localhost\r\n\r\n";

struct tally {
  int resumed = 0;
  int full = 0;
};

// One request on each of `many` connections that are open at the same time.
void reconnect(const tls_context& context, std::uint16_t port, int many, std::string_view ask,
               std::string_view last, tally& count) {
  std::vector<std::unique_ptr<tcp_client>> clients;
  for (int i = 0; i < many; ++i)
    clients.push_back(
        std::make_unique<tcp_client>(context, port, "localhost", std::vector<std::string>{}));
  for (auto& client : clients) {
    REQUIRE(client->connect());
    ++(client->engine.info().resumed ? count.resumed : count.full);
  }
  for (auto& client : clients) {
    CHECK(client->exchange(ask, last).find(last) != std::string::npos);
    client->close();
  }
}

}  // namespace

TEST_CASE("sessions of nginx are continued, also by ten connections at once") {
  auto& server = web_server();
  const site where = GENERATE(site::ecdsa_12, site::ecdsa_13, site::both);
  const int at_once = GENERATE(1, 10);
  CAPTURE(static_cast<int>(where), at_once);
  const auto context = context_trusting(server.root_pem());
  tally first;
  reconnect(context, server.port(where), at_once, request, "a small file", first);
  CHECK(first.resumed == (where == site::ecdsa_12 ? at_once - 1 : 0));
  tally later;
  for (int round = 0; round < 5; ++round)
    reconnect(context, server.port(where), at_once, request, "a small file", later);
  CHECK(later.resumed == 5 * at_once);
}

TEST_CASE("sessions of OpenSSL are continued") {
  struct row {
    std::vector<std::string> arguments;
  };
  const auto [arguments] = GENERATE(
      row{{"-tls1_3"}}, row{{"-tls1_2"}}, row{{"-tls1_2", "-no_ticket"}}, row{{}},
      row{{"-tls1_3", "-ciphersuites", "TLS_CHACHA20_POLY1305_SHA256"}},
      row{{"-tls1_3", "-ciphersuites", "TLS_AES_256_GCM_SHA384"}}, row{{"-tls1_3", "-no_ticket"}});
  CAPTURE(arguments.empty() ? "" : arguments.front(), arguments.size());
  const openssl_server server(arguments);
  const auto context = context_trusting();
  tally count;
  constexpr std::string_view ask = "GET / HTTP/1.0\r\n\r\n";
  for (int i = 0; i < 10; ++i) reconnect(context, server.port(), 1, ask, "</BODY></HTML>", count);
  CHECK(count.full == 1);
  CHECK(count.resumed == 9);
}

TEST_CASE("a certificate that nobody needs and whose key cannot be read") {
  // The name of the key's curve is that of no curve.
  auto odd = test_authority().issue({.common_name = "odd"});
  constexpr std::string_view named = "\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07";
  std::string label;
  const auto decoded = Botan::PEM_Code::decode(odd.certificate_pem, label);
  std::string der(decoded.begin(), decoded.end());
  const auto curve = der.find(named);
  REQUIRE(curve != std::string::npos);
  der[curve + named.size() - 1] = 0x77;
  odd.certificate_pem =
      Botan::PEM_Code::encode(reinterpret_cast<const std::uint8_t*>(der.data()), der.size(), label);

  const temporary_folder folder;
  folder.write("odd.pem", odd.certificate_pem);
  const auto chain = (folder.path() / "odd.pem").string();
  const auto leaf = test_authority().issue({.dns = {"localhost"}});
  // OpenSSL sends what it cannot read where it does not judge keys.
  const std::vector<std::string> sends{"-cert_chain", chain, "-cipher", "DEFAULT:@SECLEVEL=0"};
  {
    auto older = sends;
    older.emplace_back("-tls1_2");
    const openssl_server server(older, leaf);
    tcp_client client(context_trusting(), server.port(), "localhost", {});
    CHECK(client.connect());
  }
  const openssl_server server(sends, leaf);
  tcp_client client(context_trusting(), server.port(), "localhost", {});
  REQUIRE_FALSE(client.connect());
  CAPTURE(client.failure->what());
  CHECK(client.failure->category() == error_category::certificate);
  CHECK(client.failure->reason() == "unreadable_certificate");
  CHECK(client.failure->phase() == phase::handshake);
  CHECK(client.failure->message().find("it has to go from the chain even if nobody needs it") !=
        std::string::npos);

  // As the message advises.
  const auto only12 =
      tls_context::create({.system_roots = false,
                           .root_pem = test_authority().certificate_pem(),
                           .cipher_suites = {"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"}})
          .value();
  tcp_client older(only12, server.port(), "localhost", {});
  CHECK(older.connect());
}

TEST_CASE("certificates that nobody needs may have keys of DSA and secp256k1") {
  const std::string unneeded = GENERATE(dsa_root_pem, secp256k1_pem);
  const std::string version = GENERATE("-tls1_2", "-tls1_3");
  CAPTURE(unneeded, version);
  const temporary_folder folder;
  folder.write("unneeded.pem", unneeded);
  const openssl_server server({"-cert_chain", (folder.path() / "unneeded.pem").string(), "-cipher",
                               "DEFAULT:@SECLEVEL=0", version},
                              test_authority().issue({.dns = {"localhost"}}));
  tcp_client client(context_trusting(), server.port(), "localhost", {});
  CHECK(client.connect());
}

TEST_CASE("a path with a DSA key is refused") {
  issued_certificate leaf;
  leaf.certificate_pem = leaf.chain_pem = leaf_of_dsa_root_pem;
  leaf.key_pem = leaf_of_dsa_root_key_pem;
  const openssl_server server({}, leaf);
  tcp_client client(context_trusting(dsa_root_pem), server.port(), "localhost", {});
  REQUIRE_FALSE(client.connect());
  CAPTURE(client.failure->what());
  CHECK(client.failure->category() == error_category::certificate);
  CHECK(client.failure->reason() == "weak_key");
  CHECK(client.failure->message().find("DSA") != std::string::npos);
}

TEST_CASE("a host with an underscore in its name") {
  const std::string version = GENERATE("-tls1_2", "-tls1_3");
  const auto certificate = test_authority().issue({.dns = {"a_b.test"}});
  const openssl_server server({version}, certificate);
  const auto context = context_trusting();
  for (const bool again : {false, true}) {
    CAPTURE(version, again);
    tcp_client client(context, server.port(), "a_b.test", {});
    REQUIRE(client.connect());
    CHECK(client.exchange("GET / HTTP/1.0\r\n\r\n", "</BODY></HTML>").find("</BODY>") !=
          std::string::npos);
    if (version == "-tls1_2") CHECK(client.engine.info().resumed == again);
    client.close();
  }
}

TEST_CASE("certificates of each curve, also over TLS 1.2") {
  const std::string version = GENERATE("-tls1_2", "-tls1_3");
  for (const auto key : {key_kind::p256, key_kind::p384, key_kind::p521}) {
    CAPTURE(version, static_cast<int>(key));
    const openssl_server server({version},
                                test_authority().issue({.dns = {"localhost"}, .key = key}));
    tcp_client client(context_trusting(), server.port(), "localhost", {});
    CHECK(client.connect());
  }
}

TEST_CASE("OpenSSL under each cipher suite that can be asked for") {
  // At security level 0 OpenSSL has those with short tags too.
  const openssl_server server(
      {"-cipher", "ALL:@SECLEVEL=0", "-ciphersuites",
       "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:"
       "TLS_AES_128_CCM_SHA256:TLS_AES_128_CCM_8_SHA256"});
  for (const std::string suite :
       {"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256",
        "TLS_AES_128_CCM_SHA256", "TLS_AES_128_CCM_8_SHA256",
        "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
        "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_128_CCM",
        "TLS_ECDHE_ECDSA_WITH_AES_256_CCM_8"}) {
    CAPTURE(suite);
    tls_options options{.system_roots = false, .root_pem = test_authority().certificate_pem()};
    options.cipher_suites = {suite};
    tcp_client client(tls_context::create(options).value(), server.port());
    const bool connected = client.connect();
    CAPTURE(client.failure ? client.failure->what() : "");
    REQUIRE(connected);
    CHECK(client.engine.info().cipher_suite == suite);
    const auto got = client.exchange("GET / HTTP/1.0\r\n\r\n", "</BODY></HTML>");
    CHECK(got.find("</BODY></HTML>") != std::string::npos);
    client.close();
  }
}

TEST_CASE("a large file of nginx arrives whole") {
  auto& server = web_server();
  const site where = GENERATE(site::ecdsa_12, site::ecdsa_13);
  tcp_client client(context_trusting(server.root_pem()), server.port(where));
  REQUIRE(client.connect());
  const std::string got = client.exchange(
      "GET /large.bin HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", "no such thing");
  CHECK(client.engine.peer_closed());
  CHECK(got.ends_with(server.large));
}
