// Servers that break the rules of HTTP/2: each is refused with the rule's name, whatever the reads.
#include "http2/conversation.hpp"
#include "http2/frames.hpp"
#include "http2/hostile_rules.hpp"

#include <cohttps/http2/session.hpp>

#include <catch2/catch_test_macros.hpp>

#include <optional>
#include <string>

using namespace cohttps;
using namespace cohttps::testing;
using namespace cohttps::testing::frames;

namespace {

struct outcome {
  std::optional<error> connection;
  std::optional<error> stream;
  bool ended = false;
  std::string sent;
};

outcome run(const std::string& all, std::size_t piece) {
  outcome seen;
  http2::session client;
  http2::stream s;
  REQUIRE(client.open(s, get_request().head()));
  for (std::size_t at = 0; at < all.size() && !seen.connection; at += piece) {
    auto got = client.receive(bytes_of(all).subspan(at, std::min(piece, all.size() - at)), {});
    if (!got) seen.connection = got.error();
    (void)s.take_content();
    seen.sent += client.outgoing().text();
    client.outgoing().clear();
  }
  seen.stream = s.failure();
  seen.ended = s.ended();
  return seen;
}

}  // namespace

TEST_CASE("what a server may not do, rule by rule, under every read size") {
  for (const hostile_rule& rule : hostile_rules())
    for (const std::size_t piece : {1u, 5u, 13u, 64u, 1024u, 16384u, 1u << 20}) {
      CAPTURE(rule.name, piece);
      const outcome seen = run(rule.all(), piece);
      using enum hostile_rule::scope;
      if (rule.what == fine) {
        if (seen.connection) FAIL_CHECK(seen.connection->what());
        if (seen.stream) FAIL_CHECK(seen.stream->what());
        CHECK(seen.ended);
        continue;
      }
      if (rule.what == connection) {
        CHECK(seen.connection);
      } else if (seen.connection) {
        FAIL_CHECK(seen.connection->what());
      }
      const auto& e = rule.what == connection ? seen.connection : seen.stream;
      if (!e) {
        FAIL_CHECK("no error");
        continue;
      }
      CHECK(e->reason() == rule.reason);
      CHECK(rule.code_in(seen.sent) == rule.code());
      INFO(e->message());
      if (!rule.section.empty())
        CHECK(e->message().find("RFC 9113, " + std::string(rule.section)) != std::string::npos);
    }
}

TEST_CASE("a peer that does not speak HTTP/2") {
  for (const std::string& bytes :
       {std::string("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"), ping(),
        settings({}, ack), std::string("\x15\x03\x01\0\x02\x02\x46\x15\x03\x01\0\x02\x02\x46", 14),
        std::string(100, '\0')}) {
    CAPTURE(bytes);
    const outcome seen = run(bytes, 1);
    REQUIRE(seen.connection);
    CHECK(seen.connection->category() == error_category::protocol);
    CHECK(seen.connection->message().find("RFC 9113, ") != std::string::npos);
  }
}

TEST_CASE("a server that sends more than the window allows") {
  http2::limits bounds;
  bounds.window = 100'000;
  http2::session client(bounds);
  http2::stream s;
  REQUIRE(client.open(s, get_request().head()));
  REQUIRE(client.receive(bytes_of(hello() + headers(1, status("200"))), {}));
  std::optional<error> failure;
  for (int i = 0; i < 7 && !s.failure(); ++i)
    REQUIRE(client.receive(bytes_of(data(1, std::string(16'384, 'x'))), {}));
  (void)client.outgoing();
  REQUIRE(s.failure());
  CHECK(s.failure()->reason() == "http2_flow_control_error");
  CHECK(s.received() <= 100'000 + 16'384);
}

TEST_CASE("patience comes back with time and with content") {
  using namespace std::chrono;
  const http2::time_point start{hours(1)};
  http2::session client;
  http2::stream s;
  REQUIRE(client.open(s, get_request().head()));
  REQUIRE(client.receive(bytes_of(hello() + headers(1, status("200"))), start));
  const auto pings = [&](int n, http2::time_point at) {
    std::string all;
    for (int i = 0; i < n; ++i) all += ping();
    auto fine = client.receive(bytes_of(all), at);
    client.outgoing().clear();
    return fine.has_value();
  };
  CHECK(pings(900, start));
  CHECK(pings(900, start + seconds(100)));
  for (int i = 0; i < 100; ++i) {
    REQUIRE(client.receive(bytes_of(data(1, std::string(10'000, 'x'))), start + seconds(100)));
    (void)s.take_content();
    client.outgoing().clear();
  }
  CHECK(pings(900, start + seconds(100)));
  CHECK_FALSE(pings(900, start + seconds(100)));
}
