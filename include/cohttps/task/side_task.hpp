// A task that goes on beside the coroutine that began it.
#pragma once

#include <cohttps/core/recycler.hpp>
#include <cohttps/core/slot.hpp>
#include <cohttps/task/task.hpp>

#include <coroutine>
#include <exception>
#include <utility>

namespace cohttps {

/// Runs one task from `start` to its end, or to this object's, wherever it waits then. Who began it
/// looks at `done`; nobody is resumed by the end.
template <class T>
class side_task {
 public:
  side_task() = default;
  side_task(const side_task&) = delete;
  side_task& operator=(const side_task&) = delete;
  ~side_task() { reset(); }

  /// Runs `work` until it waits for something.
  void start(task<T> work) {
    reset();
    frame_ = run(std::move(work)).frame;
    frame_.resume();
  }

  /// Until `take` or `reset`.
  bool started() const noexcept { return static_cast<bool>(frame_); }
  bool done() const noexcept { return frame_ && frame_.done(); }

  /// Once done: what came of it, or an exception that left it.
  T take() {
    struct ended {
      side_task& of;
      ~ended() { of.reset(); }
    } ends{*this};
    if (frame_.promise().failure) std::rethrow_exception(std::move(frame_.promise().failure));
    return std::move(*frame_.promise().value);
  }

  /// Ends it where it is. Not from inside of it.
  void reset() noexcept {
    if (auto frame = std::exchange(frame_, nullptr)) frame.destroy();
  }

 private:
  struct coroutine {
    struct promise_type : recycled_frame {
      coroutine get_return_object() noexcept {
        return {std::coroutine_handle<promise_type>::from_promise(*this)};
      }
      std::suspend_always initial_suspend() const noexcept { return {}; }
      std::suspend_always final_suspend() const noexcept { return {}; }
      void return_value(T v) { value.emplace(std::move(v)); }
      void unhandled_exception() noexcept { failure = std::current_exception(); }

      detail::slot<T> value;
      std::exception_ptr failure;
    };
    std::coroutine_handle<promise_type> frame;
  };

  static coroutine run(task<T> work) { co_return co_await std::move(work); }

  std::coroutine_handle<typename coroutine::promise_type> frame_;
};

}  // namespace cohttps
