// Runs awaitables at the same time and waits for all of them.
#pragma once

#include <cohttps/core/recycler.hpp>
#include <cohttps/core/slot.hpp>
#include <cohttps/task/awaitable.hpp>

#include <cstddef>
#include <exception>
#include <optional>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

namespace cohttps {

namespace detail {

/// Replaces `void` by a type that has a value.
template <class T>
using value_or_monostate = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

/// Counts the children that run. While the parent starts them, it counts as one more. The last one
/// to arrive therefore knows whether the parent has suspended.
struct join_latch {
  std::size_t running = 1;
  std::coroutine_handle<> parent;

  std::coroutine_handle<> arrive() noexcept {
    return --running == 0 && parent ? parent : std::noop_coroutine();
  }
};

/// One child. It awaits, stores the outcome, and arrives at the latch.
template <class T>
class join_child {
 public:
  struct promise_type : recycled_frame {
    join_child get_return_object() noexcept {
      return join_child(std::coroutine_handle<promise_type>::from_promise(*this));
    }
    std::suspend_always initial_suspend() const noexcept { return {}; }
    auto final_suspend() const noexcept {
      struct arrive {
        bool await_ready() const noexcept { return false; }
        std::coroutine_handle<> await_suspend(std::coroutine_handle<>) const noexcept {
          return latch->arrive();
        }
        void await_resume() const noexcept {}
        join_latch* latch;
      };
      return arrive{latch};
    }
    void return_value(value_or_monostate<T> v) { value.emplace(std::move(v)); }
    void unhandled_exception() noexcept { failure = std::current_exception(); }

    join_latch* latch = nullptr;
    slot<value_or_monostate<T>> value;
    std::exception_ptr failure;
  };

  explicit join_child(std::coroutine_handle<promise_type> frame) noexcept : frame_(frame) {}
  join_child(join_child&& other) noexcept : frame_(std::exchange(other.frame_, nullptr)) {}
  join_child& operator=(join_child&&) = delete;
  ~join_child() {
    if (frame_) frame_.destroy();
  }

  void start(join_latch& latch) {
    frame_.promise().latch = &latch;
    ++latch.running;
    frame_.resume();
  }
  std::exception_ptr failure() const noexcept { return frame_.promise().failure; }
  value_or_monostate<T> take() { return std::move(*frame_.promise().value); }

 private:
  std::coroutine_handle<promise_type> frame_;
};

template <awaitable A>
join_child<await_result_t<A>> join(A a) {
  if constexpr (std::is_void_v<await_result_t<A>>) {
    co_await std::move(a);
    co_return std::monostate();
  } else {
    co_return co_await std::move(a);
  }
}

template <class = void>
void rethrow_first(std::initializer_list<std::exception_ptr> failures) {
  for (const auto& failure : failures)
    if (failure) std::rethrow_exception(failure);
}

/// The results of `when_all`. They are named classes, because a function with a deduced return type
/// is instantiated wherever it is mentioned.
template <awaitable... As>
struct join_group {
  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> parent) {
    std::apply([&](auto&... child) { (child.start(latch), ...); }, children);
    if (--latch.running == 0) return false;
    latch.parent = parent;
    return true;
  }
  std::tuple<value_or_monostate<await_result_t<As>>...> await_resume() {
    return std::apply(
        [](auto&... child) {
          rethrow_first({child.failure()...});
          return std::tuple<value_or_monostate<await_result_t<As>>...>{child.take()...};
        },
        children);
  }
  std::tuple<join_child<await_result_t<As>>...> children;
  join_latch latch{};
};

template <awaitable A>
struct join_list {
  using value = value_or_monostate<await_result_t<A>>;

  bool await_ready() const noexcept { return children.empty(); }
  bool await_suspend(std::coroutine_handle<> parent) {
    for (auto& child : children) child.start(latch);
    if (--latch.running == 0) return false;
    latch.parent = parent;
    return true;
  }
  std::vector<value> await_resume() {
    std::vector<value> values;
    values.reserve(children.size());
    for (auto& child : children) rethrow_first({child.failure()});
    for (auto& child : children) values.push_back(child.take());
    return values;
  }
  std::vector<join_child<await_result_t<A>>> children;
  join_latch latch{};
};

}  // namespace detail

/// Awaits all `awaitables` at the same time. Returns a tuple of their results in order, with
/// `std::monostate` for `void`. If one of them throws, it still waits for all others. Then it
/// throws the first exception in the order of the arguments.
template <awaitable... As>
[[nodiscard]] detail::join_group<As...> when_all(As... awaitables) {
  return {{detail::join(std::move(awaitables))...}};
}

/// Does the same for a number of awaitables that is known only at run time. Returns a vector of the
/// results in order.
template <awaitable A>
[[nodiscard]] detail::join_list<A> when_all(std::vector<A> awaitables) {
  detail::join_list<A> all;
  all.children.reserve(awaitables.size());
  for (auto& a : awaitables) all.children.push_back(detail::join(std::move(a)));
  return all;
}

}  // namespace cohttps
