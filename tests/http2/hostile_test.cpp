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
  http2::session client(
      {.head = hostile_head, .fields = hostile_fields, .interim = hostile_interim});
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

TEST_CASE("frames on a stream that the server has ended or reset, while a request is being sent") {
  const std::string ended = headers(1, status("200"), end_headers | end_stream);
  const std::string reset = headers(1, status("200")) + rst_stream(1, 2);
  const std::string priority = frame(2, 0, 1, std::string(4, '\0') + "\x10");
  const std::string trailers = headers(1, line("a", "b"), end_headers | end_stream);
  struct row {
    std::string_view name;
    std::string bytes;
    std::string_view reason = {};  // of the connection's end
  };
  // RFC 9113, 5.1: half-closed (remote), and closed. What comes behind a RST_STREAM is of no use to
  // anybody, and harms nobody.
  for (const row& each : {
           row{"DATA", ended + data(1, "x"), "http2_stream_closed"},
           row{"HEADERS", ended + trailers, "http2_stream_closed"},
           row{"CONTINUATION", ended + continuation(1, "", end_headers), "http2_protocol_error"},
           row{"WINDOW_UPDATE", ended + window_update(1, 1)},
           row{"PRIORITY", ended + priority},
           row{"RST_STREAM", ended + rst_stream(1, 0)},
           row{"DATA behind RST_STREAM", reset + data(1, "x", end_stream)},
           row{"HEADERS behind RST_STREAM", reset + trailers},
           row{"WINDOW_UPDATE behind RST_STREAM", reset + window_update(1, 1)},
           row{"PRIORITY behind RST_STREAM", reset + priority},
       }) {
    CAPTURE(each.name);
    get_request r;
    r.verb = method::post;
    r.length = std::nullopt;
    r.has_content = true;
    http2::session client;
    http2::stream s;
    REQUIRE(client.open(s, r.head()));
    const auto got = client.receive(bytes_of(hello() + each.bytes), {});
    if (each.reason.empty()) {
      if (!got) FAIL_CHECK(got.error().what());
    } else {
      CHECK((!got && got.error().reason() == each.reason));
    }
    if (each.bytes.starts_with(reset)) {
      CHECK_FALSE(s.ended());
      CHECK((s.failure() && s.failure()->reason() == "stream_reset"));
      CHECK(s.received() == 0);
    } else {
      CHECK(s.ended());  // a response that was complete before stays one
    }
  }
}

TEST_CASE("content in answer to HEAD") {
  get_request r;
  r.verb = method::head;
  http2::session client;
  http2::stream s;
  REQUIRE(client.open(s, r.head()));
  const auto content = headers(1, status("200")) + data(1, "x", end_stream);
  REQUIRE(client.receive(bytes_of(hello() + content), {}));
  REQUIRE(s.failure());
  CHECK(s.failure()->reason() == "malformed_response");
  CHECK(s.failure()->message().find("HEAD") != std::string::npos);
}

TEST_CASE("a goodbye that wants HTTP/1.1") {
  http2::session client;
  http2::stream s;
  REQUIRE(client.open(s, get_request().head()));
  REQUIRE(client.receive(bytes_of(hello() + goaway(0, 13)), {}));
  REQUIRE(s.failure());
  CHECK(s.failure()->reason() == "http_1_1_required");
  CHECK(s.failure()->replay() == replay_safety::rejected);
}

TEST_CASE("content of streams that are over is a flood when it is little and much of it") {
  struct {
    std::size_t size, frames;
    bool canceled, flood;
  } cases[] = {{1, 5000, true, true},
               {1, 900, true, false},
               {1, 5000, false, false},
               {100, 5000, true, true},
               {600, 20'000, true, false}};
  for (auto& c : cases) {
    CAPTURE(c.size, c.frames, c.canceled);
    http2::session client;
    http2::stream s;
    REQUIRE(client.open(s, get_request().head()));
    std::string all = settings("") + headers(1, status("200"), end_headers);
    REQUIRE(client.receive(bytes_of(all), {}));
    if (c.canceled) s.cancel();
    result<void> got;
    for (std::size_t i = 0; i < c.frames && got; ++i) {
      got = client.receive(bytes_of(data(1, std::string(c.size, 'x'))), {});
      (void)s.take_content();
      client.outgoing().clear();
    }
    CHECK(got.has_value() != c.flood);
    if (!got) CHECK(got.error().reason() == "http2_flood");
  }
}
