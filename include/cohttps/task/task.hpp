// The coroutine type of the library.
#pragma once

#include <cohttps/core/recycler.hpp>
#include <cohttps/core/slot.hpp>

#include <concepts>
#include <coroutine>
#include <exception>
#include <type_traits>
#include <utility>

namespace cohttps {

template <class T>
class task;

namespace detail {

/// Knows who waits for a coroutine, and resumes it at the end of the coroutine.
///
/// A parent starts its child by resuming it inside `await_suspend`. If the child ends without
/// suspending, it has no continuation yet. It returns to `await_suspend`, and the parent continues
/// without suspending. A loop over children that are ready therefore uses no additional stack, with
/// any compiler and at any optimisation level. A child that has suspended resumes its parent by
/// symmetric transfer.
class promise_base : public recycled_frame {
 public:
  std::suspend_always initial_suspend() const noexcept { return {}; }

  auto final_suspend() const noexcept {
    struct transfer {
      bool await_ready() const noexcept { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<>) const noexcept { return to; }
      void await_resume() const noexcept {}
      std::coroutine_handle<> to;
    };
    return transfer{continuation_ ? continuation_ : std::noop_coroutine()};
  }

  void continue_with(std::coroutine_handle<> continuation) noexcept {
    continuation_ = continuation;
  }

 private:
  std::coroutine_handle<> continuation_;
};

template <class T>
class promise final : public promise_base {
 public:
  task<T> get_return_object() noexcept;

  template <class U>
    requires std::is_constructible_v<T, U&&>
  void return_value(U&& value) {
    value_.emplace(std::forward<U>(value));
  }
  void unhandled_exception() noexcept { failure_ = std::current_exception(); }

  T take() {
    if (failure_) std::rethrow_exception(std::move(failure_));
    return std::move(*value_);
  }

 private:
  slot<T> value_;
  std::exception_ptr failure_;
};

template <>
class promise<void> final : public promise_base {
 public:
  task<void> get_return_object() noexcept;

  void return_void() const noexcept {}
  void unhandled_exception() noexcept { failure_ = std::current_exception(); }

  void take() {
    if (failure_) std::rethrow_exception(std::move(failure_));
  }

 private:
  std::exception_ptr failure_;
};

/// True if a task can store the result itself, besides the handle of its frame.
template <class T>
constexpr bool is_small = sizeof(T) <= 64;
template <>
inline constexpr bool is_small<void> = false;

/// A result that needs no frame.
template <class T, bool = is_small<T>>
struct ready_value : slot<T> {
  void take(ready_value& other) noexcept {
    if (!other) return;
    this->emplace(std::move(*other));
    other.reset();
  }
};
template <class T>
struct ready_value<T, false> {
  void take(ready_value&) noexcept {}
  void reset() noexcept {}
  explicit operator bool() const noexcept { return false; }
};

}  // namespace detail

/// A lazy coroutine with one result. It runs when it is awaited, and it may be awaited once. A
/// function that has nothing to wait for can return a small result as a task, which needs no frame.
///
/// Destroying a task that has started and not ended destroys its frame, and everything that the
/// frame waits for. `co_await` throws the exception of the coroutine. Frames come from `recycler`.
///
/// Threads: a task, and everything that it awaits, belong to one runtime thread.
template <class T = void>
class [[nodiscard("a task does nothing until it is awaited")]] task {
 public:
  using promise_type = detail::promise<T>;
  using value_type = T;

  task() = default;
  /// Makes a task from a result that already exists.
  template <std::convertible_to<T> U>
    requires(detail::is_small<T> && !std::same_as<std::remove_cvref_t<U>, task>)
  task(U&& value) {
    value_.emplace(std::forward<U>(value));
  }

  task(task&& other) noexcept : frame_(std::exchange(other.frame_, nullptr)) {
    value_.take(other.value_);
  }
  task& operator=(task&& other) noexcept {
    if (this != &other) {
      destroy();
      frame_ = std::exchange(other.frame_, nullptr);
      value_.reset();
      value_.take(other.value_);
    }
    return *this;
  }
  ~task() { destroy(); }

  /// False after a move, and for a default-constructed task.
  explicit operator bool() const noexcept { return frame_ || value_; }

  /// Returns the result if the task was made from one, else null: it has to be awaited.
  const T* result_if_ready() const noexcept
    requires(detail::is_small<T>)
  {
    return value_ ? &*value_ : nullptr;
  }

  auto operator co_await() && noexcept {
    struct awaiter {
      bool await_ready() const noexcept { return !of.frame_; }
      bool await_suspend(std::coroutine_handle<> parent) const {
        of.frame_.resume();
        if (of.frame_.done()) return false;
        of.frame_.promise().continue_with(parent);
        return true;
      }
      T await_resume() const {
        if constexpr (detail::is_small<T>)
          if (!of.frame_) return std::move(*of.value_);
        return of.frame_.promise().take();
      }
      task& of;
    };
    return awaiter{*this};
  }

 private:
  friend promise_type;
  explicit task(std::coroutine_handle<promise_type> frame) noexcept : frame_(frame) {}
  void destroy() noexcept {
    if (frame_) frame_.destroy();
  }

  std::coroutine_handle<promise_type> frame_;
  [[no_unique_address]] detail::ready_value<T> value_;
};

template <class T>
task<T> detail::promise<T>::get_return_object() noexcept {
  return task<T>(std::coroutine_handle<promise>::from_promise(*this));
}

inline task<void> detail::promise<void>::get_return_object() noexcept {
  return task<void>(std::coroutine_handle<promise>::from_promise(*this));
}

}  // namespace cohttps
