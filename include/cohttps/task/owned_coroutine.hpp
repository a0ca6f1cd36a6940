// A coroutine that belongs to an object, and runs concurrently with the other code of its owner.
#pragma once

#include <cohttps/core/recycler.hpp>
#include <cohttps/core/slot.hpp>

#include <coroutine>
#include <exception>
#include <utility>

namespace cohttps {

template <class T>
class owned_coroutine;

namespace detail {

template <class T>
struct owned_promise : recycled_frame {
  owned_coroutine<T> get_return_object() noexcept;
  std::suspend_always initial_suspend() const noexcept { return {}; }
  std::suspend_always final_suspend() const noexcept { return {}; }
  void return_value(T v) { value.emplace(std::move(v)); }
  void unhandled_exception() noexcept { failure = std::current_exception(); }

  slot<T> value;
  std::exception_ptr failure;
};

/// For a coroutine without a value. The coroutine must not throw.
template <>
struct owned_promise<void> : recycled_frame {
  inline owned_coroutine<void> get_return_object() noexcept;
  std::suspend_always initial_suspend() const noexcept { return {}; }
  std::suspend_always final_suspend() const noexcept { return {}; }
  void return_void() const noexcept {}
  [[noreturn]] void unhandled_exception() const noexcept { std::terminate(); }
};

}  // namespace detail

/// The coroutine begins with `start`. The destructor of this object destroys it, wherever it waits.
/// The owner checks `done`, because the end of the coroutine resumes nobody.
template <class T>
class owned_coroutine {
 public:
  using promise_type = detail::owned_promise<T>;

  owned_coroutine() = default;
  explicit owned_coroutine(std::coroutine_handle<promise_type> frame) noexcept : frame_(frame) {}
  owned_coroutine(owned_coroutine&& other) noexcept
      : frame_(std::exchange(other.frame_, nullptr)) {}
  owned_coroutine& operator=(owned_coroutine&& other) noexcept {
    if (this != &other) {
      reset();
      frame_ = std::exchange(other.frame_, nullptr);
    }
    return *this;
  }
  ~owned_coroutine() { reset(); }

  /// Runs the coroutine until it waits for something. Call it once.
  void start() { frame_.resume(); }

  /// True until `take` or `reset`.
  explicit operator bool() const noexcept { return static_cast<bool>(frame_); }
  /// True once the coroutine has ended.
  bool done() const noexcept { return frame_ && frame_.done(); }

  /// Returns the value of a coroutine that is done, or throws its exception.
  T take() {
    const owned_coroutine ended(std::move(*this));
    promise_type& promise = ended.frame_.promise();
    if (promise.failure) std::rethrow_exception(std::move(promise.failure));
    return std::move(*promise.value);
  }

  /// Destroys the coroutine where it waits. The coroutine itself must not call this.
  void reset() noexcept {
    if (auto frame = std::exchange(frame_, nullptr)) frame.destroy();
  }

 private:
  std::coroutine_handle<promise_type> frame_;
};

template <class T>
owned_coroutine<T> detail::owned_promise<T>::get_return_object() noexcept {
  return owned_coroutine<T>(std::coroutine_handle<owned_promise>::from_promise(*this));
}

inline owned_coroutine<void> detail::owned_promise<void>::get_return_object() noexcept {
  return owned_coroutine<void>(std::coroutine_handle<owned_promise>::from_promise(*this));
}

}  // namespace cohttps
