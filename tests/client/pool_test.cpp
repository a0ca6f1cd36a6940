// Limits, the queue, and what a pool does for the client above it.
#include "client/support.hpp"

#include <cohttps/task/when_any.hpp>
#include <cohttps/transport/sleep.hpp>

using namespace cohttps;
using namespace cohttps::testing;
using namespace std::chrono_literals;

namespace {

/// Answers every request with its path, each after `network.delay`.
memory_network::server echo(std::size_t& open, std::size_t& most) {
  return [&](memory_stream s) -> task<void> {
    ++open;
    most = std::max(most, open);
    std::string received;
    std::byte in[4096];
    while (true) {
      auto got = co_await s.read_some(in, {});
      if (!got || *got == 0) break;
      received.append(reinterpret_cast<const char*>(in), *got);
      while (true) {
        const auto end = received.find("\r\n\r\n");
        if (end == std::string::npos) break;
        const auto path = received.substr(4, received.find(' ', 4) - 4);
        received.erase(0, end + 4);
        const std::string answer = plain_response(path);
        auto sent = co_await s.write_some(std::as_bytes(std::span(answer)), {});
        if (!sent) break;
      }
    }
    --open;
  };
}

}  // namespace

TEST_CASE("a thousand requests share eight connections, first in, first out") {
  memory_network network;
  network.delay = 1ms;
  std::size_t open = 0, most = 0;
  network.listen("host", 80, echo(open, most));
  std::vector<int> order;
  auto one = [&](client& c, int i) -> task<void> {
    const std::string url = "http://host/" + std::to_string(i);
    auto r = co_await c.get(url);
    CHECK(r.text() == "/" + std::to_string(i));
    order.push_back(i);
  };
  auto work = [&]() -> task<void> {
    client c(network.transport(), plain());
    std::vector<task<void>> all;
    for (int i = 0; i < 1000; ++i) all.push_back(one(c, i));
    auto watch = [&]() -> task<void> {
      CHECK(c.statistics().queued == 992);
      CHECK(c.statistics().active == 8);
      co_return;
    };
    all.push_back(watch());
    co_await when_all(std::move(all));
    const auto s = c.statistics();
    CHECK(s.open == 8);
    CHECK(s.idle == 8);
    CHECK(s.created == 8);
    CHECK(s.reused == 992);
    CHECK(s.active == 0);
    CHECK(s.queued == 0);
  };
  network.run(work());
  CHECK(network.connections == 8);
  CHECK(most == 8);
  CHECK(std::ranges::is_sorted(order));
}

TEST_CASE("a connection given back serves the queue before it serves its last user again") {
  memory_network network;
  std::size_t open = 0, most = 0;
  network.listen("host", 80, echo(open, most));
  client_options options = plain();
  options.pool.per_host = 1;
  std::vector<std::string> order;
  auto many = [&](client& c, std::string name, int times) -> task<void> {
    const std::string url = "http://host/" + name;
    for (int i = 0; i < times; ++i) {
      auto r = co_await c.get(url);
      order.push_back(name);
    }
  };
  auto work = [&]() -> task<void> {
    client c(network.transport(), options);
    co_await when_all(many(c, "greedy", 5), many(c, "modest", 2));
  };
  network.run(work());
  CHECK(order == std::vector<std::string>{"greedy", "modest", "greedy", "modest", "greedy",
                                          "greedy", "greedy"});
}

TEST_CASE("waiting in the queue has a limit of its own, which the error names") {
  plain_host at;
  at.host.then(plain_response("slow"), after::hang);
  client_options options = plain();
  options.pool.per_host = 1;
  options.timeouts.queue = 2s;
  auto work = [&]() -> task<void> {
    client c(at.network.transport(), options);
    auto streaming = co_await c.stream(method::get, "http://host/");
    const auto started = at.network.loop().now();
    auto second = co_await c.try_get("http://host/");
    REQUIRE_FALSE(second);
    CHECK(second.error().category() == error_category::timeout);
    CHECK(second.error().phase() == phase::queue);
    CHECK(second.error().replay() == replay_safety::not_sent);
    CHECK(at.network.loop().now() - started == 2s);
    CHECK(c.statistics().queued == 0);
  };
  at.network.run(work());
}

TEST_CASE("who is stopped in the queue leaves it, and the next one moves up") {
  plain_host at;
  at.host.then(plain_response("1")).then(plain_response("3"));
  client_options options = plain();
  options.pool.per_host = 1;
  auto work = [&]() -> task<void> {
    client c(at.network.transport(), options);
    stop_source stop;
    const request_options stoppable{.stop = stop};
    auto cancel = [&]() -> task<void> {
      CHECK(c.statistics().queued == 2);
      stop.request_stop();
      CHECK(c.statistics().queued == 1);
      co_return;
    };
    auto [first, second, third, done] =
        co_await when_all(c.try_get("http://host/"), c.try_get("http://host/", stoppable),
                          c.try_get("http://host/"), cancel());
    CHECK(first->text() == "1");
    CHECK(second.error().category() == error_category::canceled);
    CHECK(second.error().phase() == phase::queue);
    CHECK(third->text() == "3");
  };
  at.network.run(work());
  CHECK(at.network.connections == 1);
}

TEST_CASE(
    "an operation that is destroyed in the queue, or just as it leaves it, takes nothing along") {
  for (const bool granted : {false, true}) {
    plain_host at;
    at.host.then(plain_response("1")).then(plain_response("2"));
    client_options options = plain();
    options.pool.per_host = 1;
    auto work = [&]() -> task<void> {
      client c(at.network.transport(), options);
      auto lost = [&]() -> task<void> { co_await c.get("http://host/"); };
      auto first = co_await c.stream(method::get, "http://host/");
      {
        auto abandoned = lost();
        auto started = std::move(abandoned).operator co_await();
        started.await_suspend(std::noop_coroutine());
        CHECK(c.statistics().queued == 1);
        while (granted && !first.complete()) co_await first.read();
        CHECK(c.statistics().queued == (granted ? 0 : 1));
      }
      while (!first.complete()) co_await first.read();
      CHECK(c.statistics().queued == 0);
      CHECK(c.statistics().active == 0);
      auto next = co_await c.get("http://host/");
      CHECK(next.text() == "2");
    };
    at.network.run(work());
  }
}

TEST_CASE("a connection made beforehand spares the first request the wait") {
  memory_network network;
  network.delay = 10ms;
  scripted_host host;
  host.then(plain_response("x"));
  network.listen("localhost", 443, host.tls(localhost_certificate()));
  auto work = [&]() -> task<void> {
    client c(network.transport(), trusting());
    const connection_info info = co_await c.connect("https://localhost/");
    CHECK(info.tls->verified);
    CHECK(c.statistics().idle == 1);
    auto r = co_await c.get("https://localhost/");
    CHECK(r.timings().connect == 0ns);
    CHECK(r.timings().tls == 0ns);
    CHECK(c.statistics().created == 1);
    auto second = co_await c.connect("https://localhost/");
    CHECK(c.statistics().idle == 2);
  };
  network.run(work());
  CHECK(network.connections == 2);
}

TEST_CASE("a connection past its lifetime is replaced") {
  plain_host at;
  for (int i = 0; i < 20; ++i) at.host.then(plain_response("x"));
  auto work = [&]() -> task<void> {
    client c(at.network.transport(), plain());
    for (int i = 0; i < 15; ++i) {
      auto r = co_await c.get("http://host/");
      co_await sleep_for(at.network.transport(), 50s);
    }
    CHECK(c.statistics().created == 2);
    CHECK(c.statistics().open == 1);
  };
  at.network.run(work());
}

TEST_CASE("a std::stop_token ends an operation") {
  for (const bool at_once : {false, true}) {
    plain_host at;
    at.host.then("", after::hang);
    std::stop_source stop;
    if (at_once) stop.request_stop();
    auto work = [&]() -> task<result<response>> {
      client c(at.network.transport(), plain());
      auto operation = c.try_get("http://host/").with_stop(stop.get_token());
      co_return co_await std::move(operation);
    };
    auto stopper = [&]() -> task<void> {
      co_await sleep_for(at.network.transport(), 5s);
      stop.request_stop();
    };
    auto both = [&]() -> task<result<response>> {
      auto [outcome, _] = co_await when_all(work(), stopper());
      co_return std::move(outcome);
    };
    auto r = at.network.run(both());
    REQUIRE_FALSE(r);
    CHECK(r.error().category() == error_category::canceled);
    CHECK(at.network.open_streams == 0);
  }
}

TEST_CASE("a peer that drips is cut off; a slow stream is not") {
  memory_network network;
  network.listen("host", 80, [&](memory_stream s) -> task<void> {
    std::byte in[4096];
    auto got = co_await s.read_some(in, {});
    const std::string answer =
        "HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\n" + std::string(200, 'x');
    for (const char& c : answer) {
      co_await sleep_for(network.transport(), 1s);
      auto sent = co_await s.write_some(std::as_bytes(std::span(&c, 1)), {});
      if (!sent) co_return;
    }
  });
  SECTION("content or head") {
    const auto started = network.loop().now();
    auto r = get(network, "http://host/");
    REQUIRE_FALSE(r);
    CHECK(r.error().category() == error_category::timeout);
    CHECK(r.error().reason() == "too_slow");
    CHECK(network.loop().now() - started < 2min);
  }
  SECTION("a stream's content") {
    client_options options = plain();
    options.timeouts.minimum_rate = {};
    auto work = [&]() -> task<void> {
      client c(network.transport(), options);
      const auto started = network.loop().now();
      std::size_t size = 0;
      {
        auto s = co_await c.stream(method::get, "http://host/");
        while (true) {
          auto part = co_await s.read();
          if (part.empty()) break;
          size += part.size();
        }
      }
      CHECK(size == 200);
      CHECK(network.loop().now() - started > 3min);
    };
    network.run(work());
  }
  SECTION("a stream that asks for a rate") {
    client_options options = plain();
    options.timeouts.minimum_rate = {};
    auto work = [&]() -> task<void> {
      client c(network.transport(), options);
      auto s = co_await c.stream(method::get, "http://host/", {.minimum_rate = {{100, 10s}}});
      std::string reason;
      try {
        auto part = co_await s.read();
        co_await sleep_for(network.transport(), 20s);  // the caller's own time does not count
        while (!part.empty()) part = co_await s.read();
      } catch (const error& e) {
        reason = e.reason();
        CHECK(e.phase() == phase::receive_body);
      }
      CHECK(reason == "too_slow");
    };
    network.run(work());
  }
}

TEST_CASE("the first byte has a limit of its own") {
  plain_host at;
  at.host.then("", after::hang);
  client_options options = plain();
  options.timeouts.first_byte = 2s;
  const auto started = at.network.loop().now();
  auto r = get(at.network, "http://host/", options);
  REQUIRE_FALSE(r);
  CHECK(r.error().phase() == phase::receive_head);
  CHECK(at.network.loop().now() - started == 2s);
}

TEST_CASE("a connection is let go before the server's Keep-Alive time-out") {
  struct {
    std::string field;
    std::chrono::nanoseconds pause;
    bool kept;
  } cases[] = {
      {"", 59s, true},
      {"", 60s, false},
      {"Keep-Alive: timeout=5, max=100\r\n", 3900ms, true},
      {"Keep-Alive: timeout=5, max=100\r\n", 4s, false},
      {"keep-alive: max=10, Timeout = 5\r\n", 4s, false},
      {"Keep-Alive: timeout=1\r\n", 400ms, true},
      {"Keep-Alive: timeout=1\r\n", 500ms, false},
      {"Keep-Alive: timeout=0\r\n", 0ms, false},
      {"Keep-Alive: timeout=600\r\n", 59s, true},
      {"Keep-Alive: timeout=600\r\n", 60s, false},
      {"Keep-Alive: timeout=soon\r\n", 59s, true},
  };
  for (auto& c : cases) {
    CAPTURE(c.field, c.pause.count());
    plain_host at;
    at.host.then(plain_response("1", "200 OK", c.field)).then(plain_response("2"));
    auto work = [&]() -> task<void> {
      client one(at.network.transport(), plain());
      (void)co_await one.get("http://host/");
      if (c.pause > 0s) co_await sleep_for(at.network.transport(), c.pause);
      auto r = co_await one.get("http://host/");
      CHECK(r.on_reused_connection() == c.kept);
    };
    at.network.run(work());
  }
}
