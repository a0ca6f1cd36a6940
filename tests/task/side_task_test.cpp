// Tasks that go on beside whoever began them.
#include <cohttps/task/side_task.hpp>

#include <catch2/catch_test_macros.hpp>

#include <coroutine>
#include <memory>
#include <stdexcept>

using namespace cohttps;

namespace {

/// Resumed by hand.
struct gate {
  std::coroutine_handle<> waiter;
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> h) noexcept { waiter = h; }
  void await_resume() const noexcept {}
};

task<int> through(gate& g, std::shared_ptr<int> held, bool throws = false) {
  co_await g;
  if (throws) throw std::runtime_error("thrown");
  co_return *held;
}

}  // namespace

TEST_CASE("a side task runs until it waits, and is looked at when it has ended") {
  gate g;
  const auto held = std::make_shared<int>(7);
  side_task<int> side;
  CHECK_FALSE(side.started());
  CHECK_FALSE(side.done());
  side.start(through(g, held));
  CHECK(side.started());
  CHECK_FALSE(side.done());
  g.waiter.resume();
  REQUIRE(side.done());
  CHECK(side.take() == 7);
  CHECK_FALSE(side.started());
  CHECK(held.use_count() == 1);

  side.start(task<int>(8));  // one that has nothing to wait for
  REQUIRE(side.done());
  CHECK(side.take() == 8);
}

TEST_CASE("what leaves a side task leaves who takes its outcome") {
  gate g;
  const auto held = std::make_shared<int>(7);
  side_task<int> side;
  side.start(through(g, held, true));
  g.waiter.resume();
  REQUIRE(side.done());
  CHECK_THROWS_AS(side.take(), std::runtime_error);
  CHECK_FALSE(side.started());
  CHECK(held.use_count() == 1);
}

TEST_CASE("a side task ends with its object, or with the next one, wherever it waits") {
  gate first, second;
  const auto held = std::make_shared<int>(7);
  {
    side_task<int> side;
    side.start(through(first, held));
    CHECK(held.use_count() == 2);
    side.start(through(second, held));
    CHECK(held.use_count() == 2);
    side.reset();
    CHECK(held.use_count() == 1);
    side.start(through(first, held));
  }
  CHECK(held.use_count() == 1);
}
