// Peers that are broken, cut off, or mean harm.
#include "support.hpp"

#include <cohttps/tls/session.hpp>

#include <botan/tls_alert.h>
#include <botan/tls_callbacks.h>
#include <botan/tls_exceptn.h>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

using namespace cohttps;
using namespace cohttps::testing;
using Catch::Matchers::ContainsSubstring;

namespace {

using octets = std::vector<std::byte>;

octets bytes_of(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

template <std::size_t N>
octets raw(const char (&literal)[N]) {
  return bytes_of({literal, N - 1});
}

octets take(buffer& from) {
  octets taken(from.data().begin(), from.data().end());
  from.clear();
  return taken;
}

tls::engine started_engine() {
  tls::engine engine(context_trusting(), "localhost", 8443, {"h2", "http/1.1"});
  REQUIRE(engine.start(std::chrono::system_clock::now()));
  engine.outgoing().clear();
  return engine;
}

// What comes of a first answer that is `answer`; always an error.
error answered(const octets& answer, std::size_t split = 16384) {
  auto engine = started_engine();
  buffer incoming;
  buffer plaintext;
  result<void> outcome;
  for (std::size_t at = 0; at < answer.size() && outcome; at += split)
    outcome =
        receive_all(engine, incoming,
                    std::span(answer).subspan(at, std::min(split, answer.size() - at)), plaintext);
  CHECK(plaintext.empty());
  CHECK_FALSE(engine.handshake_done());
  if (outcome) outcome = engine.end_of_stream();
  REQUIRE_FALSE(outcome);
  CHECK(outcome.error().phase() == phase::handshake);
  CHECK(outcome.error().category() == error_category::tls);
  return outcome.error();
}

octets alert_record(int level, int type) {
  return {std::byte{21}, std::byte{3},     std::byte{3},   std::byte{0},
          std::byte{2},  std::byte(level), std::byte(type)};
}

}  // namespace

TEST_CASE("a peer that does not speak TLS") {
  const auto http = answered(bytes_of("HTTP/1.1 400 Bad Request\r\nServer: x\r\n\r\n"));
  CHECK(http.reason() == "not_tls");
  CHECK_THAT(http.what(),
             ContainsSubstring("does not speak TLS on port 8443") &&
                 ContainsSubstring("\"HTTP/1.1 400 Bad Request\", which is plain HTTP"));
  CHECK(answered(bytes_of("HTTP/1.1 400 Bad Request\r\n"), 1).reason() == "not_tls");
  CHECK(answered(bytes_of("220 mail.example ESMTP\r\n")).reason() == "not_tls");
  const auto binary = answered(raw("\x80\x01\x1b[31m"));
  CHECK(binary.reason() == "not_tls");
  CHECK_THAT(binary.what(), ContainsSubstring("\\x80\\x01\\x1b[31m"));
}

TEST_CASE("garbage that starts like a record") {
  CHECK(answered(raw("\x16\x03\x03\xff\xff garbage")).reason() == "record_too_large");
  CHECK(answered(raw("\x16\x03\x03\x00\x04garb")).reason() == "handshake_failed");
  CHECK(answered(raw("\x16\x09\x09\x00\x04garb")).category() == error_category::tls);
  CHECK(answered(raw("\x14\x03\x03\x00\x01\x02")).reason() == "handshake_failed");
}

TEST_CASE("a peer of TLS 1.1") {
  std::string hello("\x02\x00\x00\x26\x03\x02", 6);
  hello += std::string(32, 'r') + std::string("\x00\xc0\x2f\x00", 4);
  const auto refused =
      answered(bytes_of(std::string("\x16\x03\x02\x00\x2a", 5) + hello), GENERATE(1u, 5u, 16384u));
  CHECK(refused.reason() == "unsupported_version");
  CHECK(refused.alert() == "protocol_version");
  CHECK_THAT(refused.what(),
             ContainsSubstring("the client refused") && ContainsSubstring("TLS 1.2 or 1.3"));
}

TEST_CASE("the peer's alerts in the handshake") {
  const auto failure = answered(alert_record(2, 40), GENERATE(1u, 16384u));
  CHECK(failure.reason() == "alert_received");
  CHECK(failure.alert() == "handshake_failure");
  CHECK_THAT(failure.what(), ContainsSubstring("the server sent the alert handshake_failure"));

  CHECK(answered(alert_record(2, 70)).reason() == "unsupported_version");
  CHECK_THAT(answered(alert_record(2, 70)).what(), ContainsSubstring("the server sent"));
  CHECK_THAT(answered(alert_record(2, 112)).what(), ContainsSubstring("no host called localhost"));
  CHECK_THAT(answered(alert_record(2, 120)).what(), ContainsSubstring("h2 http/1.1"));
  CHECK(answered(alert_record(2, 120)).reason() == "no_application_protocol");
  CHECK(answered(alert_record(2, 99)).reason() == "alert_received");
  const auto closed = answered(alert_record(1, 0));
  CHECK(closed.reason() == "peer_closed");
  CHECK(closed.alert() == "close_notify");
  // A warning, then the end.
  const auto warned = answered(alert_record(1, 112));
  CHECK(warned.reason() == "peer_closed");
  CHECK_THAT(warned.what(), ContainsSubstring("after the alert unrecognized_name"));
}

TEST_CASE("the end before an answer") {
  auto engine = started_engine();
  const auto silent = engine.end_of_stream();
  REQUIRE_FALSE(silent);
  CHECK(silent.error().category() == error_category::tls);
  CHECK(silent.error().reason() == "peer_closed");
  CHECK_THAT(silent.error().what(), ContainsSubstring("without an answer"));
}

TEST_CASE("data before the handshake is done reaches nobody") {
  const auto early = answered(raw("\x17\x03\x03\x00\x05hello"));
  CHECK_FALSE(early.alert().empty());

  const bool tls13 = GENERATE(true, false);
  CAPTURE(tls13);
  tls_server_peer server(localhost_certificate(), {.tls13 = tls13});
  auto wire = make_wire(server);
  REQUIRE(wire.start());
  server.receive(wire.client.outgoing().data());
  wire.client.outgoing().clear();
  const octets flight = take(server.outgoing);
  // After each record of the server's flight, data that no key of the connection protects.
  const std::size_t records = [&] {
    std::size_t n = 0;
    for (std::size_t at = 0; at < flight.size(); ++n)
      at += 5 + std::to_integer<std::size_t>(flight[at + 3]) * 256 +
            std::to_integer<std::size_t>(flight[at + 4]);
    return n;
  }();
  CHECK(records >= 2);
  for (std::size_t after = 1; after <= records; ++after) {
    CAPTURE(after);
    tls_server_peer again(localhost_certificate(), {.tls13 = tls13});
    auto probe = make_wire(again);
    REQUIRE(probe.start());
    again.receive(probe.client.outgoing().data());
    probe.client.outgoing().clear();
    octets sent = take(again.outgoing);
    std::size_t at = 0;
    for (std::size_t n = 0; n < after && at < sent.size(); ++n)
      at += 5 + std::to_integer<std::size_t>(sent[at + 3]) * 256 +
            std::to_integer<std::size_t>(sent[at + 4]);
    const octets injected = raw("\x17\x03\x03\x00\x05hello");
    sent.insert(sent.begin() + static_cast<std::ptrdiff_t>(std::min(at, sent.size())),
                injected.begin(), injected.end());
    CHECK_FALSE(probe.receive(sent));
    CHECK(probe.plaintext.empty());
    CHECK_FALSE(probe.client.outgoing().empty());  // the alert
  }
}

TEST_CASE("each byte of the server's flight matters") {
  const bool tls13 = GENERATE(true, false);
  std::size_t tolerated = 0;
  std::size_t size = 1;
  for (std::size_t at = 0; at < size; ++at) {
    CAPTURE(tls13, at);
    tls_server_peer server(localhost_certificate(), {.tls13 = tls13});
    auto wire = make_wire(server);
    REQUIRE(wire.start());
    server.receive(wire.client.outgoing().data());
    wire.client.outgoing().clear();
    octets flight = take(server.outgoing);
    size = flight.size();
    if (at >= size) break;
    flight[at] ^= std::byte{1};
    wire.check(wire.receive(flight));
    if (!wire.failure) {
      wire.shuttle();
      if (wire.client.handshake_done() && server.active()) {
        ++tolerated;
        continue;
      }
      CHECK_FALSE(wire.client.end_of_stream());
    }
    CHECK(wire.plaintext.empty());
  }
  CHECK(size > 500);
  // The version of a record means nothing (RFC 8446, 5.1) and Botan takes any in the first.
  CHECK(tolerated <= 1);
}

TEST_CASE("each byte of a record matters") {
  const bool tls13 = GENERATE(true, false);
  std::size_t size = 1;
  for (std::size_t at = 0; at < size; ++at) {
    CAPTURE(tls13, at);
    tls_server_peer server(localhost_certificate(), {.tls13 = tls13});
    auto wire = make_wire(server);
    REQUIRE(wire.connect());
    server.send("secret");
    octets record = take(server.outgoing);
    size = record.size();
    record[at] ^= std::byte{1};
    wire.check(wire.receive(record));
    CHECK(wire.plaintext.empty());
    if (wire.failure) {
      CHECK(wire.failure->category() == error_category::tls);
      CHECK_FALSE(wire.failure->alert().empty());
      CHECK_FALSE(wire.client.outgoing().empty());
    } else {
      CHECK(wire.client.end_of_stream().error().reason() == "truncated");  // a longer length
    }
  }
  CHECK(size > 20);
}

TEST_CASE("records repeated, exchanged or left out") {
  const bool tls13 = GENERATE(true, false);
  const int how = GENERATE(0, 1, 2);
  CAPTURE(tls13, how);
  tls_server_peer server(localhost_certificate(), {.tls13 = tls13});
  auto wire = make_wire(server);
  REQUIRE(wire.connect());
  server.send("one");
  const octets first = take(server.outgoing);
  server.send("two");
  const octets second = take(server.outgoing);
  if (how == 0) {
    CHECK(wire.receive(first));
    CHECK_FALSE(wire.receive(first));
    CHECK(wire.plaintext.text() == "one");
  } else if (how == 1) {
    CHECK_FALSE(wire.receive(second));
    CHECK_FALSE(wire.receive(first));
    CHECK(wire.plaintext.empty());
  } else {
    const auto outcome = wire.receive(second);
    REQUIRE_FALSE(outcome);
    CHECK(outcome.error().reason() == "bad_record");
    CHECK(outcome.error().alert() == "bad_record_mac");
    CHECK(wire.plaintext.empty());
    wire.shuttle();
    CHECK(server.alerts.front() == "bad_record_mac");
  }
}

TEST_CASE("an end without close_notify") {
  const bool tls13 = GENERATE(true, false);
  tls_server_peer server(localhost_certificate(), {.tls13 = tls13});
  auto wire = make_wire(server);
  REQUIRE(wire.connect());
  server.send("part");
  wire.shuttle();
  CHECK(wire.plaintext.text() == "part");
  const auto end = wire.client.end_of_stream();
  REQUIRE_FALSE(end);
  CHECK(end.error().category() == error_category::peer_closed);
  CHECK(end.error().reason() == "truncated");
}

TEST_CASE("what follows close_notify is ignored") {
  const bool tls13 = GENERATE(true, false);
  tls_server_peer server(localhost_certificate(), {.tls13 = tls13});
  auto wire = make_wire(server);
  REQUIRE(wire.connect());
  server.send("all");
  server.close();
  const bool at_once = GENERATE(true, false);
  CAPTURE(tls13, at_once);
  if (at_once) server.outgoing.append(raw("\x17\x03\x03\x00\x05 more"));
  wire.shuttle();
  CHECK_FALSE(wire.failure);
  CHECK(wire.client.peer_closed());
  CHECK(wire.receive(raw("\x17\x03\x03\x00\x05 more")));
  CHECK(wire.plaintext.text() == "all");
  CHECK(wire.client.end_of_stream());
  const auto sent = wire.client.send(std::as_bytes(std::span("late", 4)));
  if (tls13) {
    CHECK(sent);  // the other direction is still open (RFC 8446, 6.1)
    wire.shuttle();
    CHECK(server.received == "late");
  } else {
    REQUIRE_FALSE(sent);
    CHECK(sent.error().category() == error_category::peer_closed);
  }
}

TEST_CASE("the peer's alert on the connection") {
  const bool tls13 = GENERATE(true, false);
  tls_server_peer server(localhost_certificate(), {.tls13 = tls13});
  auto wire = make_wire(server);
  REQUIRE(wire.connect());
  server.send("before");
  server.alert(Botan::TLS::AlertType::InternalError);
  wire.shuttle();
  CHECK(wire.plaintext.text() == "before");
  REQUIRE(wire.failure);
  CHECK(wire.failure->reason() == "alert_received");
  CHECK(wire.failure->alert() == "internal_error");
  CHECK(wire.failure->phase() == phase::none);
  CHECK_THAT(wire.failure->what(), ContainsSubstring("the server sent the alert internal_error"));
}

TEST_CASE("calls out of order") {
  tls::engine engine(context_trusting(), "localhost", 443, {});
  buffer incoming;
  CHECK(engine.receive(incoming).error().reason() == "not_started");
  CHECK(engine.send({}).error().reason() == "handshake_not_done");
  engine.close();
  CHECK(engine.outgoing().empty());
  REQUIRE(engine.start(std::chrono::system_clock::now()));
  const auto size = engine.outgoing().size();
  REQUIRE(engine.start(std::chrono::system_clock::now()));
  CHECK(engine.outgoing().size() == size);
  CHECK(engine.receive(incoming).value().empty());

  tls::engine moved = std::move(engine);
  CHECK(moved.outgoing().size() == size);

  for (const auto* host : {"", "exa mple.com", "[::1]",
                           "b\xc3\xbc"
                           "cher.example",
                           "1.2.3"}) {
    CAPTURE(host);
    tls::engine bad(context_trusting(), host, 443, {});
    const auto outcome = bad.start(std::chrono::system_clock::now());
    REQUIRE_FALSE(outcome);
    CHECK(outcome.error().category() == error_category::usage);
    CHECK(bad.outgoing().empty());
  }

  tls_server_peer server(localhost_certificate());
  auto wire = make_wire(server);
  REQUIRE(wire.connect());
  wire.client.close();
  wire.client.close();
  CHECK(wire.client.send(std::as_bytes(std::span("x", 1))).error().reason() == "connection_closed");
}

TEST_CASE("data that Botan passes on before the handshake is done is refused all the same") {
  tls::session session(context_trusting(), "localhost", 443, {});
  REQUIRE(session.start(std::chrono::system_clock::now()));
  Botan::TLS::Callbacks& hooks = session;
  const std::uint8_t data[] = {'x'};
  CHECK_THROWS_AS(hooks.tls_record_received(0, data), Botan::TLS::TLS_Exception);
}
