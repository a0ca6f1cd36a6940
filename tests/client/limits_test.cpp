// Time limits, stops, and what happens when any operation fails.
#include "client/support.hpp"

#include <cohttps/task/when_any.hpp>
#include <cohttps/transport/sleep.hpp>

#include <functional>
#include <string>
#include <vector>

using namespace cohttps;
using namespace cohttps::testing;
using namespace std::chrono_literals;

namespace {
struct timed {
  result<response> outcome;
  std::chrono::nanoseconds took;
};
timed timed_get(memory_network& network, std::string url, client_options options = plain(),
                request_options how = {}) {
  const auto started = network.loop().now();
  auto outcome = get(network, url, std::move(options), how);
  return {std::move(outcome), network.loop().now() - started};
}
}  // namespace

TEST_CASE("each phase has its limit, and the error names it") {
  struct {
    phase where;
    std::chrono::nanoseconds limit;
    std::string message;
  } cases[] = {
      {phase::resolve, 10s,
       "10 s passed while looking up the host name; allow more with timeouts::connect"},
      {phase::connect, 10s, "10 s passed while connecting; allow more with timeouts::connect"},
      {phase::handshake, 10s, "10 s passed in the TLS handshake; allow more with timeouts::tls"},
      {phase::receive_head, 30s,
       "30 s passed while waiting for the response; allow more with timeouts::idle"},
      {phase::receive_body, 30s,
       "no byte moved for 30 s while receiving the content; allow more with "
       "timeouts::idle"}};
  for (auto& c : cases) {
    CAPTURE(to_string(c.where));
    memory_network network;
    scripted_host host;
    host.then(
        c.where == phase::receive_body ? "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc" : "",
        after::hang);
    network.listen("localhost", 80, host.plain());
    network.listen("localhost", 443, [](memory_stream s) -> task<void> {
      std::byte in[1000];
      while (true) {  // reads, says nothing
        auto got = co_await s.read_some(in, {});
        if (!got || *got == 0) co_return;
      }
    });
    if (c.where == phase::resolve) network.resolve_delay = 1h;
    if (c.where == phase::connect) network.connect_delay = 1h;
    client_options options = plain();
    options.tls = context_trusting();
    auto r = timed_get(
        network, c.where == phase::handshake ? "https://localhost/" : "http://localhost/", options);
    REQUIRE_FALSE(r.outcome);
    CHECK(r.outcome.error().category() == error_category::timeout);
    CHECK(r.outcome.error().reason() == "phase_timeout");
    CHECK(r.outcome.error().phase() == c.where);
    CHECK(r.took == c.limit);
    CHECK(network.open_streams == 0);
    CHECK(std::string(r.outcome.error().what()).ends_with(c.message));
    const bool unsent = c.where <= phase::handshake;
    CHECK((r.outcome.error().replay() == replay_safety::not_sent) == unsent);
  }
}

TEST_CASE("the time in all holds through every phase, and the error names the one it met") {
  for (auto total : {1ms, 15ms, 25ms, 35ms, 45ms}) {
    memory_network network;
    network.delay = 10ms;
    scripted_host host;
    host.then("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", after::hang);
    network.listen("host", 80, host.plain());
    auto r = timed_get(network, "http://host/", plain(), {.timeout = total});
    REQUIRE_FALSE(r.outcome);
    CHECK(r.outcome.error().category() == error_category::timeout);
    CHECK(r.outcome.error().reason() == "total_timeout");
    CHECK(std::string(r.outcome.error().what())
              .ends_with("; allow more with request_options::timeout"));
    CHECK(r.took == total);
    CHECK(network.open_streams == 0);
  }
}

TEST_CASE("slow but steady content is not cut off by the idle limit") {
  memory_network network;
  network.read_limit = 100;
  network.delay = 2s;
  scripted_host host;
  host.then(plain_response(std::string(12'000, 'x')));
  network.listen("host", 80, host.plain());
  client_options options = plain();
  auto r = timed_get(network, "http://host/", options);
  if (!r.outcome) FAIL(r.outcome.error().what());
  CHECK(r.took > 3min);
}

TEST_CASE("what is not content does not keep a request going") {
  // What the server sends every ten seconds, behind the head and a part of the content.
  struct {
    std::string name;
    std::function<void(tls_server_peer&)> send;
    std::size_t bytes;  // of it, each time
  } cases[] = {
      {"empty records", [](tls_server_peer& s) { s.send(""); }, SIZE_MAX},
      {"changes of keys", [](tls_server_peer& s) { s.update_keys(false); }, SIZE_MAX},
      {"a record byte by byte", [](tls_server_peer& s) { s.send(std::string(5000, 'x')); }, 1},
  };
  for (auto& c : cases) {
    CAPTURE(c.name);
    memory_network network;
    network.listen("localhost", 443, [&](memory_stream s) -> task<void> {
      tls_server_peer tls(localhost_certificate());
      std::byte in[4096];
      const auto flush = [&](std::size_t most) -> task<bool> {
        const auto part = tls.outgoing.data().first(std::min(most, tls.outgoing.size()));
        const std::vector<std::byte> copy(part.begin(), part.end());
        tls.outgoing.consume(copy.size());
        auto taken = co_await s.write_some(copy, {});
        co_return taken.has_value();
      };
      while (!tls.received.ends_with("\r\n\r\n")) {
        auto got = co_await s.read_some(in, {});
        if (!got || *got == 0) co_return;
        if (!tls.receive(std::span(in).first(*got))) co_return;
        if (!tls.outgoing.empty()) (void)co_await flush(SIZE_MAX);
      }
      tls.send("HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\npart");
      bool open = co_await flush(SIZE_MAX);
      while (open) {
        co_await sleep_for(network.transport(), 10s);
        if (tls.outgoing.empty()) c.send(tls);
        open = co_await flush(c.bytes);
      }
    });
    auto r = timed_get(network, "https://localhost/", trusting());
    REQUIRE_FALSE(r.outcome);
    CHECK(r.outcome.error().reason() == "phase_timeout");
    CHECK(r.outcome.error().phase() == phase::receive_body);
    CHECK(r.took == 30s);
  }
}

TEST_CASE("chunks that never come do not keep a request going") {
  memory_network network;
  network.listen("host", 80, [&](memory_stream s) -> task<void> {
    std::byte in[4096];
    (void)co_await s.read_some(in, {});
    std::string_view say = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n5;";
    while (true) {
      auto taken = co_await s.write_some(std::as_bytes(std::span(say)), {});
      if (!taken) co_return;
      say = "x";  // of an extension
      co_await sleep_for(network.transport(), 10s);
    }
  });
  auto r = timed_get(network, "http://host/");
  REQUIRE_FALSE(r.outcome);
  CHECK(r.outcome.error().reason() == "phase_timeout");
  CHECK(r.took == 30s);
}

TEST_CASE("a slow but steady upload is not cut off by the idle limit") {
  memory_network network;
  network.capacity = 8 * 1024;
  network.listen("host", 80, [&](memory_stream s) -> task<void> {
    std::vector<std::byte> in(8 * 1024);
    for (std::size_t read = 0; read < 300'000;) {
      co_await sleep_for(network.transport(), 2s);
      auto got = co_await s.read_some(in, {});
      if (!got || *got == 0) co_return;
      read += *got;
    }
    static constexpr std::string_view answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    auto sent = co_await s.write_some(std::as_bytes(std::span(answer)), {});
    CHECK(sent);
  });
  const std::string content(300'000, 'x');
  auto r = send(network, method::put, "http://host/", {.content = content});
  if (!r) FAIL(r.error().what());
  CHECK(r->status() == 200);
}

TEST_CASE("a stream's reader may take its time, and a failed stream stays failed") {
  plain_host at;
  at.network.capacity = 1000;
  at.host.then(plain_response(std::string(20'000, 'x')))
      .then("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", after::close);
  auto work = [&]() -> task<void> {
    client c(at.network.transport(), plain());
    auto stream = co_await c.stream(method::get, "http://host/");
    std::size_t read = 0;
    while (true) {
      auto part = co_await stream.read();
      if (part.empty()) break;
      read += part.size();
      if (read < 5000) co_await sleep_for(at.network.transport(), 45s);
    }
    CHECK(read == 20'000);
    auto cut = co_await c.stream(method::get, "http://host/");
    for (int i = 0; i < 3; ++i) {
      std::string reason;
      try {
        while (true) {
          auto part = co_await cut.read();
          if (part.empty()) break;
        }
      } catch (const error& e) {
        reason = std::string(e.reason());
      }
      CHECK(reason == "truncated_body");
    }
  };
  at.network.run(work());
}

TEST_CASE("a stream that won a race goes on; the caller's own token still stops it") {
  plain_host at;
  at.network.capacity = 1000;
  at.host.then(plain_response(std::string(20'000, 'x')))
      .then(plain_response(std::string(20'000, 'x')));
  auto work = [&]() -> task<void> {
    client c(at.network.transport(), plain());
    stop_source mine;
    for (bool stopped : {false, true}) {
      auto won = co_await when_any(c.stream(method::get, "http://host/", {.stop = mine}),
                                   sleep_for(at.network.transport(), 5s));
      REQUIRE(won.index() == 0);
      if (stopped) mine.request_stop();
      std::string reason = "complete";
      try {
        while (true) {
          auto part = co_await std::get<0>(won).read();
          if (part.empty()) break;
        }
      } catch (const error& e) {
        reason = std::string(e.reason());
      }
      CHECK(reason == (stopped ? "canceled" : "complete"));
    }
  };
  at.network.run(work());
}

TEST_CASE("limits without end are no limits") {
  plain_host at;
  at.host.then(plain_response("x"));
  CHECK(get(at.network, "http://host/", plain(), {.timeout = std::chrono::nanoseconds::max()}));
}

TEST_CASE("a deadline that did not pass leaves nothing on the loop") {
  plain_host at;
  at.host.then(plain_response("x"));
  auto work = [&]() -> task<void> {
    client c(at.network.transport(), plain());
    auto r = co_await c.get("http://host/", {.timeout = 1h});
    c.close_idle();
  };
  const auto started = at.network.loop().now();
  at.network.run(work());
  at.network.run_servers();
  CHECK(at.network.loop().now() - started < 1s);
}

TEST_CASE("a stop ends the operation in the same moment, wherever it is") {
  for (auto when : {0ms, 5ms, 15ms, 25ms, 35ms, 45ms}) {
    memory_network network;
    network.delay = 10ms;
    scripted_host host;
    host.then("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", after::hang);
    network.listen("host", 80, host.plain());
    auto work = [&]() -> task<void> {
      client c(network.transport(), plain());
      stop_source stop;
      auto fetch = [&]() -> task<void> {
        auto r = co_await c.try_get("http://host/", {.stop = stop});
        REQUIRE_FALSE(r);
        CHECK(r.error().category() == error_category::canceled);
      };
      auto stopper = [&]() -> task<void> {
        co_await sleep_for(network.transport(), when);
        stop.request_stop();
      };
      const auto started = network.loop().now();
      co_await when_all(fetch(), stopper());
      CHECK(network.loop().now() - started == when);
    };
    network.run(work());
    CHECK(network.open_streams == 0);
  }
}

TEST_CASE("destroying the awaiting coroutine ends the operation") {
  for (int turns = 0; turns < 12; ++turns) {
    plain_host at;
    at.host.then("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", after::hang);
    client c(at.network.transport(), plain());
    auto fetch = [&]() -> task<void> { auto r = co_await c.get("http://host/"); };
    {
      auto root = testing::detail::keep(fetch());
      for (int i = 0; i < turns; ++i) at.network.loop().run_one();
    }
    CHECK(at.network.open_streams == 0);
    at.network.run_servers();
  }
}

TEST_CASE("any operation may fail or be stopped: the accounts balance, over http") {
  for_each_fault([](memory_network& network, stop_source& stop) {
    scripted_host host;
    host.then(plain_response("moved", "302 Found", "Location: /b\r\n"))
        .then("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
        .then(plain_response("last"));
    network.listen("host", 80, host.plain());
    auto work = [&]() -> task<result<response>> {
      client c(network.transport(), plain());
      auto first = co_await c.try_get("http://host/", {.stop = stop});
      CHECK(network.open_streams == c.statistics().idle);
      auto second = co_await c.try_get("http://host/", {.stop = stop});
      CHECK(network.open_streams == c.statistics().idle);
      if (!first) co_return first;
      co_return second;
    };
    return network.run(work());
  });
}

TEST_CASE("any operation may fail or be stopped: the accounts balance, over https") {
  for_each_fault([](memory_network& network, stop_source& stop) {
    scripted_host host;
    host.then(plain_response("one")).then("HTTP/1.1 200 OK\r\n\r\nuntil the end", after::close);
    network.listen("localhost", 443, host.tls(localhost_certificate()));
    auto work = [&]() -> task<result<response>> {
      client c(network.transport(), trusting());
      auto first = co_await c.try_get("https://localhost/", {.stop = stop});
      CHECK(network.open_streams == c.statistics().idle);
      auto second = co_await c.try_get("https://localhost/", {.stop = stop});
      CHECK(network.open_streams == c.statistics().idle);
      if (!first) co_return first;
      co_return second;
    };
    return network.run(work());
  });
}
