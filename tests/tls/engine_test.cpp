// How an engine is read and closed.
#include "support.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

using namespace cohttps;
using namespace cohttps::testing;

namespace {

std::string_view text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

TEST_CASE("one record's data a call, and the rest stays") {
  const bool tls13 = GENERATE(true, false);
  CAPTURE(tls13);
  tls_server_peer server(localhost_certificate(), {.tls13 = tls13});
  auto wire = make_wire(server);
  REQUIRE(wire.connect());
  server.send("one");
  server.send("two");
  buffer incoming;
  incoming.append(server.outgoing.data().first(server.outgoing.size() - 1));
  const auto last = server.outgoing.data().back();

  CHECK(text(wire.client.receive(incoming).value()) == "one");
  CHECK_FALSE(incoming.empty());
  const auto rest = incoming.size();
  CHECK(wire.client.receive(incoming).value().empty());
  CHECK(incoming.size() == rest);  // a record that is not whole is left alone
  incoming.append(std::span(&last, 1));
  CHECK(text(wire.client.receive(incoming).value()) == "two");
  CHECK(incoming.empty());
  CHECK(wire.client.receive(incoming).value().empty());
}

TEST_CASE("what came before a bad record is given before the error") {
  const bool tls13 = GENERATE(true, false);
  CAPTURE(tls13);
  tls_server_peer server(localhost_certificate(), {.tls13 = tls13});
  auto wire = make_wire(server);
  REQUIRE(wire.connect());
  server.send("good");
  server.send("bad");
  server.outgoing.data().back() ^= std::byte{1};
  CHECK(text(wire.client.receive(server.outgoing).value()) == "good");
  const auto refused = wire.client.receive(server.outgoing);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().alert() == "bad_record_mac");
  CHECK(wire.client.receive(server.outgoing).error().alert() == "bad_record_mac");
}

TEST_CASE("a header is judged before its record is there") {
  const bool tls13 = GENERATE(true, false);
  struct row {
    std::string_view header, alert;
  };
  const auto [header, alert] = GENERATE(row{{"\x17\x03\x03\x48\x01", 5}, "record_overflow"},
                                        row{{"\x17\x03\x03\xff\xff", 5}, "record_overflow"},
                                        row{{"\x18\x03\x03\x00\x01", 5}, "unexpected_message"},
                                        row{{"\x13\x03\x03\x00\x01", 5}, "unexpected_message"},
                                        row{{"\x00\x00\x00\x00\x00", 5}, "unexpected_message"});
  CAPTURE(tls13, static_cast<int>(header[0]), alert);
  tls_server_peer server(localhost_certificate(), {.tls13 = tls13});
  auto wire = make_wire(server);
  REQUIRE(wire.connect());
  wire.check(wire.receive(std::as_bytes(std::span(header))));
  REQUIRE(wire.failure);
  CHECK(wire.failure->reason() == "bad_record");
  CHECK(wire.failure->alert() == alert);
  wire.shuttle();
  CHECK(server.alerts == std::vector<std::string>{std::string(alert)});
}

TEST_CASE("empty records are no data") {
  tls_server_peer server(localhost_certificate(), {.tls13 = true});
  auto wire = make_wire(server);
  REQUIRE(wire.connect());
  server.send("");
  server.send("x");
  wire.shuttle();
  CHECK(wire.plaintext.text() == "x");
  CHECK_FALSE(wire.failure);
}

TEST_CASE("close") {
  const bool tls13 = GENERATE(true, false);
  CAPTURE(tls13);
  tls_server_peer server(localhost_certificate(), {.tls13 = tls13});
  auto wire = make_wire(server);
  wire.client.close();
  CHECK(wire.client.outgoing().empty());
  REQUIRE(wire.connect());  // it did nothing
  wire.client.close();
  const auto size = wire.client.outgoing().size();
  CHECK(size > 5);
  wire.client.close();
  CHECK(wire.client.outgoing().size() == size);
  wire.shuttle();
  CHECK(server.alerts == std::vector<std::string>{"close_notify"});
  if (tls13) {  // the other direction stays open (RFC 8446, 6.1)
    CHECK_FALSE(wire.client.peer_closed());
    server.send("still on its way");
    wire.shuttle();
    CHECK(wire.plaintext.text() == "still on its way");
  } else {
    CHECK(wire.client.peer_closed());
  }
  CHECK_FALSE(wire.failure);
}
