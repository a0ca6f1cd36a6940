// What the client sends over TLS 1.3, record by record, and what never leaves it.
#include "openssl_server.hpp"
#include "record_forge.hpp"
#include "support.hpp"
#include "tcp_client.hpp"

#include <cohttps/tls/policy.hpp>
#include <cohttps/tls/record/record.hpp>
#include <cohttps/tls/session.hpp>

#include <botan/hex.h>
#include <botan/tls_alert.h>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

using namespace cohttps;
using namespace cohttps::testing;

namespace {

std::span<const std::byte> bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

octets take(buffer& from) {
  octets taken(from.data().begin(), from.data().end());
  from.clear();
  return taken;
}

std::string cipher_named(const char* cipher) { return cipher; }

// A connection whose client has sent its first data, and the client's keys.
struct talk {
  explicit talk(const std::string& cipher = "AES-128/GCM", tls_options with = {})
      : server(localhost_certificate(), {.ciphers = {cipher}}),
        wire(make_wire(server, "localhost", context(std::move(with)))),
        mine(cipher, std::vector<std::uint8_t>(cipher == "AES-256/GCM" ? 48 : 32)) {
    REQUIRE(wire.connect());
    mine = record_forge(cipher, server.secrets["CLIENT_TRAFFIC_SECRET_0"]);
    say("first");
  }
  static tls_context context(tls_options with) {
    with.system_roots = false;
    with.root_pem = test_authority().certificate_pem();
    return tls_context::create(with).value();
  }
  // Sends, and checks that it was with the next key, sequence number and no other record.
  void say(const std::string& text) {
    REQUIRE(wire.client.send(bytes(text)));
    octets expected;
    for (std::size_t at = 0; at < text.size(); at += 16384) {
      const auto record = mine.seal(23, text.substr(at, 16384));
      expected.insert(expected.end(), record.begin(), record.end());
    }
    const auto sent = take(wire.client.outgoing());
    REQUIRE((sent == expected));
    server.received.clear();
    REQUIRE(server.receive(sent));
    REQUIRE(server.received == text);
  }
  // The client's last record is this alert.
  void alerts(Botan::TLS::AlertType type) {
    CHECK(wire.failure);
    const std::string content{2, static_cast<char>(type)};
    const auto sent = take(wire.client.outgoing());
    CHECK((sent == mine.seal(21, content)));
    server.receive(sent);
    CHECK(server.alerts == std::vector{Botan::TLS::Alert(type).type_string()});
    CHECK_FALSE(wire.client.send(bytes("late")));
    wire.client.close();
    CHECK(wire.client.outgoing().empty());
  }
  void hear(const octets& record) { wire.check(wire.receive(record)); }

  tls_server_peer server;
  struct wire wire;
  record_forge mine;
};

}  // namespace

TEST_CASE("no size of records is agreed on, and there is no padding") {
  // What is sealed here knows neither (RFC 8449; RFC 8446, 5.4).
  for (const auto preset : {tls_preset::standard, tls_preset::modern, tls_preset::compatible}) {
    const auto policy = tls::client_policy::create({.preset = preset}).value();
    CHECK_FALSE(policy->record_size_limit());
#if BOTAN_VERSION_CODE >= BOTAN_VERSION_CODE_FOR(3, 13, 0)
    CHECK(policy->record_padding_bytes(100) == 0);
#endif
  }
}

TEST_CASE("each record has the next sequence number, from the first on") {
  const auto cipher = cipher_named(GENERATE("AES-128/GCM", "AES-256/GCM", "ChaCha20Poly1305"));
  CAPTURE(cipher);
  talk with(cipher);
  for (const std::size_t size : {1u, 100u, 16383u, 16384u, 16385u, 70'000u, 400'000u})
    with.say(std::string(size, 'u'));
  with.server.send(std::string(50'000, 'd'));
  with.wire.shuttle();
  CHECK(with.wire.plaintext.size() == 50'000);
  with.say("last");
  CHECK_FALSE(with.wire.failure);
}

TEST_CASE("first data of more than one record") {
  const auto cipher = cipher_named(GENERATE("AES-128/GCM", "ChaCha20Poly1305"));
  const std::size_t size = GENERATE(16384u, 16385u, 100'000u);
  tls_server_peer server(localhost_certificate(), {.ciphers = {cipher}});
  auto wire = make_wire(server);
  REQUIRE(wire.connect());
  const std::string content(size, 'c');
  REQUIRE(wire.client.send(bytes(content)));
  record_forge mine(cipher, server.secrets["CLIENT_TRAFFIC_SECRET_0"]);
  octets expected;
  for (std::size_t at = 0; at < size; at += 16384) {
    const auto record = mine.seal(23, content.substr(at, 16384));
    expected.insert(expected.end(), record.begin(), record.end());
  }
  CHECK((take(wire.client.outgoing()) == expected));
}

TEST_CASE("new keys that the server asks for are answered once, before the next data") {
  const auto cipher = cipher_named(GENERATE("AES-128/GCM", "AES-256/GCM", "ChaCha20Poly1305"));
  std::vector<std::string> lines;
  talk with(cipher, {.key_log = [&](std::string_view line) { lines.emplace_back(line); }});
  for (int round = 1; round <= 3; ++round) {
    with.server.update_keys(true);
    with.server.update_keys(true);
    with.server.send("with new keys");
    with.wire.shuttle();
    REQUIRE_FALSE(with.wire.failure);
    REQUIRE(with.wire.client.send(bytes("data")));
    const auto sent = take(with.wire.client.outgoing());
    auto expected = with.mine.seal(22, key_update(false));
    with.mine.update();
    const auto record = with.mine.seal(23, "data");
    expected.insert(expected.end(), record.begin(), record.end());
    CHECK((sent == expected));
    REQUIRE(with.server.receive(sent));
    with.say("more");
    // A log has the new secrets of both directions, as the server has them.
    for (const auto& label : {"CLIENT_TRAFFIC_SECRET_" + std::to_string(round),
                              "SERVER_TRAFFIC_SECRET_" + std::to_string(2 * round)}) {
      const auto secret = Botan::hex_encode(with.server.secrets[label], false);
      REQUIRE_FALSE(secret.empty());
      CHECK(std::ranges::count_if(lines, [&](const std::string& line) {
              return line.starts_with(label + ' ') && line.ends_with(' ' + secret) &&
                     line.size() == label.size() + 1 + 64 + 1 + secret.size();
            }) == 1);
    }
  }
}

TEST_CASE("new keys that the server asks for before the first data") {
  tls_server_peer server(localhost_certificate());
  auto wire = make_wire(server);
  REQUIRE(wire.connect());
  server.update_keys(true);
  server.send("early");
  wire.shuttle();
  CHECK(wire.plaintext.text() == "early");
  CHECK(wire.client.outgoing().empty());
  for (const auto* text : {"one", "two", "three"}) REQUIRE(wire.client.send(bytes(text)));
  wire.shuttle();
  CHECK(server.received == "onetwothree");
  CHECK(server.secrets.contains("CLIENT_TRAFFIC_SECRET_1"));
  server.update_keys(true);
  wire.shuttle();
  REQUIRE(wire.client.send(bytes("four")));
  wire.shuttle();
  CHECK(server.received == "onetwothreefour");
  CHECK(server.secrets.contains("CLIENT_TRAFFIC_SECRET_2"));
  CHECK_FALSE(server.secrets.contains("CLIENT_TRAFFIC_SECRET_3"));
}

TEST_CASE("alerts are sealed with the next sequence number, and nothing follows them") {
  using enum Botan::TLS::AlertType;
  const bool idle = GENERATE(true, false);  // without what Botan kept, or with it
  CAPTURE(idle);
  talk with;
  with.server.send("data");
  with.wire.shuttle();
  if (idle) with.wire.client.release_memory();
  with.say("more");
  const auto next = [&] {  // what the server would send
    with.server.send("answer");
    return take(with.server.outgoing);
  };
  SECTION("a tampered answer") {
    auto record = next();
    record[8] ^= std::byte{1};
    with.hear(record);
    with.alerts(BadRecordMac);
  }
  SECTION("an answer that comes twice") {
    const auto record = next();
    with.hear(record);
    with.hear(record);
    with.alerts(BadRecordMac);
  }
  SECTION("a header of another type") {
    with.hear({std::byte{25}, std::byte{3}, std::byte{3}, std::byte{0}, std::byte{9}});
    with.alerts(UnexpectedMessage);
  }
  SECTION("an unprotected record") {
    with.hear({std::byte{21}, std::byte{3}, std::byte{3}, std::byte{0}, std::byte{2}, std::byte{1},
               std::byte{0}});
    with.alerts(UnexpectedMessage);
  }
  SECTION("too many warnings") {
    for (int i = 0; i < 9; ++i) with.server.warn(UserCanceled);
    with.hear(take(with.server.outgoing));
    with.alerts(UnexpectedMessage);
  }
}

TEST_CASE("a ticket that Botan refuses is answered by an alert that is not Botan's") {
  talk with;  // the server has sent no tickets, as it keeps no sessions
  record_forge theirs("AES-128/GCM", with.server.traffic_secret);
  with.wire.shuttle();
  with.hear(theirs.seal(22, std::string("\4\0\0\3abc", 7)));
  REQUIRE(with.wire.failure);
  CHECK(with.wire.failure->category() == error_category::tls);
  with.alerts(Botan::TLS::AlertType::DecodeError);
}

TEST_CASE("close_notify is sealed with the next sequence number, and the peer sees it") {
  const bool idle = GENERATE(true, false);
  talk with;
  if (idle) with.wire.client.release_memory();
  with.wire.client.close();
  const auto sent = take(with.wire.client.outgoing());
  CHECK((sent == with.mine.seal(21, std::string("\1\0", 2))));
  REQUIRE(with.server.receive(sent));
  CHECK(with.server.alerts == std::vector<std::string>{"close_notify"});
  with.wire.client.close();
  CHECK(with.wire.client.outgoing().empty());
  CHECK(with.wire.client.send(bytes("x")).error().reason() == "connection_closed");
  // The other direction is open still.
  with.server.send("rest");
  with.server.close();
  with.wire.shuttle();
  CHECK(with.wire.plaintext.text() == "rest");
  CHECK(with.wire.client.peer_closed());
  CHECK(with.wire.client.end_of_stream());
  CHECK(with.wire.client.outgoing().empty());
}

TEST_CASE("data can follow the server's close_notify") {
  talk with;
  with.server.close();
  with.wire.shuttle();
  CHECK(with.wire.client.peer_closed());
  with.say("still");
}

TEST_CASE("a connection lives on without what Botan keeps for it") {
  const auto cipher = cipher_named(GENERATE("AES-128/GCM", "AES-256/GCM", "ChaCha20Poly1305"));
  const bool bound = GENERATE(true, false);
  talk with(cipher, {.channel_binding = bound});
  with.server.send("one");
  with.wire.shuttle();
  const auto binding = with.wire.client.channel_binding();
  REQUIRE(binding);
  for (int i = 0; i < 3; ++i) {
    with.wire.client.release_memory();
    with.say("again");
    with.server.send("answer");
    with.wire.shuttle();
  }
  CHECK(with.wire.plaintext.text() == "oneansweransweranswer");
  CHECK(with.wire.client.info().peer_chain.size() == 1);
  CHECK(with.wire.client.start(with.wire.now));  // changes nothing
  CHECK(with.wire.client.outgoing().empty());
  if (bound)
    CHECK(with.wire.client.channel_binding().value() == *binding);
  else
    CHECK(with.wire.client.channel_binding().error().category() == error_category::usage);
  with.server.update_keys(true);
  with.server.send("new");
  with.wire.shuttle();
  REQUIRE(with.wire.client.send(bytes("mine")));
  with.wire.shuttle();
  CHECK(with.server.received.ends_with("mine"));
  CHECK(with.server.secrets.contains("CLIENT_TRAFFIC_SECRET_1"));
  with.server.alert(Botan::TLS::AlertType::InternalError);
  with.wire.shuttle();
  REQUIRE(with.wire.failure);
  CHECK(with.wire.failure->reason() == "alert_received");
  CHECK(with.wire.failure->alert() == "internal_error");
  CHECK(with.wire.client.outgoing().empty());
}

TEST_CASE("memory is released at any time") {
  const bool tls13 = GENERATE(true, false);
  tls_server_peer server(localhost_certificate(), {.tls13 = tls13});
  auto wire = make_wire(server, "localhost", context_trusting(), {"http/1.1"}, 7);
  wire.client.release_memory();
  REQUIRE(wire.start());
  while (!wire.client.handshake_done()) {
    wire.client.release_memory();
    const auto up = take(wire.client.outgoing());
    server.receive(up);
    REQUIRE(wire.receive(take(server.outgoing)));
  }
  wire.client.release_memory();
  server.send("early");
  wire.shuttle();
  wire.client.release_memory();
  REQUIRE(wire.client.send(bytes("one")));
  wire.client.release_memory();
  wire.shuttle();
  REQUIRE(wire.client.send(bytes("two")));
  wire.shuttle();
  wire.client.release_memory();
  server.send("late");
  wire.shuttle();
  CHECK(wire.plaintext.text() == "earlylate");
  CHECK(server.received == "onetwo");
  wire.client.close();
  wire.shuttle();
  CHECK(server.alerts == std::vector<std::string>{"close_notify"});
}

// ---- keys that are not Botan's

namespace {

// Learns a wrong secret for one of the directions.
class misled_session : public tls::session<> {
 public:
  misled_session(const tls_context& context, std::string label)
      : session(context, "localhost", 443, {}), label_(std::move(label)) {}

 private:
  void tls_ssl_key_log_data(std::string_view label, std::span<const std::uint8_t> random,
                            std::span<const std::uint8_t> secret) const override {
    std::vector<std::uint8_t> told(secret.begin(), secret.end());
    if (label == label_) told.front() ^= 1;
    session::tls_ssl_key_log_data(label, random, told);
  }
  std::string label_;
};

struct misled {
  explicit misled(std::string label)
      : server(localhost_certificate()), client(context_trusting(), std::move(label)) {
    REQUIRE(client.start(std::chrono::system_clock::now()));
    carry();
    REQUIRE(client.activated);
  }
  // Carries all bytes; what the client received is in `got`.
  result<void> carry() {
    for (bool moved = true; moved;) {
      const auto up = take(client.outgoing);
      moved = !up.empty() || !server.outgoing.empty();
      server.receive(up);
      incoming.append(server.outgoing.data());
      server.outgoing.clear();
      while (true) {
        const auto data = client.receive(incoming);
        if (!data) return std::unexpected(data.error());
        if (data->empty()) break;
        got.append(reinterpret_cast<const char*>(data->data()), data->size());
      }
    }
    return {};
  }
  tls_server_peer server;
  misled_session client;
  buffer incoming;
  std::string got;
};

}  // namespace

TEST_CASE("with a wrong secret of the client Botan goes on sealing") {
  const bool server_first = GENERATE(true, false);
  CAPTURE(server_first);
  misled with("CLIENT_TRAFFIC_SECRET_0");
  if (server_first) {
    with.server.send("a");
    REQUIRE(with.carry());
    CHECK(with.got == "a");
    with.got.clear();
  }
  for (const auto* text : {"one", "two"}) REQUIRE(with.client.send(bytes(text)));
  with.server.send("b");
  REQUIRE(with.carry());
  with.server.update_keys(true);
  REQUIRE(with.carry());
  REQUIRE(with.client.send(bytes("three")));
  with.server.send("c");
  REQUIRE(with.carry());
  CHECK(with.server.received == "onetwothree");
  CHECK(with.server.secrets.contains("CLIENT_TRAFFIC_SECRET_1"));
  CHECK(with.got == "bc");
  with.client.release_client();  // changes nothing
  REQUIRE(with.client.send(bytes("four")));
  with.client.close();
  REQUIRE(with.carry());
  CHECK(with.server.received == "onetwothreefour");
  CHECK(with.server.alerts == std::vector<std::string>{"close_notify"});
}

TEST_CASE("with a wrong secret of the server Botan does all, if the server speaks first") {
  misled with("SERVER_TRAFFIC_SECRET_0");
  with.server.send("a");
  with.server.update_keys(true);
  with.server.send("b");
  REQUIRE(with.carry());
  for (const auto* text : {"one", "two"}) REQUIRE(with.client.send(bytes(text)));
  with.server.send("c");
  REQUIRE(with.carry());
  CHECK(with.got == "abc");
  CHECK(with.server.received == "onetwo");
}

TEST_CASE("with a wrong secret of the server the connection fails, if the client speaks first") {
  misled with("SERVER_TRAFFIC_SECRET_0");
  REQUIRE(with.client.send(bytes("one")));
  with.server.send("a");
  const auto failed = with.carry();
  REQUIRE_FALSE(failed);
  CHECK(failed.error().alert() == "bad_record_mac");
  CHECK(with.got.empty());
  with.server.receive(take(with.client.outgoing));
  CHECK(with.server.alerts == std::vector<std::string>{"bad_record_mac"});
}

// ---- another implementation

TEST_CASE("OpenSSL accepts the client's records, of all ciphers and any size") {
  const auto suite =
      GENERATE("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256");
  CAPTURE(suite);
  openssl_server server({"-tls1_3", "-ciphersuites", suite, "-rev"});
  tcp_client client(context_trusting(), server.port(), "localhost", {});
  REQUIRE(client.connect());
  for (const std::size_t size : {1u, 100u, 5'000u, 16'000u}) {
    const std::string line(size, 'x');
    client.plaintext.clear();
    const auto got = client.exchange("A" + line + "\n", "A\n");
    CHECK(got == line + "A\n");
  }
  client.close();
}

TEST_CASE("the switch holds beside a key log") {
  for (const bool own : {true, false}) {
    CAPTURE(own);
    std::size_t lines = 0;
    talk t("AES-128/GCM", {.record_layer = own, .key_log = [&](std::string_view) { ++lines; }});
    CHECK(lines > 0);
    t.wire.client.release_memory();
    // With records of its own, the client lets Botan's go.
    CHECK(t.wire.client.channel_binding().has_value() == !own);
  }
}
