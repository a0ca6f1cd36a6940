#include <cohttps/task/task.hpp>
#include <cohttps/task/when_all.hpp>
#include <cohttps/testing/manual_loop.hpp>
#include <cohttps/transport/sleep.hpp>

#include <catch2/catch_test_macros.hpp>

#include <memory>
#include <stdexcept>
#include <string>
#include <support/allocations.hpp>

using namespace cohttps;
using testing::manual_loop;

namespace {

/// Suspends once; the loop resumes it.
struct turn {
  manual_loop& loop;
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> h) {
    loop.post([h] { h.resume(); });
  }
  void await_resume() const noexcept {}
};

struct never_resumed {
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<>) const noexcept {}
  void await_resume() const noexcept {}
};

task<int> ready(int value) { co_return value; }
task<int> later(manual_loop& loop, int value) {
  co_await turn{loop};
  co_return value;
}

}  // namespace

TEST_CASE("a task runs when it is awaited and not before") {
  manual_loop loop;
  bool ran = false;
  auto set = [&]() -> task<void> {
    ran = true;
    co_return;
  };
  task<void> t = set();
  CHECK_FALSE(ran);
  testing::run(loop, std::move(t));
  CHECK(ran);
}

TEST_CASE("a task gives its result, also a move-only one, or its exception") {
  manual_loop loop;
  auto pointer = [&]() -> task<std::unique_ptr<int>> {
    co_await turn{loop};
    co_return std::make_unique<int>(5);
  };
  CHECK(*testing::run(loop, pointer()) == 5);
  auto failing = [&](bool suspend) -> task<int> {
    if (suspend) co_await turn{loop};
    throw std::runtime_error("no");
  };
  auto catching = [&](bool suspend) -> task<std::string> {
    try {
      co_await failing(suspend);
    } catch (const std::runtime_error& e) {
      co_return e.what();
    }
    co_return "nothing was thrown";
  };
  CHECK(testing::run(loop, catching(false)) == "no");
  CHECK(testing::run(loop, catching(true)) == "no");
}

TEST_CASE("a million children that are ready need no stack") {
  manual_loop loop;
  auto sum = [&]() -> task<long> {
    long total = 0;
    for (int i = 0; i < 1'000'000; ++i) total += co_await ready(i);
    co_return total;
  };
  CHECK(testing::run(loop, sum()) == 499'999'500'000);
}

TEST_CASE("children that suspend go on in order") {
  manual_loop loop;
  auto sum = [&]() -> task<int> {
    int total = 0;
    for (int i = 0; i < 1000; ++i) {
      // Not as `co_await (c ? a : b)`: GCC 12 destroys the temporary twice.
      if (i % 2)
        total += co_await later(loop, i);
      else
        total += co_await ready(i);
    }
    co_return total;
  };
  CHECK(testing::run(loop, sum()) == 499'500);
}

TEST_CASE("destroying a task that waits destroys what its frames hold") {
  auto token = std::make_shared<int>();
  {
    auto inner = [](std::shared_ptr<int>) -> task<void> { co_await never_resumed{}; };
    auto outer = [&](std::shared_ptr<int> held) -> task<void> { co_await inner(held); };
    auto root = testing::detail::keep(outer(token));
    CHECK(token.use_count() > 1);
  }
  CHECK(token.use_count() == 1);
}

TEST_CASE("frames come from the recycler: none from the heap once warm") {
  if (!recycler::recycles) SKIP("a sanitizer gives every frame memory of its own");
  manual_loop loop;
  auto work = [&]() -> task<void> {
    for (int i = 0; i < 10; ++i) {
      co_await ready(i);
      co_await later(loop, i);
    }
  };
  testing::run(loop, work());
  const auto before = allocations::count();
  testing::run(loop, work());
  CHECK(allocations::count() - before == 0);
}

TEST_CASE("a task may be made of its result, which takes no frame") {
  manual_loop loop;
  auto ready = [](int value) -> task<result<int>> { return value; };
  auto refused = []() -> task<result<int>> {
    return result<int>(fail(error_category::usage, "no", "no"));
  };
  auto work = [&]() -> task<int> {
    auto held = ready(1);
    CHECK(held);
    auto moved = std::move(held);
    CHECK_FALSE(held);
    const auto one = co_await std::move(moved);
    const auto two = co_await ready(2);
    const auto none = co_await refused();
    CHECK_FALSE(none);
    auto [three, four] = co_await when_all(ready(3), ready(4));
    co_return *one + *two + *three + *four;
  };
  CHECK(testing::run(loop, work()) == 10);
}
