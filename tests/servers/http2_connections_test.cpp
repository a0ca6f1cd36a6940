// How connections are cared for, against the servers of others: goodbyes, limits, PINGs, clients'
// certificates, other protocols.
#include "servers/http2_servers.hpp"

#include <cohttps/client.hpp>
#include <cohttps/run.hpp>
#include <cohttps/task/when_all.hpp>
#include <cohttps/transport/sleep.hpp>

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <utility>
#include <vector>

using namespace cohttps;
using namespace cohttps::testing;
using namespace std::chrono_literals;

namespace {

using client = client;

client_options trusting(const http2_site& site) {
  return {.tls = tls_context({.system_roots = false, .root_pem = site.root_pem()}),
          .versions = http_versions::http_2,
          .timeout = 20s};
}

task<void> get_at_once(client& c, const http2_site& site, std::string url, int n) {
  std::vector<client::try_operation> many;
  for (int i = 0; i < n; ++i) many.push_back(c.try_get(url));
  auto got = co_await when_all(std::move(many));
  for (const auto& each : got) {
    if (!each) FAIL_CHECK(each.error().what());
    if (each) CHECK(each->text() == site.small);
  }
}

}  // namespace

TEST_CASE("a server that says goodbye every few requests loses none") {
  http2_site site;
  http2_server server(site, "nginx", " keepalive_requests 7;");
  const auto work = [&]() -> task<void> {
    client c(trusting(site));
    std::string url = server.url("/small.txt");
    for (int i = 0; i < 50; ++i) {
      auto r = co_await c.get(url);
      CHECK(r.text() == site.small);
      // What does its work twice when it is repeated is not lost either. Files take no POST.
      auto sent = co_await c.post(url, content(std::string("x")));
      CHECK(sent.status() == 405);
    }
    CHECK(c.statistics().created > 10);
    co_await get_at_once(c, site, url, 100);
    co_await get_at_once(c, site, url, 100);
  };
  run(work());
}

TEST_CASE("no more requests at a time than the server takes, and none lost") {
  http2_site site;
  http2_server server(site, "nginx", " http2_max_concurrent_streams 2;");
  const auto work = [&]() -> task<void> {
    client_options how = trusting(site);
    how.pool.per_host = 3;
    client c(how);
    std::string url = server.url("/small.txt");
    auto first = co_await c.get(url);
    CHECK(first.text() == site.small);
    co_await get_at_once(c, site, url, 50);
    CHECK(c.statistics().created <= 3);
  };
  run(work());
}

TEST_CASE("a server that takes its time is asked whether it is there, and answers") {
  http2_site site;
  http2_server server(site, "node");
  const auto work = [&]() -> task<void> {
    client_options how = trusting(site);
    how.http2.ping_after = 150ms;
    client c(how);
    auto r = co_await c.get(server.url("/pings"));
    const std::string pings(r.text());
    CAPTURE(pings);
    CHECK((pings == "2" || pings == "3" || pings == "4"));
  };
  run(work());
}

TEST_CASE("another protocol over a stream of node's") {
  http2_site site;
  http2_server server(site, "node");
  const auto work = [&]() -> task<void> {
    client c(trusting(site));
    auto raw = co_await c.upgrade(server.url("/chat"), "echo-protocol");
    CHECK(raw.connection().protocol == "HTTP/2");
    CHECK(raw.headers().find("x-protocol") == "echo-protocol");
    const std::string sent = site.large.substr(0, 300'000);
    const auto write = [&]() -> task<void> { co_await raw.write(sent); };
    std::string got;
    const auto read = [&]() -> task<void> {
      while (got.size() < sent.size()) {
        const auto part = co_await raw.read();
        if (part.empty()) break;
        got.append(reinterpret_cast<const char*>(part.data()), part.size());
      }
    };
    co_await when_all(write(), read());
    CHECK((got == sent));
    // The connection carries requests beside it.
    auto page = co_await c.get(server.url("/small.txt"));
    CHECK(page.text() == site.small);
    CHECK(c.statistics().created == 1);
  };
  run(work());
}

TEST_CASE("a client that says who it is, over HTTP/2") {
  http2_site site;
  http2_server server(site, "nginx",
                      " ssl_client_certificate root.pem; ssl_verify_client on;"
                      " add_header x-client $ssl_client_s_dn;");
  const auto work = [&]() -> task<void> {
    const auto issued = site.client_certificate();
    client_options how = trusting(site);
    how.tls = tls_context(
        {.system_roots = false,
         .root_pem = site.root_pem(),
         .identity = tls_identity{.certificate_pem = issued.chain_pem, .key_pem = issued.key_pem}});
    client c(how);
    auto known = co_await c.get(server.url("/small.txt"));
    CHECK(known.connection().protocol == "HTTP/2");
    CHECK(known.header("x-client") == "CN=client");
    CHECK(known.text() == site.small);
    client nobody(trusting(site));
    auto unknown = co_await nobody.get(server.url("/small.txt"));
    CHECK(unknown.status() == 400);
  };
  run(work());
}
