// What is easily wrong: things that happen in the same moment, or where one does not look.
#include "client/proxy_support.hpp"
#include "client/support.hpp"

#include <cohttps/connect/proxy_rules.hpp>
#include <cohttps/proxy/socks.hpp>
#include <cohttps/task/when_any.hpp>
#include <cohttps/transport/sleep.hpp>

#include <botan/system_rng.h>
#include <botan/tls_session_manager_memory.h>

using namespace cohttps;
using namespace cohttps::testing;
using namespace std::chrono_literals;

namespace {

proxy_rules through(std::string_view text) { return proxy_rules::all(proxy::parse(text).value()); }

}  // namespace

TEST_CASE("a race's stop ends a response whose content is still coming in") {
  plain_host at;
  at.host.then("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", after::hang);
  auto work = [&]() -> task<void> {
    client c(at.network.transport(), plain());
    const auto started = at.network.loop().now();
    auto first =
        co_await when_any(c.try_get("http://host/"), sleep_for(at.network.transport(), 1s));
    CHECK(first.index() == 1);
    CHECK(at.network.loop().now() - started == 1s);
  };
  at.network.run(work());
}

TEST_CASE("a grant in the moment in which the queue's limit passes is no timeout") {
  plain_host at;
  at.host.then("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", after::keep)
      .then(plain_response("second"));
  client_options options = plain();
  options.pool.per_host = 1;
  options.timeouts.queue = 2s;
  options.timeouts.idle = {};
  options.timeouts.minimum_rate = {};
  auto work = [&]() -> task<void> {
    client c(at.network.transport(), options);
    std::optional<response_stream> streaming = co_await c.stream(method::get, "http://host/");
    co_await sleep_for(at.network.transport(), 1s);
    auto one = [&]() -> task<void> {
      auto second = co_await c.try_get("http://host/");
      if (!second) UNSCOPED_INFO(second.error().what());
      CHECK(second.has_value());
    };
    auto other = [&]() -> task<void> {
      // The same moment as the limit's, but before it: the sleep was set first.
      co_await sleep_for(at.network.transport(), 2s);
      streaming.reset();  // closes: the place is free
    };
    co_await when_all(other(), one());
  };
  at.network.run(work());
}

TEST_CASE("a grant in that moment is none either where the next phase has no limit") {
  plain_host at;
  at.host.then(plain_response("abc")).then(plain_response("second"));
  client_options options = plain();
  options.pool.per_host = 1;
  options.timeouts.queue = 2s;
  options.timeouts.idle = {};
  options.timeouts.minimum_rate = {};
  auto work = [&]() -> task<void> {
    client c(at.network.transport(), options);
    auto streaming = co_await c.stream(method::get, "http://host/");
    auto content = co_await streaming.read();
    CHECK(content.size() == 3);
    co_await sleep_for(at.network.transport(), 1s);
    auto one = [&]() -> task<void> {
      auto second = co_await c.try_get("http://host/");
      CHECK(second.has_value());
    };
    auto other = [&]() -> task<void> {
      co_await sleep_for(at.network.transport(), 2s);
      auto end = co_await streaming.read();
      CHECK(end.empty());
    };
    co_await when_all(other(), one());
  };
  at.network.run(work());
}

TEST_CASE("closing stops an operation whose phase timed out in the same moment") {
  memory_network network;
  client_options options = plain();
  options.retry.attempts = 5;
  options.retry.first_delay = 10s;
  options.retry.longest_delay = 10s;
  options.timeouts.first_byte = 2s;
  scripted_host host;
  for (int i = 0; i < 6; ++i) host.then("", after::hang);
  network.listen("host", 80, host.plain());
  client c(network.transport(), options);
  auto work = [&]() -> task<void> {
    auto one = [&]() -> task<void> {
      auto r = co_await c.try_get("http://host/");
      CHECK_FALSE(r.has_value());
    };
    auto other = [&]() -> task<void> {
      co_await sleep_for(network.transport(), 1s);  // so that the limit's timer was set first
      const auto started = network.loop().now();
      co_await c.close(1s);
      CHECK(network.loop().now() - started == 1s);
    };
    co_await when_all(one(), other());
  };
  network.run(work());
  CHECK(host.requests.size() == 1);
}

TEST_CASE("a std::stop_token is heard in the moment in which a phase times out") {
  memory_network network;
  client_options options = plain();
  options.retry.attempts = 5;
  options.timeouts.first_byte = 2s;
  scripted_host host;
  for (int i = 0; i < 6; ++i) host.then("", after::hang);
  network.listen("host", 80, host.plain());
  client c(network.transport(), options);
  std::stop_source stop;
  auto work = [&]() -> task<void> {
    auto one = [&]() -> task<void> {
      auto r = co_await c.get("http://host/").with_stop(stop.get_token());
    };
    auto t = testing::detail::keep(one());
    co_await sleep_for(network.transport(), 2s);
    stop.request_stop();
    co_await sleep_for(network.transport(), 1s);
    CHECK(t.done());
  };
  network.run(work());
  CHECK(host.requests.size() == 1);
}

TEST_CASE("a connection made beforehand is used although the server has sent tickets since") {
  for (const bool tickets : {false, true}) {
    CAPTURE(tickets);
    memory_network network;
    network.delay = 10ms;
    scripted_host host;
    host.then(plain_response("x"));
    tls_server_options how;
    if (tickets)
      how.sessions = std::make_shared<Botan::TLS::Session_Manager_In_Memory>(
          std::make_shared<Botan::System_RNG>());
    network.listen("localhost", 443, host.tls(localhost_certificate(), how));
    auto work = [&]() -> task<void> {
      client c(network.transport(), trusting());
      co_await c.connect("https://localhost/");
      co_await sleep_for(network.transport(), 1s);
      auto r = co_await c.get("https://localhost/");
      CHECK(c.statistics().created == 1);
    };
    network.run(work());
  }
}

TEST_CASE("a connection made beforehand that has died is replaced like any kept one") {
  plain_host at;
  at.host.then("", after::close).then(plain_response("x"));
  auto work = [&]() -> task<void> {
    client c(at.network.transport(), plain());
    co_await c.connect("http://host/");
    auto r = co_await c.try_get("http://host/");
    CHECK(r.has_value());
  };
  at.network.run(work());
}

TEST_CASE("an address policy sees the port of an address that a proxy is told") {
  memory_network network;
  scripted_host proxy;
  proxy.then(plain_response("x")).then(plain_response("y"));
  network.listen("proxy", 3128, proxy.plain());
  client_options options = plain();
  options.proxies = through("http://proxy:3128");
  options.addresses = address_policy([](const endpoint& e) { return e.port != 25; });
  auto r = get(network, "http://192.0.2.1:25/", options);
  CHECK_FALSE(r.has_value());
  options.addresses = address_policy([](const endpoint& e) { return e.port == 80; });
  r = get(network, "http://192.0.2.1/", options);
  CHECK(r.has_value());
}

TEST_CASE("a SOCKS4 proxy is told the IPv4 address of a host that has both") {
  memory_network network;
  network.name("host", {"2001:db8::1", "192.0.2.1"});
  std::string asked;
  network.listen("proxy", 1080, [&](memory_stream s) -> task<void> {
    std::byte in[64];
    auto got = co_await s.read_some(in, {});
    if (got) asked.assign(reinterpret_cast<const char*>(in), *got);
  });
  client_options options = plain();
  options.proxies = through("socks4://proxy:1080");
  auto r = get(network, "http://host/", options);
  REQUIRE_FALSE(r);
  CHECK(r.error().reason() != "socks_no_ipv6");
  CHECK(asked.size() >= 8);
}

TEST_CASE("a SOCKS proxy is told the address that the policy has allowed") {
  memory_network network;
  std::string asked;
  network.listen("proxy", 1080, [&](memory_stream s) -> task<void> {
    std::byte in[64];
    auto got = co_await s.read_some(in, {});
    if (got) asked.assign(reinterpret_cast<const char*>(in), *got);
  });
  client_options options = plain();
  options.proxies = through("socks4://proxy:1080");
  options.resolve = {{"*", 80, "93.184.216.34"}};
  options.addresses = address_policy::public_only();
  auto r = get(network, "http://127.0.0.1/", options);
  REQUIRE(asked.size() >= 8);
  CHECK(asked.substr(4, 4) != std::string("\x7f\0\0\1", 4));
}

TEST_CASE("an answer that comes before all content was read is heard") {
  memory_network network;
  network.capacity = 4096;
  network.listen("host", 80, [&](memory_stream s) -> task<void> {
    std::byte in[4096];
    auto got = co_await s.read_some(in, {});
    (void)got;
    const std::string refusal =
        "HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    auto sent = co_await s.write_some(std::as_bytes(std::span(refusal)), {});
    (void)sent;
    co_await sleep_for(network.transport(), 1h);
  });
  const std::string much(1000000, 'x');
  auto r = send(network, method::post, "http://host/", {.content = much});
  if (!r) UNSCOPED_INFO(r.error().what());
  CHECK(r.has_value());
}

TEST_CASE("a made-up idempotency key is of one request, not of where it is redirected to") {
  memory_network network;
  scripted_host host, other;
  network.listen("host", 80, host.plain());
  network.listen("other", 80, other.plain());
  host.then(plain_response("", "307 Temporary Redirect", "Location: http://other/\r\n"));
  other.then(plain_response("", "303 See Other", "Location: /done\r\n")).then(plain_response("x"));
  client_options options = plain();
  options.retry.idempotency_key = true;
  auto r = send(network, method::post, "http://host/pay", {.content = "1"}, options);
  REQUIRE(r);
  const auto key = [](const std::string& head) {
    const auto at = head.find("dempotency-");
    return at == head.npos ? std::string() : head.substr(at, head.find("\r\n", at) - at);
  };
  CHECK(key(host.requests.at(0)) != key(other.requests.at(0)));
  CHECK(key(other.requests.at(1)).empty());
}

TEST_CASE("an interim response does not begin to count the rate of the content") {
  memory_network network;
  network.listen("host", 80, [&](memory_stream s) -> task<void> {
    std::byte in[4096];
    auto got = co_await s.read_some(in, {});
    (void)got;
    const std::string hints = "HTTP/1.1 103 Early Hints\r\n\r\n", answer = plain_response("x");
    auto sent = co_await s.write_some(std::as_bytes(std::span(hints)), {});
    co_await sleep_for(network.transport(), 40s);
    sent = co_await s.write_some(std::as_bytes(std::span(answer)), {});
  });
  client_options options = plain();
  options.timeouts.first_byte = 60s;
  options.timeouts.idle = 60s;
  auto r = get(network, "http://host/", options);
  if (!r) UNSCOPED_INFO(r.error().what());
  CHECK(r.has_value());
}

TEST_CASE("after a read that was given up a stream does not go on as if nothing was lost") {
  plain_host at;
  at.host.then("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", after::hang);
  auto work = [&]() -> task<void> {
    client c(at.network.transport(), plain());
    auto s = co_await c.stream(method::get, "http://host/");
    auto first = co_await s.read();
    CHECK(first.size() == 3);
    {
      auto abandoned = s.read();
      auto started = std::move(abandoned).operator co_await();
      started.await_suspend(std::noop_coroutine());
    }
    CHECK(c.statistics().active == 0);  // its connection is of no use any more
  };
  at.network.run(work());
}

TEST_CASE("a stop is heard while content comes in, whichever way it was given") {
  plain_host at;
  at.host.then("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", after::hang);
  auto work = [&]() -> task<void> {
    client c(at.network.transport(), plain());
    stop_source stop;
    auto one = [&]() -> task<void> {
      auto r = co_await c.try_get("http://host/").with_stop(stop);
      CHECK_FALSE(r.has_value());
      CHECK(r.error().category() == error_category::canceled);
    };
    auto t = testing::detail::keep(one());
    co_await sleep_for(at.network.transport(), 1s);
    stop.request_stop();
    co_await sleep_for(at.network.transport(), 1s);
    CHECK(t.done());
    co_await sleep_for(at.network.transport(), 1min);
  };
  at.network.run(work());
}

TEST_CASE("closing leaves no connection behind, that of who waited in the queue neither") {
  plain_host at;
  at.host.then("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc").then(plain_response("second"));
  client_options options = plain();
  options.pool.per_host = 1;
  client c(at.network.transport(), options);
  auto work = [&]() -> task<void> {
    std::optional<response_stream> first = co_await c.stream(method::get, "http://host/");
    auto one = [&]() -> task<void> {
      auto second = co_await c.try_get("http://host/");
      CHECK(second.has_value());
    };
    auto other = [&]() -> task<void> {
      co_await sleep_for(at.network.transport(), 1s);
      while (!first->complete()) co_await first->read();
    };
    co_await when_all(one(), other(), c.close(10s));
  };
  at.network.run(work());
  CHECK(c.statistics().open == 0);
  CHECK(at.network.open_streams == 0);
}
