// Requests through proxies, over the network in memory. tests/servers has real ones.
#include "client/proxy_support.hpp"
#include "client/support.hpp"

#include <cohttps/connect/proxy_rules.hpp>

#include <cstdio>
#include <fstream>
#include <unistd.h>

using namespace cohttps;
using namespace cohttps::testing;
using namespace std::chrono_literals;

namespace {

proxy_rules through(std::string_view text) { return proxy_rules::all(proxy::parse(text).value()); }

}  // namespace

TEST_CASE("https goes through a tunnel, verified to the end, and its connection is kept") {
  memory_network network;
  scripted_host host;
  host.then(plain_response("one")).then(plain_response("two"));
  network.listen("localhost", 443, host.tls(localhost_certificate()));
  connect_proxy proxy(network);
  network.listen("proxy", 3128, proxy.server());
  client_options options = trusting();
  options.proxies = through("http://me:secret@proxy:3128");
  auto work = [&]() -> task<void> {
    client c(network.transport(), options);
    auto first = co_await c.get("https://localhost/a");
    CHECK(first.text() == "one");
    CHECK(first.connection().proxy == "http://proxy:3128");
    CHECK(first.connection().tls->verified);
    auto second = co_await c.get("https://localhost/b");
    CHECK(second.on_reused_connection());
  };
  network.run(work());
  REQUIRE(proxy.heads.size() == 1);
  CHECK(proxy.heads[0].starts_with("CONNECT localhost:443 HTTP/1.1\r\n"));
  CHECK(proxy.heads[0].find("roxy-") != std::string::npos);
  for (const auto& request : host.requests) {
    CHECK(request.find("roxy-") == std::string::npos);
    CHECK(request.find("secret") == std::string::npos);
  }
}

TEST_CASE("a proxy that answers for the target itself is found out") {
  static const certificate_authority other;
  memory_network network;
  scripted_host impostor;
  network.listen("localhost", 443, impostor.tls(other.issue({.common_name = "localhost"})));
  connect_proxy proxy(network);
  network.listen("proxy", 3128, proxy.server());
  client_options options = trusting();
  options.proxies = through("http://proxy:3128");
  auto r = get(network, "https://localhost/", options);
  REQUIRE_FALSE(r);
  CHECK(r.error().category() == error_category::certificate);
  CHECK(impostor.requests.empty());
}

TEST_CASE("an http request goes to the proxy itself, which alone sees its credentials") {
  memory_network network;
  scripted_host proxy, host;
  proxy.then(plain_response("", "302 Found", "Location: http://direct/\r\n"));
  host.then(plain_response("direct"));
  network.listen("proxy", 3128, proxy.plain());
  network.listen("direct", 80, host.plain());
  client_options options = plain();
  options.proxies = through("http://me:secret@proxy:3128").bypass("direct");
  auto r = get(network, "http://user:pass@host:8080/a?b#c", options);
  if (!r) FAIL(r.error().what());
  CHECK(r->text() == "direct");
  REQUIRE(proxy.requests.size() == 1);
  CHECK(proxy.requests[0].starts_with("GET http://host:8080/a?b HTTP/1.1\r\n"));
  CHECK(proxy.requests[0].find("Host: host:8080\r\n") != std::string::npos);
  CHECK(proxy.requests[0].find("roxy-") != std::string::npos);
  REQUIRE(host.requests.size() == 1);
  CHECK(host.requests[0].starts_with("GET / HTTP/1.1\r\n"));
  CHECK(host.requests[0].find("roxy-") == std::string::npos);
}

TEST_CASE(
    "a proxy that wants Digest for plain requests gets it, and one that wants more does not") {
  for (const bool satisfied : {true, false}) {
    memory_network network;
    scripted_host proxy;
    const std::string challenge =
        "Proxy-Authenticate: Digest realm=\"p\", nonce=\"abc\", qop=\"auth\", "
        "algorithm=SHA-256\r\n";
    proxy.then(plain_response("who?", "407 Proxy Authentication Required", challenge));
    if (satisfied) proxy.then(plain_response("fine"));
    for (int i = 0; i < 9; ++i)
      proxy.then(plain_response("who?", "407 Proxy Authentication Required", challenge));
    network.listen("proxy", 3128, proxy.plain());
    client_options options = plain();
    options.proxies = through("http://me:secret@proxy:3128");
    auto r = get(network, "http://host/", options);
    CHECK(r.has_value() == satisfied);
    REQUIRE(proxy.requests.size() >= 2);
    CHECK(proxy.requests[1].find("Digest ") != std::string::npos);
    if (satisfied) continue;
    CHECK(r.error().category() == error_category::policy);
    CHECK(r.error().reason() == "proxy_authentication_failed");
    CHECK(proxy.requests.size() <= 3);
    CHECK(std::string(r.error().what()).find("secret") == std::string::npos);
  }
}

TEST_CASE("a proxy with Digest alone is shown no password in clear") {
  const std::string digest =
      "Proxy-Authenticate: Digest realm=\"p\", nonce=\"abc\", qop=\"auth\", algorithm=SHA-256\r\n";
  for (const bool asks_digest : {true, false}) {
    memory_network network;
    scripted_host proxy;
    proxy.then(plain_response("who?", "407 Proxy Authentication Required",
                              asks_digest ? digest : "Proxy-Authenticate: Basic realm=p\r\n"));
    proxy.then(plain_response("fine"));
    network.listen("proxy", 3128, proxy.plain());
    client_options options = plain();
    options.proxies = through("http://me:secret@proxy:3128").with_digest();
    auto r = get(network, "http://host/", options);
    CHECK(r.has_value() == asks_digest);
    REQUIRE(proxy.requests.size() == (asks_digest ? 2 : 1));
    CHECK(proxy.requests[0].find("roxy-Authorization") == std::string::npos);
    if (asks_digest) CHECK(proxy.requests[1].find("Digest ") != std::string::npos);
    if (!asks_digest) CHECK(r.error().reason() == "proxy_authentication_failed");
  }
}

TEST_CASE("content goes to a proxy whole after its challenge, or not at all") {
  for (const bool again : {true, false}) {
    memory_network network;
    scripted_host proxy;
    proxy.then(plain_response("who?", "407 Proxy Authentication Required",
                              "Proxy-Authenticate: Digest realm=\"p\", nonce=\"abc\"\r\n"));
    proxy.then(plain_response("fine"));
    network.listen("proxy", 3128, proxy.plain());
    client_options options = plain();
    options.proxies = through("http://me:secret@proxy:3128");
    const std::string name = "/tmp/cohttps-proxy-" + std::to_string(::getpid());
    std::ofstream(name) << "whole";
    auto work = [&]() -> task<result<response>> {
      client c(network.transport(), options);
      bool given = false;
      auto next = [&]() -> task<std::string> {
        co_return std::exchange(given, true) ? "" : "whole";
      };
      auto body = again ? content::file(name) : content::generated(next, 5);
      co_return co_await c.try_send(method::post, "http://host/", std::move(body));
    };
    auto r = network.run(work());
    std::remove(name.c_str());
    CHECK(proxy.requests.at(0).ends_with("\r\n\r\nwhole"));
    CHECK(proxy.requests.size() == (again ? 2 : 1));
    if (again) {
      if (!r) FAIL(r.error().what());
      CHECK(proxy.requests[1].ends_with("\r\n\r\nwhole"));
    } else {
      REQUIRE_FALSE(r);
      CHECK(r.error().reason() == "content_not_repeatable");
    }
  }
}

TEST_CASE("hostile proxies give errors, and learn nothing") {
  struct {
    std::string answer, reason;
  } cases[] = {
      {"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", "proxy_refused"},
      {"HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil",
       "proxy_sent_early"},
      {"HTTP/1.1 407 No\r\nProxy-Authenticate: Negotiate\r\nContent-Length: 0\r\n\r\n",
       "proxy_authentication_failed"},
      {"garbage\r\n\r\n", "not_http"},
      {"HTTP/1.1 200 OK\r\nX: " + std::string(100'000, 'x') + "\r\n\r\n", ""},
      {"HTTP/1.1 302 Found\r\nLocation: http://elsewhere/\r\n\r\n", "proxy_refused"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.answer.substr(0, 60));
    memory_network network;
    scripted_host host;
    network.listen("localhost", 443, host.tls(localhost_certificate()));
    connect_proxy proxy(network);
    proxy.answer = c.answer;
    network.listen("proxy", 3128, proxy.server());
    client_options options = trusting();
    options.proxies = through("http://me:secret@proxy:3128");
    auto r = get(network, "https://localhost/", options);
    REQUIRE_FALSE(r);
    CAPTURE(r.error().what());
    if (!c.reason.empty()) CHECK(r.error().reason() == c.reason);
    CHECK(r.error().phase() == phase::tunnel);
    CHECK(r.error().replay() == replay_safety::not_sent);
    CHECK(std::string(r.error().what()).find("secret") == std::string::npos);
    CHECK(host.connections == 0);
    CHECK(network.open_streams == 0);
  }
}

TEST_CASE("connections through different proxies, or as different users, are not shared") {
  memory_network network;
  scripted_host proxy;
  for (int i = 0; i < 4; ++i) proxy.then(plain_response("x"));
  network.listen("proxy", 3128, proxy.plain());
  auto work = [&]() -> task<void> {
    client_options options = plain();
    options.proxies = proxy_rules::by_scheme(proxy::parse("proxy:3128").value(), {});
    client c(network.transport(), options);
    auto a = co_await c.get("http://host/");
    auto b = co_await c.get("http://host/");
    CHECK(b.on_reused_connection());
  };
  network.run(work());
  CHECK(proxy.connections == 1);
}

TEST_CASE("a policy for addresses is not circumvented by a proxy that looks names up") {
  memory_network network;
  client_options options = plain();
  options.addresses = address_policy::public_only();
  options.proxies = through("socks5h://proxy:1080");
  auto by_name = get(network, "http://host/", options);
  CHECK(by_name.error().reason() == "address_unknown");
  auto by_address = get(network, "http://127.0.0.1/", options);
  CHECK(by_address.error().reason() == "address_refused");
  auto mapped = get(network, "http://[::ffff:10.0.0.1]/", options);
  CHECK(mapped.error().reason() == "address_refused");
  options.proxies = {};
  auto direct = get(network, "http://169.254.169.254/latest/meta-data", options);
  CHECK(direct.error().reason() == "address_refused");
  CHECK(direct.error().phase() == phase::resolve);
}

TEST_CASE("a redirection to a forbidden address is refused where it leads") {
  memory_network network;
  scripted_host host;
  host.then(plain_response("", "302 Found", "Location: http://10.9.9.9/\r\n"));
  network.listen("host", 80, host.plain());
  client_options options = plain();
  options.addresses = address_policy([](const endpoint& e) {
    return e.address[1] == std::byte{0};  // where the network in memory puts its hosts
  });
  auto r = get(network, "http://host/", options);
  REQUIRE_FALSE(r);
  CHECK(r.error().reason() == "address_refused");
  CHECK(host.requests.size() == 1);
}

TEST_CASE("any operation may fail or be stopped: through a proxy, a queue, redirections, retries") {
  for_each_fault([](memory_network& network, stop_source& stop) {
    scripted_host host;
    host.then(plain_response("moved", "302 Found", "Location: /b\r\n"))
        .then(plain_response("busy", "503 Service Unavailable"));
    for (int i = 0; i < 6; ++i) host.then(plain_response("fine"));
    network.listen("localhost", 443, host.tls(localhost_certificate()));
    connect_proxy proxy(network);
    network.listen("proxy", 3128, proxy.server());
    client_options options = trusting();
    options.proxies = through("http://me:secret@proxy:3128");
    options.pool.per_host = 1;
    options.retry.attempts = 2;
    auto work = [&]() -> task<result<response>> {
      client c(network.transport(), options);
      const request_options how{.stop = stop};
      auto [first, second] = co_await when_all(c.try_get("https://localhost/", how),
                                               c.try_get("https://localhost/", how));
      const auto s = c.statistics();
      CHECK(s.active == 0);
      CHECK(s.queued == 0);
      CHECK(s.open == s.idle);
      co_await c.close();
      CHECK(c.statistics().open == 0);
      if (!first) co_return std::move(first);
      co_return std::move(second);
    };
    auto outcome = network.run(work());
    network.run_servers();
    return outcome;
  });
}

TEST_CASE("a SOCKS proxy that does not reach one address of a host is asked for the next") {
  for (const char refusal : {'\x03', '\x04', '\x05', '\x08', '\x02'}) {
    CAPTURE(static_cast<int>(refusal));
    memory_network network;
    network.name("host", {"2001:db8::1", "192.0.2.1"});
    std::string asked;  // the types of addresses
    network.listen("proxy", 1080, [&](memory_stream s) -> task<void> {
      const auto say = [](memory_stream& to, std::string bytes) -> task<bool> {
        auto sent = co_await to.write_some(std::as_bytes(std::span(bytes)), {});
        co_return sent.has_value();
      };
      std::byte in[512];
      auto got = co_await s.read_some(in, {});  // the greeting
      if (!got || !co_await say(s, {"\x05\x00", 2})) co_return;
      got = co_await s.read_some(in, {});
      if (!got || *got < 4) co_return;
      const bool v6 = in[3] == std::byte{4};
      asked += v6 ? '6' : '4';
      const char reply = v6 ? refusal : '\x00';
      if (!co_await say(s, std::string("\x05") + reply + std::string("\0\x01\0\0\0\0\0\0", 8)) ||
          v6)
        co_return;
      got = co_await s.read_some(in, {});
      if (got && *got > 0) (void)co_await say(s, plain_response("through"));
    });
    client_options options = plain();
    options.proxies = through("socks5://proxy:1080");
    auto r = get(network, "http://host/", options);
    if (!r) FAIL(r.error().what());
    CHECK(r->content() == "through");
    CHECK(asked == "64");
    CHECK(network.open_streams == 0);
  }
}
