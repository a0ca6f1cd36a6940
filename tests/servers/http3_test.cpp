// HTTP/3 with Caddy, and with servers that have no HTTP/3.
#ifdef COHTTPS_HAS_NGTCP2

#include "servers/client_support.hpp"
#include "servers/http2_servers.hpp"
#include "servers/http3_servers.hpp"
#include "servers/udp_relay.hpp"
#include "servers/unbound.hpp"

#include <cohttps/cohttps.hpp>
#include <cohttps/dns_over_https.hpp>
#include <cohttps/http3.hpp>
#include <cohttps/task/when_all.hpp>
#include <cohttps/transport/sleep.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

using namespace cohttps;
using namespace cohttps::testing;
using namespace std::chrono_literals;

namespace {

/// The server of this name, for all test cases.
struct served_site {
  explicit served_site(std::string_view name) : server(site, name) {}
  http2_site site;
  http3_server server;
};
served_site& served_by(const std::string& name) {
  static std::map<std::string, std::unique_ptr<served_site>> all;
  auto& one = all[name];
  if (!one) one = std::make_unique<served_site>(name);
  return *one;
}
served_site& caddy() { return served_by("caddy"); }

client_options options_for(const http2_site& site, http_versions versions,
                           const http3_options& http3 = {}) {
  client_options options;
  options.tls = tls_context({.system_roots = false, .root_pem = site.root_pem()});
  options.versions = versions;
  options.http3 = make_http3(http3);
  return options;
}

/// The same, with the addresses of the relay in place of those of the server.
client_options through(const udp_relay& relay, client_options options) {
  options.resolve = {{"localhost", relay.port(), "127.0.0.1"}};
  return options;
}

std::string url_at(std::uint16_t port, std::string_view path) {
  return "https://localhost:" + std::to_string(port) + std::string(path);
}

}  // namespace

TEST_CASE("real servers: HTTP/3 alone", "[http3]") {
  const std::string name = GENERATE("caddy", "nginx", "aioquic");
  CAPTURE(name);
  auto& [site, server] = served_by(name);
  run([&]() -> task<void> {
    client c(options_for(site, http_versions::http_3));
    const std::string small = server.url("/small.txt"), large = server.url("/large.bin");
    auto first = co_await c.get(small);
    CHECK(first.status() == 200);
    CHECK(first.content() == site.small);
    CHECK(first.connection().protocol == "HTTP/3");
    REQUIRE(first.connection().tls);
    CHECK(first.connection().tls->verified);
    CHECK(first.connection().tls->alpn == "h3");
    CHECK(first.connection().tls->protocol == "TLS 1.3");
    auto second = co_await c.get(large);
    CHECK((second.content() == site.large));
    CHECK(second.on_reused_connection());
    auto head = co_await c.head(large);
    CHECK(head.status() == 200);
    CHECK(head.content().empty());
    auto none = co_await c.get(server.url("/none"));
    CHECK(none.status() == 404);
  }());
}

TEST_CASE("real servers: a second HTTP/3 connection resumes the session", "[http3]") {
  const std::string name = GENERATE("caddy", "nginx", "aioquic");
  CAPTURE(name);
  auto& [site, server] = served_by(name);
  run([&]() -> task<void> {
    client c(options_for(site, http_versions::http_3));
    const std::string small = server.url("/small.txt");
    bool resumed = false;
    // The ticket may come behind the response, and a connection that is closed at once has none.
    for (int i = 0; i < 10 && !resumed; ++i) {
      auto r = co_await c.get(small);
      CHECK(r.content() == site.small);
      if (i == 0) CHECK_FALSE(r.connection().tls->resumed);
      resumed = r.connection().tls->resumed;
      CHECK(r.connection().tls->verified);
      co_await sleep_for(c.transport(), 10ms);
      c.close_idle();
    }
    CHECK(resumed);
  }());
}

TEST_CASE("real servers: 1,000 requests, one after another and side by side", "[http3]") {
  const std::string name = GENERATE("caddy", "nginx", "aioquic");
  CAPTURE(name);
  auto& [site, server] = served_by(name);
  run([&]() -> task<void> {
    client c(options_for(site, http_versions::http_3));
    const std::string small = server.url("/small.txt");
    const auto ask = [](client& with, const std::string& url) -> task<std::size_t> {
      std::size_t right = 0;
      for (int i = 0; i < 10; ++i) {
        auto r = co_await with.get(url);
        right += r.status() == 200 && r.connection().protocol == "HTTP/3";
      }
      co_return right;
    };
    std::vector<task<std::size_t>> all;
    for (int i = 0; i < 100; ++i) all.push_back(ask(c, small));
    const auto counts = co_await when_all(std::move(all));
    std::size_t right = 0;
    for (const std::size_t each : counts) right += each;
    CHECK(right == 1000);
  }());
}

TEST_CASE("caddy: content goes up, and a canceled request leaves the others alone", "[http3]") {
  auto& [site, server] = caddy();
  run([&]() -> task<void> {
    client c(options_for(site, http_versions::http_3));
    const std::string url = server.url("/small.txt"), large = server.url("/large.bin");
    const std::string content(3 << 20, 'u');
    auto put = co_await c.put(url, {.content = content});
    CHECK(put.connection().protocol == "HTTP/3");
    auto kept = co_await c.stream(method::get, large);
    std::string all;
    const auto add = [&](std::span<const std::byte> part) {
      all.append(reinterpret_cast<const char*>(part.data()), part.size());
    };
    auto part = co_await kept.read();
    add(part);
    {
      auto dropped = co_await c.stream(method::get, large);
      CHECK(dropped.status() == 200);
    }
    while (true) {
      auto more = co_await kept.read();
      if (more.empty()) break;
      add(more);
    }
    CHECK((all == site.large));
    auto after = co_await c.get(url);
    CHECK(after.on_reused_connection());
  }());
}

TEST_CASE("real servers: a wrong authority and a wrong name are refused", "[http3]") {
  const std::string name = GENERATE("caddy", "nginx", "aioquic");
  CAPTURE(name);
  auto& [site, server] = served_by(name);
  run([&]() -> task<void> {
    const http2_site other;
    const std::string small = server.url("/small.txt");
    client strange(options_for(other, http_versions::http_3));
    auto refused = co_await strange.try_get(small);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().category() == error_category::certificate);
    auto options = options_for(site, http_versions::http_3);
    options.resolve = {{"other.example", server.port(), "127.0.0.1"}};
    client misled(std::move(options));
    const std::string elsewhere = "https://other.example:" + std::to_string(server.port()) + "/";
    auto wrong = co_await misled.try_get(elsewhere);
    REQUIRE_FALSE(wrong);
    CHECK((wrong.error().category() == error_category::certificate ||
           wrong.error().category() == error_category::tls));  // Caddy knows no such name
  }());
}

TEST_CASE("caddy: Alt-Svc brings the next request to HTTP/3", "[http3]") {
  auto& [site, server] = caddy();
  run([&]() -> task<void> {
    const auto known = std::make_shared<alternative_services>();
    client c(options_for(site, http_versions::best, {.alternatives = known}));
    const std::string small = server.url("/small.txt");
    auto first = co_await c.get(small);
    CHECK(first.connection().protocol != "HTTP/3");
    CHECK(known->size() == 1);
    auto second = co_await c.get(small);
    CHECK(second.connection().protocol == "HTTP/3");
    client other(options_for(site, http_versions::best, {.alternatives = known}));
    auto third = co_await other.get(small);
    CHECK(third.connection().protocol == "HTTP/3");
  }());
}

TEST_CASE("an HTTPS record of a real name server leads the first request to HTTP/3", "[http3]") {
  const auto name = GENERATE("caddy", "nginx");
  auto& here = served_by(name);
  const std::string port = std::to_string(here.server.port());
  const unbound names("_" + port + "._https.www 60 IN HTTPS 1 www.test. alpn=h2,h3 port=" + port +
                      "\n");
  run([&]() -> task<void> {
    auto options = options_for(here.site, http_versions::best);
    options.resolver = std::make_shared<dns_over_https>(names.options());
    client c(std::move(options));
    auto r = co_await c.get("https://www.test:" + port + "/small.txt");
    CHECK(r.connection().protocol == "HTTP/3");
    CHECK(r.connection().http3 == http3_source::https_record);
    CHECK(r.text() == here.site.small);
  }());
}

TEST_CASE("nginx without HTTP/3: TCP at once, and no second try", "[http3]") {
  const http2_site site;
  const http2_server server(site, "nginx");
  run([&]() -> task<void> {
    client c(options_for(site, http_versions::best, {.try_first = true}));
    const std::string small = server.url("/small.txt");
    auto first = co_await c.get(small);
    CHECK(first.connection().protocol == "HTTP/2");
    CHECK(first.connection().http3_failure.find("refused") != std::string::npos);
    c.close_idle();
    auto second = co_await c.get(small);
    CHECK(second.connection().protocol == "HTTP/2");
    CHECK(second.connection().http3_failure.empty());
    client only(options_for(site, http_versions::http_3));
    auto none = co_await only.try_get(small);
    REQUIRE_FALSE(none);
    CHECK(none.error().category() == error_category::connect);
    CHECK(none.error().reason() == "connection_refused");
  }());
}

TEST_CASE("a black hole for UDP delays the first connection by the delay of RFC 8305", "[http3]") {
  const http2_site site;
  const http2_server server(site, "nginx");
  const udp_relay hole(server.port(), 0, {.loss = 1});
  if (!hole.at(server.port())) SKIP("the UDP port is in use");
  run([&]() -> task<void> {
    client c(options_for(site, http_versions::best, {.try_first = true}));
    const std::string small = server.url("/small.txt");
    const auto started = std::chrono::steady_clock::now();
    auto first = co_await c.get(small);
    const auto took = std::chrono::steady_clock::now() - started;
    CHECK(first.connection().protocol == "HTTP/2");
    CHECK_FALSE(first.connection().http3_failure.empty());
    CHECK(took >= 240ms);
    CHECK(took < 3s);
    auto options = options_for(site, http_versions::http_3);
    options.timeouts.tls = 500ms;
    client only(std::move(options));
    auto none = co_await only.try_get(small);
    REQUIRE_FALSE(none);
    CHECK(none.error().category() == error_category::timeout);
  }());
}

TEST_CASE("caddy: loss, copies, disorder and damage on the way", "[http3]") {
  auto& here = caddy();
  struct way {
    const char* name;
    udp_ways ways;
  };
  for (const auto& [name, ways] :
       {way{"no harm", {}}, way{"5 % loss", {.loss = 0.05}}, way{"20 % loss", {.loss = 0.2}},
        way{"disorder", {.disorder = 0.1}}, way{"copies", {.copies = 0.2}},
        way{"damage", {.corruption = 0.05}},
        way{"all", {.loss = 0.05, .copies = 0.05, .disorder = 0.05, .corruption = 0.05}}}) {
    CAPTURE(name);
    const udp_relay relay(0, here.server.port(), ways);
    run([&]() -> task<void> {
      auto options = through(relay, options_for(here.site, http_versions::http_3));
      options.timeouts.tls = 30s;
      client c(std::move(options));
      for (int i = 0; i < 3; ++i) {
        auto r = co_await c.get(url_at(relay.port(), "/small.txt"));
        CHECK(r.content() == here.site.small);
        c.close_idle();
      }
      auto large = co_await c.get(url_at(relay.port(), "/large.bin"));
      CHECK((large.content() == here.site.large));
    }());
  }
}

// This Caddy does not follow a client whose port changes.
TEST_CASE("caddy: the client's port changes on the way, and a new connection replaces the old one",
          "[http3]") {
  auto& here = caddy();
  udp_relay relay(0, here.server.port(), {});
  run([&]() -> task<void> {
    auto options = through(relay, options_for(here.site, http_versions::http_3));
    options.http2 = {.ping_after = 300ms, .ping_answer = 300ms};
    client c(std::move(options));
    const std::string small = url_at(relay.port(), "/small.txt");
    auto first = co_await c.get(small);
    CHECK(first.status() == 200);
    relay.rebind();
    auto second = co_await c.get(small);
    CHECK(second.status() == 200);
  }());
}

TEST_CASE("caddy: a server that falls silent is given up", "[http3]") {
  auto& here = caddy();
  udp_relay relay(0, here.server.port(), {});
  run([&]() -> task<void> {
    auto options = through(relay, options_for(here.site, http_versions::http_3));
    options.http2 = {.ping_after = 300ms, .ping_answer = 300ms};
    client c(std::move(options));
    const std::string small = url_at(relay.port(), "/small.txt");
    auto first = co_await c.get(small);
    CHECK(first.status() == 200);
    relay.set({.loss = 1});
    const auto started = std::chrono::steady_clock::now();
    // What is not repeatable is not sent again over another connection.
    auto gone = co_await c.try_send(method::post, small, {.content = "x", .timeout = 5s});
    CHECK_FALSE(gone);
    CHECK(std::chrono::steady_clock::now() - started < 4s);
    if (!gone) CHECK(gone.error().reason() == "peer_unresponsive");
    relay.set({});
    auto again = co_await c.get(small);
    CHECK(again.status() == 200);
  }());
}

#endif
