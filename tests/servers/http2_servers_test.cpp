// The client over HTTP/2 against the servers of others.
#include "servers/http2_servers.hpp"

#include <cohttps/client.hpp>
#include <cohttps/run.hpp>
#include <cohttps/task/when_all.hpp>
#include <cohttps/transport/sleep.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <string>
#include <vector>

using namespace cohttps;
using namespace cohttps::testing;
using namespace std::chrono_literals;

namespace {

using client = client;

client_options trusting(const http2_site& site) {
  return {.tls = tls_context({.system_roots = false, .root_pem = site.root_pem()}), .timeout = 20s};
}

task<void> get_all(client& c, std::string url, std::string small, std::string large) {
  auto first = co_await c.get(url + "/small.txt");
  CHECK(first.status() == 200);
  CHECK(first.connection().protocol == "HTTP/2");
  CHECK(first.text() == small);

  auto head = co_await c.head(url + "/small.txt");
  CHECK(head.status() == 200);
  CHECK(head.text().empty());
  auto missing = co_await c.get(url + "/missing");
  CHECK(missing.status() == 404);

  auto big = co_await c.get(url + "/large.bin");
  CHECK((big.content() == large));

  // Beside a download that nobody reads on.
  auto stream = co_await c.stream(method::get, url + "/large.bin");
  (void)co_await stream.read();
  std::vector<client::try_operation> many;
  for (int i = 0; i < 60; ++i) many.push_back(c.try_get(url + "/small.txt"));
  auto got = co_await when_all(std::move(many));
  for (auto& each : got) {
    if (!each) FAIL_CHECK(each.error().what());
    if (each) CHECK(each->text() == small);
  }
  CHECK(c.statistics().created == 1);

  // One that is stopped leaves the others alone.
  stop_source stop;
  auto slow = [&]() -> task<void> {
    auto stopped = co_await c.stream(method::get, url + "/large.bin", {.stop = stop});
    (void)co_await stopped.read();
    stop.request_stop();
  };
  auto whole = c.try_get(url + "/large.bin");
  auto [stopped, large_again] = co_await when_all(slow(), std::move(whole));
  if (!large_again) FAIL(large_again.error().what());
  CHECK((large_again->content() == large));

  std::size_t rest = 0;
  while (true) {
    auto part = co_await stream.read();
    if (part.empty()) break;
    rest += part.size();
  }
  CHECK(stream.complete());
  CHECK(rest < large.size());
  auto last = co_await c.get(url + "/small.txt");
  CHECK(last.text() == small);
  CHECK(last.on_reused_connection());
  CHECK(c.statistics().created == 1);
}

}  // namespace

TEST_CASE("one connection does it all, whoever serves") {
  const std::string name =
      GENERATE("nginx", "nghttpd", "apache2", "h2o", "haproxy", "node", "caddy");
  DYNAMIC_SECTION(name) {
    http2_site site;
    http2_server server(site, name);
    auto work = [&]() -> task<void> {
      client c(trusting(site));
      std::string url = server.url("");
      co_await get_all(c, url, site.small, site.large);
    };
    run(work());
  }
}

TEST_CASE("content goes both ways at a time, with trailers") {
  http2_site site;
  http2_server server(site, "node");
  std::string sent;
  while (sent.size() < 20'000'000) sent += site.large;
  for (const http_versions versions : {http_versions::best, http_versions::http_1_1}) {
    CAPTURE(versions == http_versions::best);
    auto work = [&]() -> task<void> {
      client_options how = trusting(site);
      how.max_content = 32 * 1024 * 1024;
      how.versions = versions;
      client c(how);
      auto echoed = co_await c.post(server.url("/"), content::borrowed(sent));
      CHECK((echoed.content() == sent));
      CHECK(echoed.trailers().find("x-size") == std::to_string(sent.size()));
      // Read by a caller who takes its time, of content that is made on the way.
      auto made = content::generated([&, at = std::size_t{0}]() mutable -> task<std::string> {
        const std::string piece = sent.substr(std::min(at, sent.size()), 100'000);
        at += piece.size();
        co_return piece;
      });
      auto stream = co_await c.stream(method::post, server.url("/"), std::move(made));
      std::size_t size = 0;
      while (true) {
        const auto part = co_await stream.read();
        if (part.empty()) break;
        if (size == 0) co_await sleep_for(200ms);
        size += part.size();
      }
      CHECK(size == sent.size());
    };
    run(work());
  }
}

TEST_CASE("prior knowledge, without TLS") {
  http2_site site;
  http2_server server(site, "nghttpd without TLS");
  auto work = [&]() -> task<void> {
    client_options how{.allow_plaintext = true, .versions = http_versions::http_2, .timeout = 20s};
    client c(how);
    const std::string url = "http://localhost:" + std::to_string(server.port());
    co_await get_all(c, url, site.small, site.large);
  };
  run(work());
}

TEST_CASE("a client that wants HTTP/1.1 gets it") {
  http2_site site;
  http2_server server(site, "nginx");
  auto work = [&]() -> task<void> {
    client_options how = trusting(site);
    how.versions = http_versions::http_1_1;
    client c(how);
    auto r = co_await c.get(server.url("/small.txt"));
    CHECK(r.connection().protocol == "HTTP/1.1");
    CHECK(r.text() == site.small);
  };
  run(work());
}
