// HTTP/3 found by HTTPS records: when name servers are asked, and how long a client waits for them.
#include "client/support.hpp"
#include "dns/messages.hpp"
#include "http3/http3_site.hpp"

#include <cohttps/connect/http3_discovery.hpp>
#include <cohttps/connect/resolver.hpp>
#include <cohttps/transport/sleep.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace cohttps;
using namespace cohttps::testing;
using namespace std::chrono_literals;
using dns::record_type;

namespace {

/// The data of a record with the protocol "h3".
std::string with_h3(std::string_view target = "", std::size_t port = 0) {
  std::string data =
      two(1) + (target.empty() ? std::string(1, '\0') : wire(target)) + two(1) + two(3) + "\2h3";
  if (port != 0) data += two(3) + two(2) + two(port);
  return data;
}
std::string response_of(std::string_view name, std::string_view data, std::size_t ttl = 300) {
  return dns_answer{.name = name,
                    .type = record_type::https,
                    .answers = {record_of(pointer(12), record_type::https, ttl, data)}}
      .bytes();
}

/// A site that is reached over TCP, and over HTTP/3 if a client finds out.
struct site_with_records : http3_site {
  scripted_host over_tcp;
  site_with_records() {
    network.listen("example.com", 443, over_tcp.tls(certificate()));
    network.listen("example.com", 8443, over_tcp.tls(certificate()));
    for (int i = 0; i < 40; ++i) over_tcp.then(plain_response("tcp"));
  }
  client_options discovering(const http3_options& options_of_http3 = {}) const {
    client_options o = options();
    o.versions = http_versions::best;
    o.http3 = make_http3<memory_transport>(options_of_http3);
    return o;
  }
  void announce(std::string_view data = with_h3(), std::string_view name = "example.com") {
    network.https_records(name, response_of(name, data));
  }
};

struct answer_seen {
  std::string content;
  http3_source source;
  std::chrono::nanoseconds took;
};
task<answer_seen> ask(site_with_records& s, client& c, std::string url = "https://example.com/") {
  const auto started = s.network.loop().now();
  auto r = co_await c.get(url);
  co_return answer_seen{std::string(r.text()), r.connection().http3,
                        s.network.loop().now() - started};
}

using names = std::vector<std::string>;

}  // namespace

TEST_CASE("an HTTPS record leads the first request to HTTP/3", "[http3]") {
  site_with_records site;
  site.announce();
  site.network.https_delay = 5ms;
  site.network.run([](site_with_records& s) -> task<void> {
    client c(s.network.transport(), s.discovering());
    for (int i = 0; i < 3; ++i) {
      const auto seen = co_await ask(s, c);
      CHECK(seen.content == "hello");
      CHECK(seen.source == http3_source::https_record);
      CHECK(seen.took < 10ms);
      if (i == 1) c.close_idle();
    }
  }(site));
  CHECK(site.over_tcp.connections == 0);
  CHECK(site.connections == 2);
  CHECK(site.network.https_queries == names{"example.com"});
}

TEST_CASE("an origin without an HTTPS record is reached over TCP, and asked about once",
          "[http3]") {
  site_with_records site;
  const std::string cases[] = {
      "",                                                         // no answer
      dns_answer{.type = record_type::https}.bytes(),             // the answer to another question
      response_of("example.com", two(1) + std::string(1, '\0')),  // HTTP/1.1 alone
      response_of("example.com", two(1) + "\3"),                  // malformed
      response_of("example.com", two(0) + std::string(1, '\0')),  // no such service
      "rubbish"};
  for (const auto& response : cases) {
    CAPTURE(response);
    site.network.https_records("example.com", response);
    site.network.https_queries.clear();
    site.network.run([](site_with_records& s) -> task<void> {
      client c(s.network.transport(), s.discovering());
      const auto first = co_await ask(s, c);
      CHECK(first.content == "tcp");
      CHECK(first.source == http3_source::none);
      CHECK(first.took == 0ms);
      c.close_idle();
      (void)co_await c.try_get("https://example.com:1/");  // another origin
      CHECK(s.network.https_queries == names{"example.com", "_1._https.example.com"});
      s.network.https_queries.clear();
      (void)co_await c.try_get("https://example.com/");
      CHECK(s.network.https_queries.empty());
    }(site));
  }
  CHECK(site.connections == 0);
}

TEST_CASE("the wait for an HTTPS record ends 50 ms after the addresses are known", "[http3]") {
  site_with_records site;
  site.announce();
  site.network.resolve_delay = 20ms;
  site.network.connect_delay = 100ms;
  site.network.https_delay = 150ms;  // while TCP is being connected
  site.network.run([](site_with_records& s) -> task<void> {
    client c(s.network.transport(), s.discovering());
    const auto first = co_await ask(s, c);
    CHECK(first.content == "tcp");
    CHECK(first.took == 20ms + 50ms + 100ms);
    const auto second = co_await ask(s, c);  // the late answer counts now
    CHECK(second.content == "hello");
    CHECK(second.source == http3_source::https_record);
  }(site));
  CHECK(site.network.https_queries == names{"example.com"});
}

TEST_CASE("a name server that does not answer costs 50 ms, once a minute", "[http3]") {
  site_with_records site;
  site.announce();
  site.network.https_delay = std::chrono::hours(1);
  site.network.run([](site_with_records& s) -> task<void> {
    client c(s.network.transport(), s.discovering());
    for (const auto expected : {50ms, 0ms}) {
      const auto seen = co_await ask(s, c);
      CHECK(seen.content == "tcp");
      CHECK(seen.took == expected);
      const auto again = co_await ask(s, c);
      CHECK(again.took == 0ms);
      c.close_idle();
    }
  }(site));
  CHECK(site.network.https_queries.size() == 1);
}

TEST_CASE("addresses are looked up once, also if the client keeps none", "[http3]") {
  site_with_records site;
  const bool announced = GENERATE(false, true);
  CAPTURE(announced);
  if (announced) site.announce();
  site.network.resolve_delay = 20ms;
  site.network.run([](site_with_records& s, bool http3) -> task<void> {
    client_options o = s.discovering();
    o.dns = dns_cache(0s);
    client c(s.network.transport(), std::move(o));
    const auto seen = co_await ask(s, c);
    CHECK(seen.content == (http3 ? "hello" : "tcp"));
    CHECK(seen.took < 30ms);
  }(site, announced));
  CHECK(site.network.look_ups == 1);
}

TEST_CASE("an alias that leads nowhere counts for a minute, and a record for an hour at most",
          "[http3]") {
  using cohttps::detail::http3_discovery;
  memory_network network;
  any_transport over(network.transport());
  const origin to{"https", "example.com", 443};
  const auto kept = [&] {
    http3_discovery<> found(&query_https_on<memory_transport>);
    network.run(found.ask(to, {}, over, {}));
    const auto* known = found.find(to, std::chrono::steady_clock::now());
    REQUIRE(known);
    return std::chrono::round<std::chrono::seconds>(known->ends - std::chrono::steady_clock::now());
  };
  network.https_records("example.com",
                        response_of("example.com", two(0) + wire("pool.example"), 86400));
  CHECK(kept() == 60s);
  network.https_records("example.com", response_of("example.com", with_h3(), INT32_MAX));
  CHECK(kept() == 3600s);
  network.https_records("example.com", response_of("example.com", with_h3(), 0));
  CHECK(kept() == 1s);
}

TEST_CASE("an origin cannot turn HTTP/3 of another one off", "[http3]") {
  site_with_records site;
  site.network.listen("evil.example", 443, site.over_tcp.tls(site.certificate()));
  site.announce(with_h3("example.com", 443), "evil.example");
  site.announce();
  const auto known = std::make_shared<alternative_services>();
  site.network.run(
      [](site_with_records& s, std::shared_ptr<alternative_services> alternatives) -> task<void> {
        client c(s.network.transport(), s.discovering({.alternatives = alternatives}));
        auto wrong = co_await c.try_get("https://evil.example/");
        CHECK_FALSE(wrong);
        const auto right = co_await ask(s, c);
        CHECK(right.content == "hello");
      }(site, known));
  const auto now = std::chrono::system_clock::now();
  CHECK(known->usable(alternative_services::place{"example.com", 443}, now));
}

TEST_CASE("an HTTPS record names another host and port, also through aliases", "[http3]") {
  site_with_records site;
  site.listen_at("cdn.example", 4433);
  SECTION("directly") { site.announce(with_h3("cdn.example", 4433)); }
  SECTION("through an alias") {
    site.announce(two(0) + wire("pool.example"));
    site.announce(with_h3("cdn.example", 4433), "pool.example");
  }
  site.network.run([](site_with_records& s) -> task<void> {
    client c(s.network.transport(), s.discovering());
    auto r = co_await c.get("https://example.com/");
    CHECK(r.text() == "hello");
    CHECK(r.connection().peer.port == 4433);
  }(site));
  CHECK(site.over_tcp.connections == 0);
}

TEST_CASE("aliases of HTTPS records that lead in a circle end", "[http3]") {
  site_with_records site;
  site.announce(two(0) + wire("a.example"));
  site.announce(two(0) + wire("b.example"), "a.example");
  site.announce(two(0) + wire("a.example"), "b.example");
  site.network.run([](site_with_records& s) -> task<void> {
    client c(s.network.transport(), s.discovering());
    const auto seen = co_await ask(s, c);
    CHECK(seen.content == "tcp");
  }(site));
  CHECK(site.network.https_queries.size() == 8);
}

TEST_CASE("an origin at another port has HTTPS records of its own", "[http3]") {
  site_with_records site;
  site.announce();
  site.announce(with_h3("example.com", 443), "_8443._https.example.com");
  site.network.run([](site_with_records& s) -> task<void> {
    client c(s.network.transport(), s.discovering());
    auto r = co_await c.get("https://example.com:8443/");
    CHECK(r.text() == "hello");
    CHECK(r.connection().peer.port == 443);
  }(site));
  CHECK(site.network.https_queries == names{"_8443._https.example.com"});
}

TEST_CASE("an HTTPS record without a server of HTTP/3 behind it leads to TCP", "[http3]") {
  site_with_records site;
  site.announce();
  site.network.datagrams.on_send = [](bool, std::span<std::byte>) { return false; };
  site.network.run([](site_with_records& s) -> task<void> {
    client c(s.network.transport(), s.discovering());
    auto first = co_await c.get("https://example.com/");
    CHECK(first.text() == "tcp");
    CHECK_FALSE(first.connection().http3_failure.empty());
    c.close_idle();
    const auto second = co_await ask(s, c);
    CHECK(second.content == "tcp");
    CHECK(second.took == 0ms);  // neither asked nor tried again
  }(site));
  CHECK(site.network.https_queries.size() == 1);
}

TEST_CASE("HTTP/3 alone asks for the place, and does without", "[http3]") {
  site_with_records site;
  site.listen_at("example.com", 4433);
  std::uint16_t expected = 443;
  SECTION("there is a record") {
    site.announce(with_h3("", 4433));
    expected = 4433;
  }
  SECTION("there is none") {}
  site.network.run([](site_with_records& s, std::uint16_t port) -> task<void> {
    client c(s.network.transport(), s.options());
    auto r = co_await c.get("https://example.com/");
    CHECK(r.text() == "hello");
    CHECK(r.connection().peer.port == port);
  }(site, expected));
}

TEST_CASE("name servers are not asked where their answer would mean nothing", "[http3]") {
  site_with_records site;
  site.announce();
  site.network.listen("10.0.0.9", 443, site.over_tcp.tls(site.certificate()));
  site.network.listen("intranet", 443, site.over_tcp.tls(site.certificate()));
  const auto run = [&](client_options options, std::string url) {
    site.network.run([](site_with_records& s, client_options o, std::string to) -> task<void> {
      client c(s.network.transport(), std::move(o));
      (void)co_await c.try_get(to);
    }(site, std::move(options), std::move(url)));
  };
  client_options overridden = site.discovering();
  overridden.resolve = {{"example.com", 443, "10.0.0.9"}};
  run(overridden, "https://example.com/");
  client_options old = site.discovering();
  old.versions = http_versions::http_1_1;
  run(old, "https://example.com/");
  run(site.discovering({.https_records = false}), "https://example.com/");
  run(site.discovering({.try_first = true}), "https://example.com/");
  run(site.discovering(), "http://example.com/");
  run(site.discovering(), "https://10.0.0.9/");
  run(site.discovering(), "https://intranet/");
  CHECK(site.network.https_queries.empty());
  run(site.discovering(), "https://example.com/");
  CHECK(site.network.https_queries == names{"example.com"});

  using cohttps::detail::is_public_name;
  for (const auto* host : {"example.com", "a.b.c", "example.com.", "local.example"})
    CHECK(is_public_name(host));
  for (const auto* host : {"localhost", "a.localhost", "printer.local", "x.onion", "X.ONION.",
                           "intranet", "intranet.", "127.0.0.1", "[::1]", ""})
    CHECK_FALSE(is_public_name(host));
}

TEST_CASE("a resolver of the program is asked for HTTPS records, and nobody else", "[http3]") {
  struct own final : resolver {
    explicit own(const memory_transport& t) : over(t) {}
    task<result<resolved_host>> resolve(std::string_view host, std::uint16_t port,
                                        stop_token stop) override {
      auto found = co_await over.resolve(host, port, stop);
      if (!found) co_return std::unexpected(found.error());
      co_return resolved_host{*std::move(found)};
    }
    memory_transport over;
  };
  struct with_records final : resolver {
    explicit with_records(const memory_transport& t) : inner(t) {}
    task<result<resolved_host>> resolve(std::string_view host, std::uint16_t port,
                                        stop_token stop) override {
      return inner.resolve(host, port, stop);
    }
    task<result<std::vector<std::byte>>> query_https(std::string name, stop_token) override {
      asked.push_back(name);
      const std::string response = response_of(name, with_h3());
      const auto bytes = std::as_bytes(std::span(response));
      co_return std::vector<std::byte>(bytes.begin(), bytes.end());
    }
    own inner;
    names asked;
  };
  site_with_records site;
  site.announce();
  const auto content_with = [&](std::shared_ptr<resolver> by) {
    std::string content;
    site.network.run(
        [](site_with_records& s, std::shared_ptr<resolver> r, std::string& to) -> task<void> {
          client_options o = s.discovering();
          o.resolver = std::move(r);
          client c(s.network.transport(), std::move(o));
          to = (co_await ask(s, c)).content;
        }(site, std::move(by), content));
    return content;
  };
  CHECK(content_with(std::make_shared<own>(site.network.transport())) == "tcp");
  const auto records = std::make_shared<with_records>(site.network.transport());
  CHECK(content_with(records) == "hello");
  CHECK(records->asked == names{"example.com"});
  CHECK(site.network.https_queries.empty());
}

TEST_CASE("a stop at any time of the discovery ends the request, and the next one works",
          "[http3]") {
  for (const bool late : {false, true})
    for (auto limit = 1ms; limit < 260ms; limit += 7ms) {
      CAPTURE(late, limit.count());
      site_with_records site;
      site.announce();
      site.network.resolve_delay = 20ms;
      site.network.connect_delay = 40ms;
      site.network.https_delay = late ? 90ms : 50ms;
      site.network.datagrams.delay = 30ms;
      site.network.run([](site_with_records& s, std::chrono::nanoseconds time) -> task<void> {
        client c(s.network.transport(), s.discovering());
        const auto started = s.network.loop().now();
        auto stopped = co_await c.try_get("https://example.com/", {.timeout = time});
        if (!stopped) {
          CHECK(stopped.error().category() == error_category::timeout);
          CHECK(s.network.loop().now() - started == time);
        }
        const auto next = co_await ask(s, c);
        CHECK((next.content == "hello" || next.content == "tcp"));
      }(site, limit));
      CHECK(site.network.open_streams == 0);
    }
}

TEST_CASE("a host that has no address fails at once, whatever name servers do", "[http3]") {
  site_with_records site;
  site.network.https_delay = std::chrono::hours(1);
  site.network.run([](site_with_records& s) -> task<void> {
    client c(s.network.transport(), s.discovering());
    const auto started = s.network.loop().now();
    auto outcome = co_await c.try_get("https://nowhere.example/");
    REQUIRE_FALSE(outcome);
    CHECK(outcome.error().reason() == "host_not_found");
    CHECK(outcome.error().phase() == phase::resolve);
    CHECK(s.network.loop().now() == started);
  }(site));
}

TEST_CASE("what name servers said is kept for its time, and for 1,024 origins", "[http3]") {
  using discovery = cohttps::detail::http3_discovery<>;
  discovery known(nullptr);
  const origin to{"https", "example.com", 443};
  const time_point now{};
  CHECK(known.find(to, now) == nullptr);
  known.store(to, {discovery::place{"example.com", 443}, now + 60s}, now);
  REQUIRE(known.find(to, now + 59s));
  CHECK(known.find(to, now + 59s)->at == discovery::place{"example.com", 443});
  CHECK(known.find(to, now + 60s) == nullptr);
  for (std::size_t i = 0; i < 3000; ++i)
    known.store({"https", "h" + std::to_string(i) + ".example", 443}, {{}, now + 60s}, now);
  std::size_t kept = 0;
  for (std::size_t i = 0; i < 3000; ++i)
    kept += known.find({"https", "h" + std::to_string(i) + ".example", 443}, now) != nullptr;
  CHECK(kept <= discovery::max_origins);
  CHECK(kept > 0);
}
