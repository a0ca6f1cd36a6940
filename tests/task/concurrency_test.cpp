// Bounds, groups and limits of time for coroutines.
#include <cohttps/task/for_each_bounded.hpp>
#include <cohttps/task/owned_coroutine.hpp>
#include <cohttps/task/semaphore.hpp>
#include <cohttps/task/task_group.hpp>
#include <cohttps/testing/memory_network.hpp>
#include <cohttps/transport/sleep.hpp>
#include <cohttps/transport/with_timeout.hpp>

#include <catch2/catch_test_macros.hpp>

#include <stdexcept>
#include <string>
#include <vector>

using namespace cohttps;
using namespace cohttps::testing;
using namespace std::chrono_literals;

TEST_CASE("a semaphore bounds how many run, in their order") {
  memory_network network;
  semaphore two(2);
  int running = 0, most = 0;
  std::string order;
  auto one = [&](char name) -> task<void> {
    auto permit = co_await two.acquire();
    most = std::max(most, ++running);
    order += name;
    co_await sleep_for(network.transport(), 1s);
    --running;
  };
  auto work = [&]() -> task<void> {
    std::vector<task<void>> all;
    for (const char name : {'a', 'b', 'c', 'd', 'e'}) all.push_back(one(name));
    co_await when_all(std::move(all));
  };
  network.run(work());
  CHECK((most == 2 && order == "abcde" && two.available() == 2));
  auto held = two.try_acquire();
  auto other = two.try_acquire();
  CHECK_FALSE(two.try_acquire());
  held.release();
  CHECK(two.try_acquire());
}

TEST_CASE("who is destroyed while waiting for a permit leaves the queue") {
  semaphore one(1);
  auto held = one.try_acquire();
  int got = 0;
  auto waiting = [&]() -> owned_coroutine<int> {
    auto permit = co_await one.acquire();
    co_return ++got;
  };
  auto first = waiting(), second = waiting();
  first.start();
  second.start();
  first.reset();
  held.release();
  CHECK((got == 1 && second.done() && one.available() == 1));
}

TEST_CASE("items are worked on, a few at a time, until one fails") {
  memory_network network;
  std::vector<int> items{1, 2, 3, 4, 5, 6, 7};
  int running = 0, most = 0, done = 0;
  auto one = [&](int& item) -> task<void> {
    most = std::max(most, ++running);
    co_await sleep_for(network.transport(), 1s);
    --running;
    if (item == 4) throw std::runtime_error("four");
    item *= 10;
    ++done;
  };
  auto work = [&]() -> task<std::string> {
    try {
      co_await for_each_bounded(items, 2, one);
    } catch (const std::runtime_error& e) {
      co_return e.what();
    }
    co_return "";
  };
  CHECK(network.run(work()) == "four");
  CHECK((most == 2 && done == 4 && running == 0));  // the other worker had begun the fifth
  CHECK(items == std::vector<int>{10, 20, 30, 4, 50, 6, 7});
  items = {};
  CHECK(network.run(work()).empty());
}

TEST_CASE("the first failure of a group stops the others") {
  memory_network network;
  int stopped = 0, ended = 0;
  auto work = [&]() -> task<std::string> {
    task_group group;
    for (int i = 0; i < 3; ++i)
      group.start([&](stop_token stop) -> task<void> {
        const bool slept = co_await sleep_for(network.transport(), 1h, stop);
        stopped += !slept;
      });
    group.start([&](stop_token) -> task<void> {
      ++ended;
      co_return;
    });
    group.start([&](stop_token) -> task<void> {
      co_await sleep_for(network.transport(), 1s);
      throw std::runtime_error("first");
    });
    CHECK(group.running() == 4);
    std::string failure;
    try {
      co_await group.join();
    } catch (const std::runtime_error& e) {
      failure = e.what();
    }
    co_await group.join();  // nothing is left
    co_return failure;
  };
  CHECK(network.run(work()) == "first");
  CHECK((stopped == 3 && ended == 1));
}

TEST_CASE("a limit of time") {
  memory_network network;
  auto slow = [&](stop_token stop) -> task<int> {
    const bool slept = co_await sleep_for(network.transport(), 3s, stop);
    co_return slept ? 1 : 2;
  };
  auto work = [&]() -> task<void> {
    const int in_time = co_await with_timeout(network.transport(), 5s, slow);
    CHECK(in_time == 1);
    std::string reason;
    try {
      (void)co_await with_timeout(network.transport(), 2s, slow);
    } catch (const error& e) {
      reason = e.reason();
      CHECK(e.category() == error_category::timeout);
    }
    CHECK(reason == "with_timeout");
  };
  network.run(work());
}
