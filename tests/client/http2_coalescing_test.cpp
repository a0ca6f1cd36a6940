// Requests over a connection to another origin of the same server (RFC 9113, 9.1.1).
#include "client/http2_host.hpp"
#include "client/support.hpp"

using namespace cohttps;
using namespace cohttps::testing;
using namespace std::chrono_literals;

namespace {

/// One server at 10.1.0.1 behind several names, all but the last of which its certificate has.
struct shared_server {
  memory_network network;
  http2_host host;
  shared_server() {
    for (const char* name : {"a.example", "b.example", "c.example", "other.test"})
      network.name(name, {"10.1.0.1"});
    network.name("elsewhere.example", {"10.1.0.2"});
    const auto certificate = test_authority().issue(
        {.dns = {"a.example", "b.example", "c.example", "elsewhere.example"}});
    auto serve = host.tls(certificate);
    network.listen("a.example", 443, serve);
    network.listen("a.example", 444, serve);
    network.listen("elsewhere.example", 443, serve);
    host.answer = [](http2_host::served& s, http2_request& r) {
      s.peer.respond(r.id, {{":status", "200"}}, r[":authority"]);
    };
  }
  static client_options how() {
    client_options o = trusting();
    o.http2.coalesce = true;
    return o;
  }
};

}  // namespace

TEST_CASE(
    "origins of one address and one certificate share a connection, where that is asked for") {
  for (const bool asked : {true, false}) {
    CAPTURE(asked);
    shared_server n;
    auto work = [&]() -> task<void> {
      client_options how = shared_server::how();
      how.http2.coalesce = asked;
      client c(n.network.transport(), how);
      for (const char* name : {"a.example", "b.example", "c.example", "b.example"}) {
        auto r = co_await c.get("https://" + std::string(name) + "/");
        CHECK(r.text() == name);
        CHECK(r.url().host() == name);
      }
      CHECK(c.statistics().created == (asked ? 1 : 3));
    };
    n.network.run(work());
    CHECK(n.network.connections == (asked ? 1 : 3));
  }
}

TEST_CASE("what keeps origins apart") {
  shared_server n;
  auto work = [&]() -> task<void> {
    client c(n.network.transport(), shared_server::how());
    (void)co_await c.get("https://a.example/");
    // Another address, another port, a name that the certificate has not.
    (void)co_await c.get("https://elsewhere.example/");
    CHECK(c.statistics().created == 2);
    (void)co_await c.get("https://b.example:444/");
    CHECK(c.statistics().created == 3);
    auto r = co_await c.try_get("https://other.test/");
    REQUIRE_FALSE(r);
    CHECK(r.error().reason() == "wrong_host");
    // Another trust.
    client_options others = shared_server::how();
    others.tls = context_trusting();
    client d(n.network.transport(), others);
    (void)co_await d.get("https://b.example/");
    CHECK(d.statistics().created == 1);
  };
  n.network.run(work());
}

TEST_CASE("a certificate that was not verified is for no other origin") {
  shared_server n;
  auto work = [&]() -> task<void> {
    client_options careless = shared_server::how();
    careless.tls = tls_context({.danger = tls::danger::accept_any_certificate{}});
    client c(n.network.transport(), careless);
    for (const char* name : {"a.example", "b.example"}) {
      const auto r = co_await c.get("https://" + std::string(name) + "/");
      CHECK(r.text() == name);
      CHECK_FALSE(r.connection().tls->verified);
    }
    CHECK(c.statistics().created == 2);
  };
  n.network.run(work());
}

TEST_CASE("an origin that has a connection of its own keeps to it") {
  shared_server n;
  auto work = [&]() -> task<void> {
    client c(n.network.transport(), shared_server::how());
    const std::string url = "https://b.example/";
    (void)co_await c.get(url);
    (void)co_await c.connect("https://a.example/");
    (void)co_await c.get(url);
    CHECK(n.host.connections.front().peer.requests.size() == 2);
  };
  n.network.run(work());
}

TEST_CASE("a misdirected request goes to its own origin, and so do those that follow") {
  shared_server n;
  n.host.answer = [&](http2_host::served& s, http2_request& r) {
    const bool first = &s == &n.host.connections.front();
    const bool wrong = first && r[":authority"] != "a.example";
    s.peer.respond(r.id, {{":status", wrong ? "421" : "200"}}, r.content);
  };
  auto work = [&]() -> task<void> {
    client c(n.network.transport(), shared_server::how());
    (void)co_await c.get("https://a.example/");
    for (int i = 0; i < 2; ++i) {
      auto r = co_await c.post("https://b.example/", {.content = "once"});
      CHECK(r.status() == 200);
      CHECK(r.text() == "once");
    }
    CHECK(c.statistics().created == 2);
    CHECK(n.host.connections.front().peer.requests.size() == 2);
    // Of its own origin the answer is the answer.
    n.host.answer = [](http2_host::served& s, http2_request& r) {
      s.peer.respond(r.id, {{":status", "421"}});
    };
    auto own = co_await c.get("https://a.example/");
    CHECK(own.status() == 421);
  };
  n.network.run(work());
}

TEST_CASE("a shared connection that has gone is no obstacle") {
  shared_server n;
  auto work = [&]() -> task<void> {
    client c(n.network.transport(), shared_server::how());
    (void)co_await c.get("https://a.example/");
    n.host.connections.front().closes = true;
    auto r = co_await c.get("https://b.example/");
    CHECK(r.text() == "b.example");
    c.close_idle();
    auto again = co_await c.get("https://c.example/");
    CHECK(again.text() == "c.example");
  };
  n.network.run(work());
}
