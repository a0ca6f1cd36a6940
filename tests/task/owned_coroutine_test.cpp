// Coroutines that run beside the code of their owners.
#include <cohttps/task/owned_coroutine.hpp>

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

owned_coroutine<int> through(gate& g, std::shared_ptr<int> held, bool throws = false) {
  co_await g;
  if (throws) throw std::runtime_error("thrown");
  co_return *held;
}

owned_coroutine<int> at_once(int value) { co_return value; }

}  // namespace

TEST_CASE("an owned coroutine runs until it waits, and its owner looks whether it has ended") {
  gate g;
  const auto held = std::make_shared<int>(7);
  owned_coroutine<int> side;
  CHECK_FALSE(side);
  CHECK_FALSE(side.done());
  side = through(g, held);
  side.start();
  CHECK(side);
  CHECK_FALSE(side.done());
  g.waiter.resume();
  REQUIRE(side.done());
  CHECK(side.take() == 7);
  CHECK_FALSE(side);
  CHECK(held.use_count() == 1);

  side = at_once(8);
  side.start();  // one that has nothing to wait for
  REQUIRE(side.done());
  CHECK(side.take() == 8);
}

TEST_CASE("an exception that an owned coroutine throws is thrown where its value is taken") {
  gate g;
  const auto held = std::make_shared<int>(7);
  owned_coroutine<int> side;
  side = through(g, held, true);
  side.start();
  g.waiter.resume();
  REQUIRE(side.done());
  CHECK_THROWS_AS(side.take(), std::runtime_error);
  CHECK_FALSE(side);
  CHECK(held.use_count() == 1);
}

TEST_CASE("an owned coroutine ends with its object, or with the next one, wherever it waits") {
  gate first, second;
  const auto held = std::make_shared<int>(7);
  {
    owned_coroutine<int> side;
    side = through(first, held);
    side.start();
    CHECK(held.use_count() == 2);
    side = through(second, held);
    side.start();
    CHECK(held.use_count() == 2);
    side.reset();
    CHECK(held.use_count() == 1);
    side = through(first, held);
    side.start();
  }
  CHECK(held.use_count() == 1);
}
