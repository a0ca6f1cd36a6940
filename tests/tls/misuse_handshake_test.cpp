// The misuse matrix, handshakes and records: what a peer, or somebody on the way, does to them.
#include "record_forge.hpp"
#include "support.hpp"

#include <botan/tls_alert.h>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

using namespace cohttps;
using namespace cohttps::testing;
using Catch::Matchers::ContainsSubstring;

namespace {

octets to_octets(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

std::string take(buffer& from) {
  std::string taken(from.text());
  from.clear();
  return taken;
}

std::string record(int type, std::string_view content, int version = 3) {
  std::string out{static_cast<char>(type), 3, static_cast<char>(version),
                  static_cast<char>(content.size() >> 8), static_cast<char>(content.size())};
  return out.append(content);
}

// Where each record of `flight` begins, and where the last one ends.
std::vector<std::size_t> records_of(std::string_view flight) {
  std::vector<std::size_t> at{0};
  const auto octet = [&](std::size_t i) { return static_cast<unsigned char>(flight[i]); };
  while (at.back() + 5 <= flight.size())
    at.push_back(at.back() + 5 + octet(at.back() + 3) * 256u + octet(at.back() + 4));
  return at;
}

// A handshake up to the server's first flight, to be changed on its way.
struct interrupted {
  explicit interrupted(tls_server_options options, tls_context context = context_trusting())
      : server(localhost_certificate(), options),
        carried(make_wire(server, "localhost", std::move(context))) {
    REQUIRE(carried.start());
    server.receive(carried.client.outgoing().data());
    carried.client.outgoing().clear();
    flight = take(server.outgoing);
  }
  // What comes of the flight, as it is now; always an error of TLS in the handshake.
  error outcome() {
    carried.check(carried.receive(to_octets(flight)));
    carried.shuttle();
    if (!carried.failure) carried.check(carried.client.end_of_stream());
    REQUIRE(carried.failure);
    CHECK_FALSE(carried.client.handshake_done());
    CHECK(carried.plaintext.empty());
    CHECK(carried.failure->category() == error_category::tls);
    CHECK(carried.failure->phase() == phase::handshake);
    return *carried.failure;
  }

  tls_server_peer server;
  wire carried;
  std::string flight;
};

// A server of TLS 1.2 that takes `suite`, whatever was offered.
std::string server_hello(std::string_view suite, int minor = 3) {
  std::string hello("\x02\x00\x00\x26\x03", 5);
  hello += static_cast<char>(minor);
  hello += std::string(32, 'r') + '\0';
  hello.append(suite) += '\0';
  return record(22, hello, minor);
}

error answered(std::string_view bytes) {
  tls::engine engine(context_trusting(), "localhost", 443, {"http/1.1"});
  REQUIRE(engine.start(std::chrono::system_clock::now()));
  engine.outgoing().clear();
  buffer incoming, plaintext;
  auto outcome = receive_all(engine, incoming, to_octets(bytes), plaintext);
  if (outcome) outcome = engine.end_of_stream();
  REQUIRE_FALSE(outcome);
  CHECK_FALSE(engine.handshake_done());
  return outcome.error();
}

// Opens the protected records of a server's flight of TLS 1.3, lets `change` at the last one, and
// closes them again.
void change_protected(interrupted& handshake, const std::function<void(std::string&)>& change) {
  auto& flight = handshake.flight;
  const auto at = records_of(flight);
  std::size_t last = 0;
  std::uint64_t sequence = 0;
  for (std::size_t i = 0; i + 1 < at.size(); ++i)
    if (flight[at[i]] == 23) last = i, ++sequence;
  REQUIRE(sequence > 0);
  record_forge forge("AES-128/GCM", handshake.server.handshake_secret);
  std::string inner = flight.substr(at[last] + 5, at[last + 1] - at[last] - 5 - 16);
  forge.sequence = sequence - 1;
  const auto stream = forge.seal_inner(std::string(inner.size(), '\0'));
  for (std::size_t i = 0; i < inner.size(); ++i)
    inner[i] = static_cast<char>(inner[i] ^ std::to_integer<char>(stream[5 + i]));
  REQUIRE(inner.back() == 22);
  change(inner);
  forge.sequence = sequence - 1;
  const auto sealed = forge.seal_inner(inner);
  flight.replace(at[last], at[last + 1] - at[last],
                 std::string(reinterpret_cast<const char*>(sealed.data()), sealed.size()));
}

}  // namespace

TEST_CASE("misuse: old versions alone") {
  for (const int minor : {0, 1, 2}) {
    CAPTURE(minor);
    const auto refused = answered(server_hello("\xc0\x2f", minor));
    CHECK(refused.reason() == "unsupported_version");
    CHECK(refused.alert() == "protocol_version");
    CHECK_THAT(refused.what(), ContainsSubstring("TLS 1.2 or 1.3 is needed"));
  }
}

TEST_CASE("misuse: a suite that was not offered") {
  const struct {
    std::string_view name, code;
  } rows[] = {
      {"RC4", {"\x00\x05", 2}},           {"ECDHE with RC4", {"\xc0\x11", 2}},
      {"3DES", {"\x00\x0a", 2}},          {"ECDHE with 3DES", {"\xc0\x12", 2}},
      {"CBC", {"\xc0\x13", 2}},           {"RSA key transport", {"\x00\x9c", 2}},
      {"no encryption", {"\x00\x02", 2}}, {"nothing at all", {"\x00\x00", 2}},
      {"export", {"\x00\x03", 2}},        {"anonymous", {"\xc0\x18", 2}},
  };
  for (const auto& [name, code] : rows) {
    CAPTURE(name);
    const auto refused = answered(server_hello(code));
    CHECK(refused.reason() == "suite_not_offered");
    CHECK(refused.category() == error_category::tls);
    CHECK_THAT(refused.what(), ContainsSubstring("cipher suite"));
  }
}

TEST_CASE("misuse: a Finished that does not add up") {
  interrupted handshake({});
  change_protected(handshake, [](std::string& inner) { inner[inner.size() - 2] ^= 1; });
  const auto refused = handshake.outcome();
  CHECK(refused.reason() == "bad_finished");
  CHECK(refused.alert() == "decrypt_error");
  CHECK_THAT(refused.what(), ContainsSubstring("somebody on the way"));
}

TEST_CASE("misuse: a signature that the certificate's key did not make") {
  SECTION("TLS 1.2") {
    interrupted handshake({.tls13 = false});
    // The signature of ServerKeyExchange is what comes last before ServerHelloDone, of 9 bytes in
    // a record of its own or of 4 in the same one.
    auto& flight = handshake.flight;
    const auto done = flight.rfind(std::string("\x0e\x00\x00\x00", 4));
    REQUIRE(done != std::string::npos);
    const auto at = records_of(flight);
    const bool alone = at[at.size() - 2] + 5 == done;
    flight[(alone ? at[at.size() - 2] : done) - 1] ^= 1;
    CHECK(handshake.outcome().reason() == "bad_handshake_signature");
  }
  SECTION("TLS 1.3") {
    interrupted handshake({});
    change_protected(handshake, [](std::string& inner) {
      // Finished has 4 + 32 bytes; before it CertificateVerify ends.
      inner[inner.size() - 1 - 36 - 1] ^= 1;
    });
    const auto refused = handshake.outcome();
    CHECK(refused.reason() == "bad_handshake_signature");
    CHECK_THAT(refused.what(), ContainsSubstring("does not have the key"));
  }
}

TEST_CASE("misuse: a downgrade that the server's random tells of") {
  // RFC 8446, 4.1.3: a server that can do better says so in what it signs.
  for (const std::string_view sentinel :
       {std::string_view("DOWNGRD\x01", 8), std::string_view("DOWNGRD\x00", 8)}) {
    interrupted handshake({.tls13 = false});
    REQUIRE(handshake.flight.size() > 43);
    handshake.flight.replace(5 + 4 + 2 + 24, 8, sentinel);
    const auto refused = handshake.outcome();
    CHECK(refused.reason() == "downgrade");
    CHECK(refused.alert() == "illegal_parameter");
    CHECK_THAT(refused.what(), ContainsSubstring("somebody on the way"));
  }
}

TEST_CASE("misuse: a record that is cut off") {
  const bool tls13 = GENERATE(true, false);
  CAPTURE(tls13);
  SECTION("in the handshake") {
    interrupted handshake({.tls13 = tls13});
    handshake.flight.resize(handshake.flight.size() - 1);
    CHECK(handshake.outcome().reason() == "peer_closed");
  }
  SECTION("after it") {
    tls_server_peer server(localhost_certificate(), {.tls13 = tls13});
    auto carried = make_wire(server);
    REQUIRE(carried.connect());
    server.send("all of it, but for the last byte");
    auto bytes = take(server.outgoing);
    bytes.pop_back();
    REQUIRE(carried.receive(to_octets(bytes)));
    const auto end = carried.client.end_of_stream();
    REQUIRE_FALSE(end);
    CHECK(end.error().reason() == "truncated");
    CHECK(end.error().category() == error_category::peer_closed);
    CHECK(carried.plaintext.empty());
  }
}

TEST_CASE("misuse: warnings without end") {
  std::string flood;
  for (int i = 0; i < 100; ++i) flood += record(21, std::string("\x01\x70", 2));
  SECTION("before an answer") {
    const auto refused = answered(flood);
    CHECK(refused.reason() == "too_many_alerts");
    CHECK_THAT(refused.what(),
               ContainsSubstring("8 warning alerts") && ContainsSubstring("unrecognized_name"));
  }
  SECTION("a few are borne") {
    interrupted handshake({.tls13 = false});
    for (int i = 0; i < 3; ++i) handshake.flight.insert(0, record(21, std::string("\x01\x70", 2)));
    REQUIRE(handshake.carried.receive(to_octets(handshake.flight)));
    handshake.carried.shuttle();
    CHECK(handshake.carried.client.handshake_done());
  }
  SECTION("on the connection") {
    tls_server_peer server(localhost_certificate(), {.tls13 = false});
    auto carried = make_wire(server);
    REQUIRE(carried.connect());
    for (int i = 0; i < 100; ++i) server.warn(Botan::TLS::AlertType::UnrecognizedName);
    carried.shuttle();
    REQUIRE(carried.failure);
    CHECK(carried.failure->reason() == "too_many_alerts");
    CHECK(carried.failure->category() == error_category::tls);
  }
}

TEST_CASE("misuse: a message of the handshake that is huge") {
  SECTION("announced in the clear") {
    for (const char type : {char(2), char(11)}) {  // ServerHello, Certificate
      std::string flight = record(22, std::string{type, 0x7f, 0, 0} + std::string(1000, 'x'));
      // Some versions of Botan do not look at what is announced.
      for (int i = 0; i < 20; ++i) flight += record(22, std::string(16'000, 'x'));
      const auto refused = answered(flight);
      CHECK(refused.category() == error_category::tls);
      CHECK(refused.reason() == "handshake_too_large");
      CHECK_THAT(refused.what(), ContainsSubstring("KiB") && ContainsSubstring("certificates"));
    }
  }
  SECTION("announced under the keys of the handshake") {
    interrupted handshake({});
    change_protected(handshake, [](std::string& inner) {
      inner = std::string("\x0b\x7f\x00\x00", 4) + std::string(1000, 'x') + '\x16';
    });
    CHECK(handshake.outcome().category() == error_category::tls);
  }
}

TEST_CASE("misuse: a handshake of many empty or tiny pieces comes to an end") {
  interrupted handshake({.tls13 = false});
  std::string tiny;
  const auto at = records_of(handshake.flight);
  for (std::size_t i = 0; i + 1 < at.size(); ++i)
    for (std::size_t b = at[i] + 5; b < at[i + 1]; ++b)
      tiny += record(handshake.flight[at[i]], handshake.flight.substr(b, 1));
  handshake.flight = tiny;
  const auto outcome = handshake.carried.receive(to_octets(tiny));
  handshake.carried.shuttle();
  CHECK((handshake.carried.client.handshake_done() || !outcome));  // either, but not for ever
}

TEST_CASE("misuse: renegotiation") {
  tls_server_peer server(localhost_certificate(), {.tls13 = false});
  auto carried = make_wire(server);
  REQUIRE(carried.connect());
  SECTION("ends the connection") {
    server.renegotiate();
    carried.shuttle();
    CHECK(server.alerts == std::vector<std::string>{"no_renegotiation"});
    REQUIRE(carried.failure);
    CHECK(carried.failure->reason() == "renegotiation");
  }
  SECTION("without keys is refused") {
    carried.check(carried.receive(to_octets(record(22, std::string("\x00\x00\x00\x00", 4)))));
    REQUIRE(carried.failure);
    CHECK(carried.failure->reason() == "bad_record");
    CHECK(carried.plaintext.empty());
  }
}
