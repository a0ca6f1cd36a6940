// The client of Redis over the network in memory: every split, every fault, and time by hand.
#include <cohttps/stores/redis.hpp>
#include <cohttps/task/when_all.hpp>
#include <cohttps/testing/memory_network.hpp>
#include <cohttps/transport/sleep.hpp>

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

using namespace cohttps;
using namespace cohttps::testing;
using namespace std::chrono_literals;

namespace {

/// Gives the same replies to each connection, one for each read, in parts of a size.
struct scripted_redis {
  std::vector<std::string> replies;
  std::size_t part = 1'000'000;
  int connections = 0;
  std::string received = {};

  memory_network::server server() {
    return [this](memory_stream s) -> task<void> {
      ++connections;
      std::vector<std::byte> in(64 * 1024);
      for (const std::string& reply : replies) {
        auto got = co_await s.read_some(in, {});
        if (!got || *got == 0) co_return;
        received.append(reinterpret_cast<const char*>(in.data()), *got);
        auto rest = std::as_bytes(std::span(reply));
        while (!rest.empty()) {
          auto taken = co_await s.write_some(rest.first(std::min(part, rest.size())), {});
          if (!taken) co_return;
          rest = rest.subspan(*taken);
        }
      }
    };
  }
};

const std::string array = "*3\r\n$3\r\na\r\n\r\n$0\r\n\r\n:12\r\n";

}  // namespace

TEST_CASE("commands and replies of Redis, in parts of every size") {
  for (std::size_t part = 1; part < 30; ++part) {
    memory_network network;
    scripted_redis redis{{array, "$-1\r\n", ":-7\r\n", "+OK\r\n", "-ERR no \"secret\"\r\n"}, part};
    network.listen("redis", 6379, redis.server());
    redis_client c(network.transport(), {.host = "redis"});
    const auto work = [&]() -> task<void> {
      const std::string binary("\0\r\n", 3);
      auto reply = co_await c.ask("HGETALL", "k", binary);
      REQUIRE(reply);
      CHECK((reply->size() == 3 && (*reply)[0] == "a\r\n" && (*reply)[1].empty()));
      reply = co_await c.ask("GET", "k");
      CHECK((reply->is_null() && reply->text().empty() && reply->size() == 0));
      reply = co_await c.ask("INCR", "k");
      CHECK(reply->number() == -7);
      reply = co_await c.ask("PING");
      CHECK(reply->text() == "OK");
      reply = co_await c.ask("GET", "k");
      REQUIRE_FALSE(reply);
      CHECK(reply.error().reason() == "redis_refused");
    };
    network.run(work());
    CHECK(redis.connections == 1);
    CHECK(redis.received.starts_with(
        std::string("*3\r\n$7\r\nHGETALL\r\n$1\r\nk\r\n$3\r\n\0\r\n\r\n", 33)));
  }
}

TEST_CASE("a reply that ends early, or is none, is an error soon") {
  std::vector<std::string> bad{"HTTP/1.1 400\r\n", "*99999999999\r\n",  ":x\r\n", "\r\n",
                               "$-2\r\n",          std::string(3, '\0')};
  for (std::size_t cut = 0; cut < array.size(); ++cut) bad.push_back(array.substr(0, cut));
  for (const std::string& reply : bad) {
    CAPTURE(reply);
    memory_network network;
    scripted_redis redis{{reply}};
    network.listen("redis", 6379, redis.server());
    redis_client c(network.transport(), {.host = "redis"});
    const auto work = [&]() -> task<void> {
      const auto began = network.transport().now();
      auto answer = co_await c.ask("GET", "k");
      CHECK_FALSE(answer);
      CHECK(network.transport().now() - began <= 250ms);
      answer = co_await c.ask("GET", "k");
      REQUIRE_FALSE(answer);
      CHECK(answer.error().reason() == "redis_paused");
    };
    network.run(work());
    CHECK(redis.connections == 1);
  }
}

TEST_CASE("each operation of a connection to Redis fails in turn") {
  for (std::size_t at = 0; at < 12; ++at) {
    CAPTURE(at);
    memory_network network;
    scripted_redis redis{{"+OK\r\n", "+OK\r\n", "+OK\r\n", "+PONG\r\n", "+PONG\r\n"}};
    network.listen("redis", 6379, redis.server());
    network.faults = {.what = fault_plan::kind::fail, .at = at};
    redis_client c(network.transport(), {.host = "redis", .password = "x", .database = 2});
    const auto work = [&]() -> task<void> {
      for (int i = 0; i < 3; ++i) (void)co_await c.ask("PING");
      co_await sleep_for(network.transport(), 2s);
      auto reply = co_await c.ask("PING");
      CHECK(reply.has_value());
    };
    network.run(work());
  }
}

TEST_CASE("a Redis that cannot be reached is left alone for longer and longer") {
  memory_network network;
  network.black_hole("redis", 6379);
  redis_client c(network.transport(), {.host = "redis", .timeout = 100ms});
  const auto work = [&]() -> task<void> {
    std::vector<std::chrono::nanoseconds> tries;
    const auto began = network.transport().now();
    while (network.transport().now() - began < 200s) {
      const auto before = network.transport().now();
      auto reply = co_await c.ask("PING");
      CHECK_FALSE(reply);
      if (network.transport().now() != before) tries.push_back(before - began);
      co_await sleep_for(network.transport(), 10ms);
    }
    // Each try takes 100 ms; the pauses are 1, 2, 4 .. 60 and 60 s, asked each 10 ms.
    const std::chrono::nanoseconds pauses[] = {1s, 2s, 4s, 8s, 16s, 32s, 60s, 60s};
    REQUIRE(tries.size() == 9);
    for (std::size_t i = 0; i < 8; ++i) {
      CAPTURE(i);
      const auto pause = tries[i + 1] - tries[i] - 100ms;
      CHECK((pause >= pauses[i] && pause <= pauses[i] + 20ms));
    }
  };
  network.run(work());
}

TEST_CASE("commands to Redis at the same time have a bound, and connections are kept") {
  memory_network network;
  scripted_redis redis{std::vector<std::string>(1000, "+PONG\r\n")};
  network.listen("redis", 6379, redis.server());
  redis_client c(network.transport(), {.host = "redis", .max_connections = 5});
  const auto work = [&]() -> task<void> {
    for (int round = 0; round < 3; ++round) {
      std::vector<task<result<redis_reply>>> many;
      for (int i = 0; i < 8; ++i) many.push_back(c.ask("PING"));
      auto replies = co_await when_all(std::move(many));
      CHECK(std::ranges::count_if(replies, [](auto& r) { return r.has_value(); }) == 5);
      for (auto& r : replies)
        if (!r) CHECK(r.error().reason() == "redis_busy");
    }
  };
  network.run(work());
  CHECK(redis.connections == 5);
}

TEST_CASE("a connection to Redis that ended while nobody used it is replaced") {
  memory_network network;
  scripted_redis redis{{"+PONG\r\n"}};  // one command for each connection
  network.listen("redis", 6379, redis.server());
  redis_client c(network.transport(), {.host = "redis"});
  const auto work = [&]() -> task<void> {
    for (int i = 0; i < 5; ++i) {
      auto reply = co_await c.ask("PING");
      REQUIRE(reply);
      CHECK(reply->text() == "PONG");
    }
  };
  network.run(work());
  CHECK(redis.connections == 5);
}
