// The end of a client, and of its connections.
#include "client/support.hpp"

using namespace cohttps;
using namespace cohttps::testing;
using namespace std::chrono_literals;

TEST_CASE("closing lets what runs end, and takes nothing more") {
  memory_network network;
  network.delay = 10ms;
  scripted_host host;
  host.then(plain_response("last"));
  network.listen("host", 80, host.plain());
  auto work = [&]() -> task<void> {
    client c(network.transport(), plain());
    auto close = [&]() -> task<void> {
      co_await c.close(1s);
      CHECK(c.statistics().open == 0);
      CHECK(network.open_streams == 0);
    };
    auto late = [&]() -> task<void> {
      auto refused = co_await c.try_get("http://host/");
      CHECK(refused.error().reason() == "client_closed");
      CHECK(refused.error().replay() == replay_safety::not_sent);
    };
    const auto started = network.loop().now();
    auto [last, closed, refused] = co_await when_all(c.try_get("http://host/"), close(), late());
    CHECK(last->text() == "last");
    CHECK(network.loop().now() - started < 100ms);
  };
  network.run(work());
}

TEST_CASE("closing stops what takes too long, in the queue too, and a stream that nobody reads") {
  memory_network network;
  scripted_host host;
  host.then(plain_response("streamed")).then("", after::hang);
  network.listen("host", 80, host.plain());
  client_options options = plain();
  options.pool.per_host = 2;
  auto work = [&]() -> task<void> {
    client c(network.transport(), options);
    auto stream = co_await c.stream(method::get, "http://host/");
    auto close = [&]() -> task<void> {
      co_await c.close(5s);
      CHECK(c.statistics().queued == 0);
      CHECK(c.statistics().active == 1);  // the stream's
    };
    const auto started = network.loop().now();
    auto [hanging, queued, closed] =
        co_await when_all(c.try_get("http://host/"), c.try_get("http://host/"), close());
    CHECK(network.loop().now() - started == 5s);
    CHECK(hanging.error().category() == error_category::canceled);
    CHECK(queued.error().category() == error_category::canceled);
    std::string reason;
    try {
      auto part = co_await stream.read();
      part = co_await stream.read();
    } catch (const error& e) {
      reason = e.reason();
    }
    CHECK(network.open_streams <= 1);
    co_await c.close();  // again is harmless
  };
  network.run(work());
  CHECK(network.open_streams == 0);
}

TEST_CASE("closing with nothing under way is done at once") {
  plain_host at;
  at.host.then(plain_response("x"));
  auto work = [&]() -> task<void> {
    client c(at.network.transport(), plain());
    auto r = co_await c.get("http://host/");
    const auto started = at.network.loop().now();
    co_await c.close(1h);
    CHECK(at.network.loop().now() == started);
    CHECK(at.network.open_streams == 0);
  };
  at.network.run(work());
}

TEST_CASE("TLS says goodbye when a connection is closed") {
  memory_network network;
  bool told = false;
  network.listen("localhost", 443, [&](memory_stream s) -> task<void> {
    tls_server_peer tls(localhost_certificate(), {});
    std::byte in[16 * 1024];
    bool answered = false;
    while (true) {
      auto got = co_await s.read_some(in, {});
      if (!got || *got == 0) break;
      if (!tls.receive(std::span(in).first(*got))) break;
      if (!answered && tls.received.ends_with("\r\n\r\n")) {
        answered = true;
        tls.send(plain_response("x"));
      }
      const std::string out(tls.outgoing.text());
      tls.outgoing.clear();
      if (out.empty()) continue;
      auto sent = co_await s.write_some(std::as_bytes(std::span(out)), {});
      if (!sent) break;
    }
    told = tls.alerts == std::vector<std::string>{"close_notify"};
  });
  auto work = [&]() -> task<void> {
    client c(network.transport(), trusting());
    auto r = co_await c.get("https://localhost/");
    CHECK(r.text() == "x");
  };
  network.run(work());
  network.run_servers();
  CHECK(told);
}
