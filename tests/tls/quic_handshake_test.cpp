// TLS over QUIC: the translation between records and CRYPTO data, and what has to end it.
#include "tls/quic_tls_server.hpp"

#include <cohttps/tls/engine.hpp>
#include <cohttps/tls/quic/quic_handshake.hpp>

#include <botan/system_rng.h>
#include <botan/tls_session_manager_memory.h>
#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <functional>
#include <initializer_list>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

using namespace cohttps;
using namespace cohttps::testing;
using tls::quic_level;

namespace {

std::vector<std::byte> bytes(std::string_view text) {
  const auto view = std::as_bytes(std::span(text));
  return {view.begin(), view.end()};
}

const certificate_authority& authority() {
  static const certificate_authority one;
  return one;
}
const issued_certificate& certificate() {
  static const auto one = authority().issue({.dns = {"example.com"}});
  return one;
}

/// Keeps what the client's handshake says.
struct listener final : tls::quic_handshake_events {
  result<void> crypto(quic_level at, std::span<const std::byte> data) override {
    sent.push_back({at, {data.begin(), data.end()}});
    return {};
  }
  result<void> secrets(quic_level at, const tls::quic_suite& suite,
                       std::span<const std::uint8_t> server,
                       std::span<const std::uint8_t> client) override {
    suites.push_back(suite.id);
    keys[at] = {{server.begin(), server.end()}, {client.begin(), client.end()}};
    return {};
  }
  result<void> peer_parameters(std::span<const std::byte> given) override {
    parameters.assign(given.begin(), given.end());
    return {};
  }

  std::vector<quic_tls_server::piece> sent;
  std::vector<std::uint16_t> suites;
  std::map<quic_level, std::pair<std::vector<std::uint8_t>, std::vector<std::uint8_t>>> keys;
  std::vector<std::byte> parameters;
};

tls_options trusting() {
  return {.system_roots = false, .root_pem = authority().certificate_pem()};
}

tls_server_options serving() {
  tls_server_options how;
  how.tls12 = false;
  how.alpn = {"h3"};
  how.quic_parameters = [] { return std::vector<std::uint8_t>{1, 2, 3, 4}; };
  return how;
}

/// A client and a server whose CRYPTO data is carried by hand.
struct conversation {
  explicit conversation(const tls_context& context, tls_server_options how = serving(),
                        const std::string& host = "example.com")
      : server(certificate(), std::move(how)), client(context, host, 443, {"h3"}, events) {}

  /// Carries data until both sides are silent, or until the client fails. `change` may change each
  /// piece of the server.
  result<void> run(const std::function<void(quic_tls_server::piece&)>& change = {},
                   std::size_t part = SIZE_MAX) {
    auto outcome = client.start(bytes("ours"), std::chrono::system_clock::now());
    while (outcome && !events.sent.empty()) {
      for (const auto& piece : std::exchange(events.sent, {}))
        if (!server.receive(piece.at, piece.data)) refused = true;
      for (auto& piece : server.take()) {
        if (change) change(piece);
        if (piece.at == quic_level::application) tickets.push_back(piece.data);
        const std::span<const std::byte> all(piece.data);
        for (std::size_t at = 0; at < all.size() && outcome; at += std::min(part, all.size()))
          outcome = client.receive(piece.at, all.subspan(at, std::min(part, all.size() - at)));
        if (!outcome) return outcome;
      }
    }
    return outcome;
  }

  listener events;
  quic_tls_server server;
  tls::quic_handshake client;
  bool refused = false;
  std::vector<std::vector<std::byte>> tickets;
};

}  // namespace

TEST_CASE("a handshake over QUIC with each cipher suite", "[quic]") {
  struct row {
    const char* cipher;
    std::uint16_t id;
  };
  for (const auto& [cipher, id] :
       {row{"AES-128/GCM", 0x1301}, row{"AES-256/GCM", 0x1302}, row{"ChaCha20Poly1305", 0x1303}}) {
    CAPTURE(cipher);
    auto how = serving();
    how.ciphers = {cipher};
    conversation c{tls_context(trusting()), how};
    auto outcome = c.run();
    if (!outcome) FAIL(outcome.error().what());
    CHECK(c.client.done());
    CHECK(c.server.peer.established);
    CHECK(c.client.info().verified);
    CHECK(c.client.info().alpn == "h3");
    CHECK(c.client.info().protocol == "TLS 1.3");
    CHECK(c.events.suites == std::vector<std::uint16_t>{id, id});
    CHECK(c.events.parameters ==
          std::vector<std::byte>{std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}});
    const auto ours = c.server.peer.client_quic_parameters;
    CHECK(std::string(ours.begin(), ours.end()) == "ours");
    const auto& secrets = c.server.peer.secrets;
    CHECK(c.events.keys[quic_level::handshake].first ==
          secrets.at("SERVER_HANDSHAKE_TRAFFIC_SECRET"));
    CHECK(c.events.keys[quic_level::handshake].second ==
          secrets.at("CLIENT_HANDSHAKE_TRAFFIC_SECRET"));
    CHECK(c.events.keys[quic_level::application].first == secrets.at("SERVER_TRAFFIC_SECRET_0"));
    CHECK(c.events.keys[quic_level::application].second == secrets.at("CLIENT_TRAFFIC_SECRET_0"));
  }
}

TEST_CASE("CRYPTO data may arrive in parts of any size", "[quic]") {
  const tls_context context(trusting());
  for (const std::size_t part : std::initializer_list<std::size_t>{1, 2, 3, 5, 100, 1000}) {
    CAPTURE(part);
    conversation c{context};
    CHECK(c.run({}, part));
    CHECK(c.client.done());
  }
}

TEST_CASE("after HelloRetryRequest the ClientHello still has one set of parameters", "[quic]") {
  auto how = serving();
  how.groups = {Botan::TLS::Group_Params::SECP384R1};
  conversation c{tls_context(trusting()), how};
  auto outcome = c.run();
  if (!outcome) FAIL(outcome.error().what());
  CHECK(c.client.done());
  CHECK(c.client.info().group == "secp384r1");
  CHECK(c.server.peer.client_quic_parameters.size() == 4);
}

TEST_CASE("a session is resumed over QUIC, and never one of TCP", "[quic]") {
  const tls_context context(trusting());
  const auto sessions = std::make_shared<Botan::TLS::Session_Manager_In_Memory>(
      std::make_shared<Botan::System_RNG>(), 100);
  auto how = serving();
  how.sessions = sessions;
  const auto over_tcp = [&] {
    auto plain = how;
    plain.quic_parameters = {};
    plain.alpn = {"h2"};
    tls_server_peer server(certificate(), plain);
    tls::engine client(context, "example.com", 443, {"h2"});
    REQUIRE(client.start(std::chrono::system_clock::now()));
    buffer in;
    for (int turn = 0; turn < 4; ++turn) {
      if (!client.outgoing().empty()) CHECK(server.receive(client.outgoing().data()));
      client.outgoing().clear();
      in.append(server.outgoing.data());
      server.outgoing.clear();
      CHECK(client.receive(in));
    }
    REQUIRE(client.handshake_done());
    return client.info().resumed;
  };
  CHECK_FALSE(over_tcp());
  for (int i = 0; i < 3; ++i) {
    conversation c{context, how};
    auto outcome = c.run();
    if (!outcome) FAIL(outcome.error().what());
    CHECK(c.client.info().resumed == (i > 0));
    CHECK(c.client.info().verified);
    CHECK(c.server.peer.client_quic_parameters.size() == 4);
    CHECK_FALSE(c.tickets.empty());
  }
  CHECK(over_tcp());
}

TEST_CASE("the client's identity is shown over QUIC", "[quic]") {
  const auto mine = authority().issue({.common_name = "me", .usages = {"1.3.6.1.5.5.7.3.2"}});
  auto how = serving();
  how.require_client_certificate = true;
  how.client_authority_pem = authority().certificate_pem();
  how.clients = std::make_shared<std::vector<std::string>>();
  auto options = trusting();
  options.identity = tls_identity{.certificate_pem = mine.chain_pem, .key_pem = mine.key_pem};
  conversation c{tls_context(options), how};
  auto outcome = c.run();
  if (!outcome) FAIL(outcome.error().what());
  CHECK(*how.clients == std::vector<std::string>{"me"});
}

TEST_CASE("what a server may not do over QUIC ends the handshake with an alert", "[quic]") {
  const tls_context context(trusting());
  struct row {
    const char* name;
    std::function<void(tls_server_options&)> how;
    std::string host;
    std::uint8_t alert;
    std::string_view reason;
  };
  const auto none = [](tls_server_options&) {};
  for (const auto& [name, set, host, alert, reason] :
       {row{"no ALPN", [](auto& o) { o.alpn = {}; }, "example.com", 120, "no_application_protocol"},
        row{"no transport parameters",
            [](auto& o) { o.quic_parameters = [] { return std::nullopt; }; }, "example.com", 109,
            "no_transport_parameters"},
        row{"another host", none, "example.org", 42, "wrong_host"}}) {
    CAPTURE(name);
    auto options = serving();
    set(options);
    conversation c{context, options, host};
    const auto outcome = c.run();
    REQUIRE_FALSE(outcome);
    CAPTURE(outcome.error().what());
    CHECK_FALSE(c.client.done());
    CHECK(int{c.client.alert()} == int{alert});
    if (!reason.empty()) CHECK(outcome.error().reason() == reason);
    const auto again = c.client.receive(quic_level::initial, bytes("x"));
    REQUIRE_FALSE(again);
    CHECK(again.error().reason() == outcome.error().reason());
  }
  const certificate_authority other("another root");
  conversation strange{tls_context({.system_roots = false, .root_pem = other.certificate_pem()})};
  const auto outcome = strange.run();
  REQUIRE_FALSE(outcome);
  CHECK(outcome.error().category() == error_category::certificate);
}

TEST_CASE("messages at the wrong place end the handshake", "[quic]") {
  const tls_context context(trusting());
  const auto message = [](std::uint8_t type, std::size_t size) {
    std::vector<std::byte> m(4 + size);
    m[0] = std::byte{type};
    m[1] = static_cast<std::byte>(size >> 16);
    m[2] = static_cast<std::byte>(size >> 8);
    m[3] = static_cast<std::byte>(size);
    return m;
  };
  const auto append = [](std::vector<std::byte>& to, const std::vector<std::byte>& more) {
    to.insert(to.end(), more.begin(), more.end());
  };
  SECTION("bytes behind ServerHello") {
    conversation c{context};
    const auto outcome = c.run([&](auto& p) {
      if (p.at == quic_level::initial) append(p.data, message(8, 2));
    });
    REQUIRE_FALSE(outcome);
    CHECK(outcome.error().reason() == "bytes_left");
    CHECK(int{c.client.alert()} == 10);
  }
  SECTION("EncryptedExtensions at the Initial level") {
    conversation c{context};
    const auto outcome = c.run([&](auto& p) { p.at = quic_level::initial; });
    REQUIRE_FALSE(outcome);
    CHECK(outcome.error().reason() == "wrong_level");
    CHECK(int{c.client.alert()} == 10);
  }
  SECTION("no ServerHello first") {
    conversation c{context};
    const auto outcome = c.run([&](auto& p) {
      if (p.at == quic_level::initial) p.data = message(8, 2);
    });
    REQUIRE_FALSE(outcome);
    CHECK(outcome.error().reason() == "unexpected_message");
  }
  SECTION("a message that is too long") {
    conversation c{context};
    const auto outcome = c.run([&](auto& p) {
      if (p.at == quic_level::initial) p.data = message(2, 200'000);
    });
    REQUIRE_FALSE(outcome);
    CHECK(outcome.error().reason() == "handshake_too_large");
  }
  SECTION("a ServerHello with a suite that QUIC does not use") {
    conversation c{context};
    const auto outcome = c.run([&](auto& p) {
      if (p.at != quic_level::initial) return;
      const std::size_t at = 39 + std::to_integer<std::size_t>(p.data[38]);
      p.data[at] = std::byte{0x13};
      p.data[at + 1] = std::byte{0x04};
    });
    REQUIRE_FALSE(outcome);
    CHECK(outcome.error().reason() == "suite_not_offered");
    CHECK(int{c.client.alert()} == 47);
  }
  SECTION("messages after the handshake") {
    // 24 is KeyUpdate, which Botan would follow (RFC 9001, 6); 13 CertificateRequest (4.4).
    for (const std::uint8_t type : std::initializer_list<std::uint8_t>{24, 13, 2, 20, 0}) {
      CAPTURE(int{type});
      conversation c{context};
      REQUIRE(c.run());
      const auto outcome = c.client.receive(quic_level::application, message(type, 1));
      REQUIRE_FALSE(outcome);
      CHECK(outcome.error().reason() == "unexpected_message");
      CHECK(int{c.client.alert()} == 10);
    }
  }
  SECTION("data at a level that ended") {
    conversation c{context};
    REQUIRE(c.run());
    const auto outcome = c.client.receive(quic_level::handshake, message(4, 1));
    REQUIRE_FALSE(outcome);
    CHECK(outcome.error().reason() == "wrong_level");
  }
}

TEST_CASE("a handshake that somebody changes never succeeds", "[quic]") {
  const tls_context context(trusting());
  std::mt19937 random(7);
  for (int i = 0; i < 60; ++i) {
    CAPTURE(i);
    conversation c{context};
    bool changed = false;
    int left = static_cast<int>(random() % 3);
    const auto outcome = c.run([&](auto& p) {
      if (changed || p.at == quic_level::application || left-- > 0) return;
      p.data[random() % p.data.size()] ^= static_cast<std::byte>(1 << (random() % 8));
      changed = true;
    });
    if (changed) CHECK_FALSE(c.client.done());
    if (changed && !outcome) CHECK_FALSE(outcome.error().message().empty());
  }
}

TEST_CASE("a context without a suite of QUIC cannot speak it", "[quic]") {
  auto options = trusting();
  options.cipher_suites = {"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"};
  conversation c{tls_context(options)};
  const auto outcome = c.run();
  REQUIRE_FALSE(outcome);
  CHECK(outcome.error().category() == error_category::usage);
  CHECK(outcome.error().reason() == "no_cipher_suite");
}

TEST_CASE("keys of packets are those of RFC 9001 and RFC 9369", "[quic]") {
  const auto hex = [](std::string_view text) {
    std::vector<std::uint8_t> out;
    for (std::size_t i = 0; i + 1 < text.size(); i += 2)
      out.push_back(
          static_cast<std::uint8_t>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16)));
    return out;
  };
  const auto same = [&](const auto& value, std::string_view text) {
    const auto expected = hex(text);
    return std::equal(value.begin(), value.end(), expected.begin(), expected.end());
  };
  const auto id = hex("8394c8f03e515708");
  std::array<std::uint8_t, 5> mask{};
  SECTION("Initial of version 1 (A.1, A.2)") {
    const auto keys = tls::initial_keys_of(tls::quic_v1, id);
    CHECK(same(keys.client.iv, "fa044b2f42a3fd3b46fb255c"));
    CHECK(same(keys.server.iv, "0ac1493ca1905853b0bba03e"));
    keys.client.header->mask(mask.data(), hex("d1b1c98dd7689fb8ec11d242b123dc9b").data());
    CHECK(same(mask, "437b9aec36"));
  }
  SECTION("Initial of version 2 (RFC 9369, A.1)") {
    const auto keys = tls::initial_keys_of(tls::quic_v2, id);
    CHECK(same(keys.client.iv, "91f73e2351d8fa91660e909f"));
    CHECK(same(keys.server.iv, "dd13c276499c0249d3310652"));
  }
  SECTION("Retry (A.4)") {
    auto packet = hex("08");
    packet.insert(packet.end(), id.begin(), id.end());
    const auto retry = hex("ff000000010008f067a5502a4262b5746f6b656e");
    packet.insert(packet.end(), retry.begin(), retry.end());
    std::array<std::uint8_t, 16> tag{};
    tls::retry_cipher(tls::quic_v1)->seal(tag.data(), {}, hex("461599d35d632bf2239825bb"), packet);
    CHECK(same(tag, "04a265ba2eff4d829058fb3f0f2496ba"));
  }
  SECTION("ChaCha20-Poly1305 (A.5)") {
    const auto& suite = *tls::find_quic_suite(0x1303);
    const auto secret = hex("9ac312a7f877468ebe69422748ad00a15443f18203a07d6060f688f30f21632b");
    const auto keys =
        tls::packet_keys_of(suite, tls::quic_v1, secret, tls::packet_cipher::direction::seal);
    CHECK(same(keys.iv, "e0459b3474bdd0e44a41c144"));
    keys.header->mask(mask.data(), hex("5e5cd55c41f69080575d7999c25a5bfb").data());
    CHECK(same(mask, "aefefe7d03"));
    std::array<std::uint8_t, 17> sealed{};
    keys.content->seal(sealed.data(), hex("01"), hex("e0459b3474bdd0e46d417eb0"), hex("4200bff4"));
    CHECK(same(sealed, "655e5cd55c41f69080575d7999c25a5bfb"));
    CHECK(same(tls::updated_secret(suite, tls::quic_v1, secret),
               "1223504755036d556342ee9361d253421a826c9ecdf3c7148684b36b714881f9"));
    const auto open =
        tls::packet_keys_of(suite, tls::quic_v1, secret, tls::packet_cipher::direction::open);
    auto forged = sealed;
    forged.back() ^= 1;
    std::array<std::uint8_t, 1> plain{};
    const auto nonce = hex("e0459b3474bdd0e46d417eb0"), header = hex("4200bff4");
    CHECK_FALSE(open.content->open(plain.data(), forged, nonce, header));
    CHECK_FALSE(open.content->open(plain.data(), std::span(sealed).first(15), nonce, header));
    CHECK(open.content->open(plain.data(), sealed, nonce, header));  // a forgery does not stick
    CHECK(plain[0] == 1);
  }
}
