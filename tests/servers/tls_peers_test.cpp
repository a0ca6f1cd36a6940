// Handshakes with the TLS of others: every server with every kind of key that it can have.
#include "servers/tls_peers.hpp"

#include "tls/support.hpp"
#include "tls/tcp_client.hpp"

#include <botan/pubkey.h>
#include <botan/system_rng.h>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_adapters.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <span>
#include <string>
#include <utility>
#include <vector>

using namespace cohttps;
using namespace cohttps::testing;

namespace {

const certificate_authority& between() {
  static const certificate_authority made = test_authority().intermediate();
  return made;
}
const issued_certificate& with_key(key_kind kind) {
  static const issued_certificate made[] = {
      between().issue({.dns = {"localhost"}, .key = key_kind::p256}),
      between().issue({.dns = {"localhost"}, .key = key_kind::p384}),
      between().issue({.dns = {"localhost"}, .key = key_kind::rsa_2048}),
      between().issue({.dns = {"localhost"}, .key = key_kind::rsa_4096}),
  };
  return made[kind == key_kind::p256       ? 0
              : kind == key_kind::p384     ? 1
              : kind == key_kind::rsa_2048 ? 2
                                           : 3];
}

// Some servers cannot be kept from TLS 1.3: there the client offers TLS 1.2 alone.
tls_options trusting(bool tls13 = true) {
  tls_options options{.system_roots = false, .root_pem = test_authority().certificate_pem()};
  if (!tls13)
    options.cipher_suites = {
        "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"};
  return options;
}

// Connects and asks for the small file; what the connection was.
tls_info fetch(const tls_peer& server, const tls_context& context,
               std::vector<std::string> alpn = {"http/1.1"}) {
  tcp_client client(context, server.port(), "localhost", std::move(alpn));
  const bool connected = client.connect();
  CAPTURE(client.failure ? client.failure->what() : "");
  REQUIRE(connected);
  CHECK(client.exchange(tls_peer::request, server.expected()).find(server.expected()) !=
        std::string::npos);
  client.close();
  return client.engine.info();
}

const tls_peer_kind& any_kind(bool tls_peer_kind::* can = &tls_peer_kind::tls13) {
  const auto i = GENERATE_COPY(filter([can](std::size_t n) { return tls_peer_kinds[n].*can; },
                                      range(std::size_t{0}, std::size(tls_peer_kinds))));
  return tls_peer_kinds[i];
}

}  // namespace

TEST_CASE("peers: every kind of key, TLS 1.2 and 1.3") {
  const auto& kind = any_kind();
  for (const bool tls13 : {false, true})
    for (const auto key :
         {key_kind::p256, key_kind::p384, key_kind::rsa_2048, key_kind::rsa_4096}) {
      CAPTURE(kind.name, tls13, static_cast<int>(key));
      const tls_peer server(kind, {.certificate = with_key(key), .tls13 = tls13});
      const auto info = fetch(server, tls_context::create(trusting(tls13)).value());
      CHECK(info.protocol == (tls13 ? "TLS 1.3" : "TLS 1.2"));
      CHECK(info.verified);
      CHECK(info.peer_chain.size() == 2);
      CHECK_FALSE(info.resumed);
    }
}

TEST_CASE("peers: sessions are continued") {
  const auto& kind = any_kind();
  for (const bool tls13 : {false, true}) {
    CAPTURE(kind.name, tls13);
    const tls_peer server(kind, {.certificate = with_key(key_kind::p256), .tls13 = tls13});
    // h2o makes the keys of its tickets some time after it began to listen.
    bool settled = false;
    for (int tries = 0; tries < 2000 && !settled; ++tries) {
      const auto other = tls_context::create(trusting(tls13)).value();
      fetch(server, other);
      settled = fetch(server, other).resumed;
    }
    REQUIRE(settled);
    const auto context = tls_context::create(trusting(tls13)).value();
    int resumed = 0;
    for (int i = 0; i < 5; ++i) resumed += fetch(server, context).resumed;
    // A ticket is used once (RFC 8446, C.4). Some give two, and no new one for an old.
    CHECK(resumed == (tls13 && !kind.renews ? 3 : 4));
  }
}

// Signs with the key of `mine`, as one in hardware would.
auto signing_with(const issued_certificate& mine) {
  return [key = mine.key](const tls_signing_request& what) -> result<std::vector<std::byte>> {
    const std::string hash(what.hash);
    const bool rsa = what.algorithm == "RSA";
    Botan::PK_Signer signer(
        *key, Botan::system_rng(),
        !rsa ? hash : (what.padding == "PSS" ? "PSS(" : "PKCS1v15(") + hash + ')',
        rsa ? Botan::Signature_Format::Standard : Botan::Signature_Format::DerSequence);
    const auto message = reinterpret_cast<const std::uint8_t*>(what.message.data());
    signer.update(message, what.message.size());
    const auto signature = signer.signature(Botan::system_rng());
    const auto made = std::as_bytes(std::span(signature));
    return std::vector<std::byte>(made.begin(), made.end());
  };
}

TEST_CASE("peers: mutual TLS") {
  const auto& kind = any_kind(&tls_peer_kind::mutual);
  for (const bool tls13 : {false, true}) {
    CAPTURE(kind.name, tls13);
    const tls_peer server(kind, {.certificate = with_key(key_kind::p256),
                                 .tls13 = tls13,
                                 .client_authority = test_authority().certificate_pem()});
    // RSA signs with PKCS #1 v1.5 or PSS in TLS 1.2, and with PSS in TLS 1.3.
    for (const auto key : {key_kind::p256, key_kind::p384, key_kind::rsa_2048}) {
      const auto mine = test_authority().issue(
          {.common_name = "client", .usages = {"1.3.6.1.5.5.7.3.2"}, .key = key});
      auto options = trusting(tls13);
      options.identity = {.certificate_pem = mine.chain_pem, .key_pem = mine.key_pem};
      CAPTURE(static_cast<int>(key));
      const auto context = tls_context::create(options).value();
      fetch(server, context);
      CHECK(fetch(server, context).resumed);
      options.identity = {.certificate_pem = mine.chain_pem, .sign = signing_with(mine)};
      fetch(server, tls_context::create(options).value());
    }
    // Without one there is no answer; TLS 1.3 tells after the handshake.
    tcp_client nobody(tls_context::create(trusting(tls13)).value(), server.port());
    if (nobody.connect()) (void)nobody.exchange(tls_peer::request, server.expected());
    CHECK(nobody.plaintext.text().find(server.expected()) == std::string_view::npos);
  }
}

TEST_CASE("peers: a share that the server did not want is asked for again") {
  const auto& kind = any_kind(&tls_peer_kind::picks_group);
  for (const bool tls13 : {false, true}) {
    CAPTURE(kind.name, tls13);
    const tls_peer server(
        kind, {.certificate = with_key(key_kind::p384), .tls13 = tls13, .group = "secp384r1"});
    const auto context = tls_context::create(trusting(tls13)).value();
    const auto asks_again = [&] {
      tcp_client client(context, server.port());
      REQUIRE(client.connect());
      (void)client.exchange(tls_peer::request, server.expected());
      client.close();
      return client.was_asked_again();
    };
    CHECK(asks_again() == tls13);
    CHECK_FALSE(asks_again());  // what it chose is remembered
    const auto info = fetch(server, tls_context::create(trusting(tls13)).value());
#if BOTAN_VERSION_CODE >= BOTAN_VERSION_CODE_FOR(3, 12, 0)
    CHECK(info.group == "secp384r1");
#endif
    auto options = trusting(tls13);
    options.groups = {"x25519"};
    tcp_client stubborn(tls_context::create(options).value(), server.port());
    CHECK_FALSE(stubborn.connect());
    REQUIRE(stubborn.failure);
    CHECK(stubborn.failure->category() == error_category::tls);
  }
}

TEST_CASE("peers: server name and application protocol") {
  const auto& kind = any_kind();
  CAPTURE(kind.name);
  const tls_peer server(kind, {
                                  .certificate = with_key(key_kind::p256),
                              });
  tcp_client client(tls_context::create(trusting()).value(), server.port(), "localhost",
                    {"h2", "http/1.1"});
  REQUIRE(client.connect());
  CHECK(client.engine.info().alpn == kind.alpn);
}

TEST_CASE("peers: long chains") {
  const auto& kind = any_kind();
  CAPTURE(kind.name);
  auto above = test_authority().intermediate({.common_name = "level 1", .usages = {}});
  for (int i = 2; i <= 8; ++i)
    above = above.intermediate({.common_name = "level " + std::to_string(i), .usages = {}});
  const auto leaf = above.issue({.dns = {"localhost"}});
  for (const bool tls13 : {false, true}) {
    const tls_peer server(kind, {.certificate = leaf, .tls13 = tls13});
    CHECK(fetch(server, tls_context::create(trusting(tls13)).value()).peer_chain.size() == 9);
  }
}

TEST_CASE("peers: small records") {
  const auto& kind = any_kind(&tls_peer_kind::sizes);
  for (const bool tls13 : {false, true}) {
    CAPTURE(kind.name, tls13);
    const tls_peer server(
        kind, {.certificate = with_key(key_kind::p256), .tls13 = tls13, .record_size = 512});
    fetch(server, tls_context::create(trusting(tls13)).value());
  }
}
