#include "client_hello.hpp"
#include "support.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

using namespace cohttps;
using namespace cohttps::testing;

TEST_CASE("a handshake and data both ways, cut at every size") {
  const bool tls13 = GENERATE(true, false);
  const std::size_t split = GENERATE(1u, 5u, 13u, 64u, 1024u, 16384u);
  CAPTURE(tls13, split);
  tls_server_peer server(localhost_certificate(), {.tls13 = tls13, .alpn = {"http/1.1"}});
  auto wire = make_wire(server, "localhost", context_trusting(), {"h2", "http/1.1"}, split);
  REQUIRE(wire.connect());
  const auto& info = wire.client.info();
  CHECK(info.protocol == (tls13 ? "TLS 1.3" : "TLS 1.2"));
  CHECK(info.alpn == "http/1.1");
  CHECK(info.verified);
  CHECK_FALSE(info.resumed);
  CHECK(info.group == (tls13 && has_hybrid() ? "X25519MLKEM768" : "x25519"));
  CHECK(info.cipher_suite.find("GCM") != std::string::npos);
  REQUIRE(info.peer_chain.size() == 1);
  CHECK(server.server_name == "localhost");
  CHECK(server.offered_alpn == std::vector<std::string>{"h2", "http/1.1"});

  const std::string request(40'000, 'q');
  const std::string response(70'000, 'r');
  REQUIRE(wire.client.send(std::as_bytes(std::span(request))));
  server.send(response);
  wire.shuttle();
  CHECK(server.received == request);
  CHECK(wire.plaintext.text() == response);

  REQUIRE(wire.client.send({}));
  CHECK(wire.client.outgoing().empty());
  server.close();
  wire.shuttle();
  CHECK(wire.client.peer_closed());
  CHECK(wire.client.end_of_stream());
  wire.client.close();
  wire.shuttle();
  CHECK(server.alerts == std::vector<std::string>{"close_notify"});
  CHECK_FALSE(wire.failure);
}

namespace {

client_hello hello_to(std::string host, tls_version minimum = tls_version::v1_2) {
  tls::engine engine(context_trusting(test_authority().certificate_pem(), minimum), std::move(host),
                     443, {"h2", "http/1.1"});
  REQUIRE(engine.start(std::chrono::system_clock::now()));
  return client_hello(engine.outgoing().text());
}

}  // namespace

TEST_CASE("what is offered") {
  const auto hello = hello_to("www.example.com");
  CHECK(hello.size < 1600);
  // AES-128, AES-256 and ChaCha20 of TLS 1.3, then ECDHE with the same of TLS 1.2, in either order
  // of AES and ChaCha20.
  std::vector<int> sorted = hello.suites;
  std::ranges::sort(sorted);
  CHECK(sorted ==
        std::vector<int>{0x1301, 0x1302, 0x1303, 0xc02b, 0xc02c, 0xc02f, 0xc030, 0xcca8, 0xcca9});
  CHECK((hello.suites.front() == 0x1301 || hello.suites.front() == 0x1303));
  std::vector<int> groups{0x001d, 0x0017, 0x0018, 0x0019};
  if (has_hybrid()) groups.insert(groups.begin(), 0x11ec);
  CHECK(hello.numbers(10) == groups);
  for (const int scheme : hello.numbers(13)) {
    CAPTURE(scheme);
    CHECK((scheme >> 8) != 1);  // MD5
    CHECK((scheme >> 8) != 2);  // SHA-1
  }
  // ECDSA and RSA, both paddings of it, with SHA-256, SHA-384 and SHA-512 (RFC 8446, 4.2.3).
  for (const int scheme :
       {0x0403, 0x0503, 0x0603, 0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601}) {
    CAPTURE(scheme);
    CHECK(std::ranges::count(hello.numbers(13), scheme) == 1);
  }
  const auto& share = hello.extensions.at(51);
  if (has_hybrid()) {
    CHECK(share.size() == 2 + (4 + 1184 + 32) + (4 + 32));  // of both, so that nobody has to ask
    CHECK(client_hello::number(share, 2) == 0x11ec);
    CHECK(client_hello::number(share, 2 + 4 + 1184 + 32) == 0x001d);
  } else {
    CHECK(share.size() == 2 + (4 + 32));
  }
  CHECK(hello.extensions.at(0).ends_with("www.example.com"));
  CHECK(hello.extensions.at(16) == std::string("\0\x0c\x02h2\x08http/1.1", 14));
  CHECK(hello.extensions.contains(23));      // extended master secret
  CHECK(hello.extensions.contains(0xff01));  // secure renegotiation
  CHECK_FALSE(hello.extensions.contains(41));
  CHECK_FALSE(hello.extensions.contains(42));

  CHECK(hello_to("www.example.com.").extensions.at(0).ends_with("www.example.com"));
  CHECK(hello_to("a_b.example.com").extensions.at(0).ends_with("a_b.example.com"));
  CHECK_FALSE(hello_to("192.0.2.1").extensions.contains(0));
  CHECK_FALSE(hello_to("2001:db8::1").extensions.contains(0));

  const auto newest = hello_to("www.example.com", tls_version::v1_3);
  for (const int suite : newest.suites) CHECK((suite >> 8) == 0x13);
  CHECK(newest.extensions.at(43) == std::string("\x02\x03\x04", 3));
}

TEST_CASE("ciphers and groups") {
  const bool tls13 = GENERATE(true, false);
  for (const auto* cipher : {"AES-128/GCM", "AES-256/GCM", "ChaCha20Poly1305"}) {
    CAPTURE(tls13, cipher);
    tls_server_peer server(localhost_certificate(), {.tls13 = tls13, .ciphers = {cipher}});
    auto wire = make_wire(server);
    REQUIRE(wire.connect());
    server.send("hello");
    wire.shuttle();
    CHECK(wire.plaintext.text() == "hello");
  }
  using group = Botan::TLS::Group_Params_Code;
  for (const auto& [code, name] :
       {std::pair(group::X25519, "x25519"), std::pair(group::SECP256R1, "secp256r1"),
        std::pair(group::SECP384R1, "secp384r1")}) {
    CAPTURE(tls13, name);
    tls_server_peer server(localhost_certificate(), {.tls13 = tls13, .groups = {code}});
    auto wire = make_wire(server);
    REQUIRE(wire.connect());  // other than the first: after a HelloRetryRequest
#if BOTAN_VERSION_CODE >= BOTAN_VERSION_CODE_FOR(3, 12, 0)
    CHECK(wire.client.info().group == name);
#endif
  }
}

TEST_CASE("nothing but AEAD") {
  tls_server_peer server(localhost_certificate(),
                         {.tls13 = false, .ciphers = {"AES-128", "AES-256"}});
  auto wire = make_wire(server);
  CHECK_FALSE(wire.connect());
  CHECK(wire.failure->reason() == "alert_received");
}

TEST_CASE("application protocols") {
  const bool tls13 = GENERATE(true, false);
  SECTION("none offered, none agreed on") {
    tls_server_peer server(localhost_certificate(), {.tls13 = tls13, .alpn = {"h2"}});
    auto wire = make_wire(server, "localhost", context_trusting(), {});
    REQUIRE(wire.connect());
    CHECK(wire.client.info().alpn.empty());
  }
  SECTION("the server chooses") {
    tls_server_peer server(localhost_certificate(), {.tls13 = tls13, .alpn = {"h2", "http/1.1"}});
    auto wire = make_wire(server, "localhost", context_trusting(), {"http/1.1", "h2"});
    REQUIRE(wire.connect());
    CHECK(wire.client.info().alpn == "h2");
  }
  SECTION("the server says nothing") {
    tls_server_peer server(localhost_certificate(), {.tls13 = tls13});
    auto wire = make_wire(server);
    REQUIRE(wire.connect());
    CHECK(wire.client.info().alpn.empty());
  }
  SECTION("none fits") {
    tls_server_peer server(localhost_certificate(),
                           {.tls13 = tls13, .alpn = {"h3"}, .refuse_alpn = true});
    auto wire = make_wire(server);
    CHECK_FALSE(wire.connect());
    CHECK(wire.failure->reason() == "no_application_protocol");
    CHECK(wire.failure->alert() == "no_application_protocol");
  }
}

TEST_CASE("a server that chooses a protocol that was not offered") {
  const bool tls13 = GENERATE(true, false);
  tls_server_peer server(localhost_certificate(), {.tls13 = tls13, .force_alpn = "spdy/3"});
  auto wire = make_wire(server);
  CHECK_FALSE(wire.connect());
  REQUIRE(wire.failure);
  CHECK(wire.failure->category() == error_category::tls);
  CHECK_FALSE(wire.client.handshake_done());
}

#if BOTAN_VERSION_CODE >= BOTAN_VERSION_CODE_FOR(3, 13, 0)
TEST_CASE("such a choice is refused where it is made") {  // before, at the end of the handshake
  tls_server_peer server(localhost_certificate(), {.tls13 = false, .alpn = {"http/1.1"}});
  auto wire = make_wire(server);
  REQUIRE(wire.start());
  server.receive(wire.client.outgoing().data());
  wire.client.outgoing().clear();
  const auto at = server.outgoing.text().find("http/1.1");
  REQUIRE(at != std::string_view::npos);
  server.outgoing.data()[at + 7] = std::byte{'0'};
  wire.shuttle();
  REQUIRE(wire.failure);
  CHECK(wire.failure->alert() == "illegal_parameter");
  CHECK_THAT(wire.failure->what(), Catch::Matchers::ContainsSubstring("ALPN"));
}
#endif

TEST_CASE("a server that asks for a certificate") {
  const bool tls13 = GENERATE(true, false);
  tls_server_peer asking(localhost_certificate(), {.tls13 = tls13, .ask_client_certificate = true});
  auto fine = make_wire(asking);
  CHECK(fine.connect());

  tls_server_peer insisting(localhost_certificate(),
                            {.tls13 = tls13, .require_client_certificate = true});
  auto refused = make_wire(insisting);
  refused.connect();
  REQUIRE(refused.failure);
  CHECK(refused.failure->reason() == "alert_received");
}

TEST_CASE("new keys while talking") {
  tls_server_peer server(localhost_certificate());
  auto wire = make_wire(server);
  REQUIRE(wire.connect());
  server.send("one");
  server.update_keys(true);
  server.send("two");
  wire.shuttle();
  REQUIRE(wire.client.send(std::as_bytes(std::span("three", 5))));
  wire.shuttle();
  CHECK(wire.plaintext.text() == "onetwo");
  CHECK(server.received == "three");
  CHECK_FALSE(wire.failure);
}

TEST_CASE("renegotiation ends the connection") {
  tls_server_peer server(localhost_certificate(), {.tls13 = false});
  auto wire = make_wire(server);
  REQUIRE(wire.connect());
  server.send("before");
  for (int i = 0; i < 10'000; ++i) server.renegotiate();
  wire.shuttle();
  CHECK(wire.plaintext.text() == "before");
  REQUIRE(wire.failure);
  CHECK(wire.failure->category() == error_category::tls);
  CHECK(wire.failure->reason() == "renegotiation");
  CHECK(wire.failure->alert() == "no_renegotiation");
  CHECK(server.alerts == std::vector<std::string>{"no_renegotiation"});
}

TEST_CASE("any number of key updates is answered by one, with the next data") {
  tls_server_peer server(localhost_certificate());
  auto wire = make_wire(server);
  REQUIRE(wire.connect());
  for (int i = 0; i < 1000; ++i) {
    server.update_keys(true);
    const std::vector<std::byte> records(server.outgoing.data().begin(),
                                         server.outgoing.data().end());
    server.outgoing.clear();
    wire.check(wire.receive(records));
    REQUIRE_FALSE(wire.failure);
    REQUIRE(wire.client.outgoing().empty());
  }
  REQUIRE(wire.client.send(std::as_bytes(std::span("fine", 4))));
  wire.shuttle();
  CHECK(server.received == "fine");
}
