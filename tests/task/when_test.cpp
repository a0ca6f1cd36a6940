#include <cohttps/task/when_all.hpp>
#include <cohttps/task/when_any.hpp>
#include <cohttps/testing/memory_network.hpp>
#include <cohttps/transport/sleep.hpp>

#include <catch2/catch_test_macros.hpp>

#include <stdexcept>
#include <string>

using namespace cohttps;
using namespace std::chrono_literals;
using testing::memory_network;
using testing::memory_transport;

namespace {

task<std::string> say(memory_transport t, std::chrono::nanoseconds after, std::string what,
                      std::string& log) {
  if (after > 0s) co_await sleep_for(t, after);
  log += what;
  co_return what;
}
task<void> fail_after(memory_transport t, std::chrono::nanoseconds after) {
  if (after > 0s) co_await sleep_for(t, after);
  throw std::runtime_error("failed");
}

}  // namespace

TEST_CASE("when_all gives the results in the order of the arguments") {
  memory_network net;
  std::string log;
  auto both = [&]() -> task<void> {
    auto t = net.transport();
    auto [a, b, c] =
        co_await when_all(say(t, 3s, "a", log), say(t, 0s, "b", log), sleep_for(t, 1s));
    CHECK(a == "a");
    CHECK(b == "b");
    CHECK(c);
  };
  const auto started = net.loop().now();
  net.run(both());
  CHECK(log == "ba");
  CHECK(net.loop().now() - started == 3s);
}

TEST_CASE("when_all of a vector, and of none") {
  memory_network net;
  std::string log;
  auto many = [&](int n) -> task<std::size_t> {
    std::vector<task<std::string>> all;
    for (int i = 0; i < n; ++i)
      all.push_back(say(net.transport(), std::chrono::seconds(i % 3), std::to_string(i), log));
    auto said = co_await when_all(std::move(all));
    for (std::size_t i = 0; i < said.size(); ++i) CHECK(said[i] == std::to_string(i));
    co_return said.size();
  };
  CHECK(net.run(many(10)) == 10);
  CHECK(net.run(many(0)) == 0);
}

TEST_CASE("when_all waits for every one before an exception leaves") {
  memory_network net;
  std::string log;
  auto both = [&]() -> task<void> {
    auto t = net.transport();
    co_await when_all(fail_after(t, 0s), say(t, 5s, "late", log), fail_after(t, 1s));
  };
  CHECK_THROWS_AS(net.run(both()), std::runtime_error);
  CHECK(log == "late");
}

TEST_CASE("when_any gives the first result and stops the others") {
  memory_network net;
  auto t = net.transport();
  auto race = [&]() -> task<void> {
    bool slow_came = true;
    auto slow = [&](stop_token stop) -> task<int> {
      slow_came = co_await sleep_for(t, 1h, stop);
      co_return 1;
    };
    auto fast = [&](stop_token stop) -> task<std::string> {
      co_await sleep_for(t, 1s, stop);
      co_return "fast";
    };
    auto winner = co_await when_any(slow, fast, sleep_for(t, 2s));
    CHECK(winner.index() == 1);
    CHECK(std::get<1>(winner) == "fast");
    CHECK_FALSE(slow_came);
  };
  const auto started = net.loop().now();
  net.run(race());
  CHECK(net.loop().now() - started == 1s);
}

TEST_CASE("when_any lets the first one's exception out") {
  memory_network net;
  auto t = net.transport();
  auto race = [&]() -> task<void> {
    auto failing = [&](stop_token) { return fail_after(t, 1s); };
    co_await when_any(sleep_for(t, 1h), failing);
  };
  CHECK_THROWS_AS(net.run(race()), std::runtime_error);
}

TEST_CASE("when_any is stopped from outside, with the reason") {
  memory_network net;
  auto t = net.transport();
  auto race = [&]() -> task<void> {
    stop_source outside;
    stop_reason seen{};
    auto watch = [&](stop_token stop) -> task<void> {
      co_await sleep_for(t, 1h, stop);
      seen = stop.reason();
    };
    auto stopper = [&]() -> task<void> {
      co_await sleep_for(t, 1s);
      outside.request_stop(stop_reason::timed_out);
    };
    co_await when_all(when_any(stop_token(outside), watch, sleep_for(t, 1h)), stopper());
    CHECK(seen == stop_reason::timed_out);
  };
  const auto started = net.loop().now();
  net.run(race());
  CHECK(net.loop().now() - started == 1s);
}

TEST_CASE("a sleep that is stopped before it begins does not wait") {
  memory_network net;
  auto immediate = [&]() -> task<bool> {
    stop_source stop;
    stop.request_stop();
    co_return co_await sleep_for(net.transport(), 1h, stop);
  };
  CHECK_FALSE(net.run(immediate()));
}
