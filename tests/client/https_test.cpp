// The whole way with TLS: what is accepted, and what is refused with which error.
#include "client/support.hpp"

#include <botan/system_rng.h>
#include <botan/tls_session_manager_memory.h>

#include <memory>

using namespace cohttps;
using namespace cohttps::testing;
using namespace std::chrono_literals;

TEST_CASE("https works at any read size, with TLS 1.2 and 1.3, and says what it is") {
  for (bool old : {false, true}) {
    for_each_read_size([&](memory_network& network) {
      scripted_host host;
      host.then(plain_response("secret")).then(plain_response(std::string(100'000, 'z')));
      network.listen("localhost", 443,
                     host.tls(localhost_certificate(), {.tls13 = !old, .alpn = {"http/1.1"}}));
      auto work = [&]() -> task<void> {
        client c(network.transport(), trusting());
        auto first = co_await c.get("https://localhost/");
        CHECK(first.text() == "secret");
        REQUIRE(first.connection().tls);
        CHECK(first.connection().tls->protocol == (old ? "TLS 1.2" : "TLS 1.3"));
        CHECK(first.connection().tls->verified);
        CHECK(first.connection().tls->alpn == "http/1.1");
        CHECK(first.connection().tls->peer_chain.size() == 1);
        auto second = co_await c.get("https://localhost/");
        CHECK(second.text().size() == 100'000);
        CHECK(second.on_reused_connection());
      };
      network.run(work());
      CHECK(host.connections == 1);
      CHECK(network.open_streams == 0);
    });
  }
}

TEST_CASE("a certificate that is not acceptable is refused with its reason; nothing is sent") {
  const auto& ca = test_authority();
  static const certificate_authority other("another root"), impostor;
  struct {
    issued_certificate certificate;
    std::string host, reason;
  } cases[] = {
      {ca.issue({.dns = {"localhost"}, .not_before = -48h, .not_after = -24h}), "localhost",
       "certificate_expired"},
      {ca.issue({.dns = {"localhost"}, .not_before = 24h, .not_after = 48h}), "localhost",
       "certificate_not_yet_valid"},
      {ca.issue({.dns = {"example.com"}}), "localhost", "wrong_host"},
      {ca.issue({.dns = {"localhost"}, .self_signed = true}), "localhost", "self_signed"},
      {other.issue({.dns = {"localhost"}}), "localhost", "unknown_issuer"},
      {impostor.issue({.dns = {"localhost"}}), "localhost", "bad_signature"},  // by a trusted name
  };
  for (auto& c : cases) {
    CAPTURE(c.reason);
    memory_network network;
    scripted_host host;
    host.then(plain_response("never"));
    network.listen(c.host, 443, host.tls(c.certificate));
    auto r = get(network, "https://" + c.host + "/", trusting());
    REQUIRE_FALSE(r);
    CHECK(r.error().category() == error_category::certificate);
    CHECK(r.error().reason() == c.reason);
    CHECK(r.error().phase() == phase::handshake);
    CHECK(r.error().replay() == replay_safety::not_sent);
    CHECK(std::string(r.error().what()).starts_with("https://localhost: "));
    CHECK(host.requests.empty());
    CHECK(network.open_streams == 0);
  }
}

TEST_CASE("who accepts any certificate sees on each connection that nothing was verified") {
  const certificate_authority stranger;
  for (const bool tls13 : {true, false}) {
    memory_network network;
    scripted_host host;
    for (int i = 0; i < 4; ++i) host.then(plain_response("from somebody"));
    network.listen("localhost", 443,
                   host.tls(stranger.issue({.dns = {"example.com"}, .not_after = -1h}),
                            {.tls13 = tls13,
                             .sessions = std::make_shared<Botan::TLS::Session_Manager_In_Memory>(
                                 std::make_shared<Botan::System_RNG>())}));
    auto work = [&]() -> task<void> {
      client_options careless;
      careless.tls = tls_context({.danger = tls::danger::accept_any_certificate{}});
      client c(network.transport(), careless);
      for (const bool fresh : {true, false, true}) {
        if (fresh) c.close_idle();
        const auto got = co_await c.get("https://localhost/");
        CHECK(got.text() == "from somebody");
        CHECK(got.on_reused_connection() == !fresh);
        REQUIRE(got.connection().tls);
        CHECK_FALSE(got.connection().tls->verified);
        CHECK_FALSE(got.connection().tls->resumed);
        CHECK(got.connection().tls->peer_chain.size() == 1);
      }
      // And it is that client's own affair.
      client strict(network.transport(), trusting());
      const auto refused = co_await strict.try_get("https://localhost/");
      REQUIRE_FALSE(refused);
      CHECK(refused.error().category() == error_category::certificate);
    };
    network.run(work());
  }
}

TEST_CASE("content without a length ends with close_notify, and is cut off without") {
  for (auto end : {after::close, after::close_without_notify}) {
    memory_network network;
    scripted_host host;
    host.then("HTTP/1.1 200 OK\r\n\r\nall of it", end);
    network.listen("localhost", 443, host.tls(localhost_certificate()));
    auto r = get(network, "https://localhost/", trusting());
    if (end == after::close) {
      REQUIRE(r);
      CHECK(r->text() == "all of it");
    } else {
      REQUIRE_FALSE(r);
      CHECK(r.error().category() == error_category::peer_closed);
      CHECK(r.error().reason() == "truncated");
    }
  }
}

TEST_CASE("content with a length is whole without close_notify") {
  memory_network network;
  scripted_host host;
  host.then(plain_response("whole"), after::close_without_notify).then(plain_response("again"));
  network.listen("localhost", 443, host.tls(localhost_certificate()));
  auto work = [&]() -> task<void> {
    client c(network.transport(), trusting());
    auto first = co_await c.get("https://localhost/");
    CHECK(first.text() == "whole");
    auto second = co_await c.get("https://localhost/");
    CHECK(second.text() == "again");
  };
  network.run(work());
}

TEST_CASE("a port that does not speak TLS, or closes at once, is an error of the handshake") {
  for (std::string answer : {"HTTP/1.1 400 Bad Request\r\n\r\n", "220 ready\r\n", ""}) {
    memory_network network;
    network.listen("localhost", 443, [answer](memory_stream s) -> task<void> {
      std::byte in[2000];
      auto got = co_await s.read_some(in, {});
      if (!answer.empty() && got) got = co_await s.write_some(std::as_bytes(std::span(answer)), {});
    });
    auto r = get(network, "https://localhost/", trusting());
    REQUIRE_FALSE(r);
    CHECK(r.error().category() == error_category::tls);
    CHECK(r.error().phase() == phase::handshake);
    CHECK(network.open_streams == 0);
  }
}

TEST_CASE("a server that has moved from TLS 1.2 to 1.3 alone is reached without its old session") {
  memory_network network;
  scripted_host old, now;
  tls_server_options v12{.tls13 = false, .alpn = {"http/1.1"}};
  v12.sessions = std::make_shared<Botan::TLS::Session_Manager_In_Memory>(
      std::make_shared<Botan::System_RNG>());
  old.then(plain_response("1")).then(plain_response("2"));
  now.then(plain_response("3")).then(plain_response("4"));
  network.listen("localhost", 443, old.tls(localhost_certificate(), v12));
  auto work = [&]() -> task<void> {
    client c(network.transport(), trusting());
    auto r = co_await c.get("https://localhost/");
    CHECK(r.connection().tls->protocol == "TLS 1.2");
    c.close_idle();
    r = co_await c.get("https://localhost/");
    CHECK(r.connection().tls->resumed);
    c.close_idle();
    network.listen("localhost", 443,
                   now.tls(localhost_certificate(), {.tls12 = false, .alpn = {"http/1.1"}}));
    r = co_await c.post("https://localhost/", {.content = "once"});
    CHECK(r.text() == "3");
    CHECK(r.connection().tls->protocol == "TLS 1.3");
    c.close_idle();
    r = co_await c.get("https://localhost/");
    CHECK(r.text() == "4");
  };
  network.run(work());
  CHECK(now.connections == 3);  // the first of them was offered TLS 1.2
  CHECK(now.requests.size() == 2);
  CHECK(network.open_streams == 0);
}

TEST_CASE("a server of another version without a session is tried once") {
  memory_network network;
  scripted_host host;
  network.listen("localhost", 443, host.tls(localhost_certificate(), {.tls13 = false}));
  client_options options{
      .tls = context_trusting(test_authority().certificate_pem(), tls_version::v1_3)};
  auto r = get(network, "https://localhost/", options);
  REQUIRE_FALSE(r);
  CHECK(r.error().reason() == "unsupported_version");
  CHECK(host.connections == 1);
}
