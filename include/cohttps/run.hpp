// The shortest way to run a coroutine: an event loop that exists for one call.
#pragma once

#include <cohttps/core/recycler.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/core/slot.hpp>
#include <cohttps/core/stop.hpp>
#include <cohttps/task/task.hpp>
#include <cohttps/transport/any_transport.hpp>
#include <cohttps/transport/sleep.hpp>

#include <chrono>
#include <coroutine>
#include <exception>
#include <memory>
#include <type_traits>
#include <utility>

namespace cohttps {

namespace detail {

/// The coroutine at the root of a `run`. It owns the task.
class run_root {
 public:
  struct promise_type : recycled_frame {
    COHTTPS_DECL run_root get_return_object() noexcept;
    std::suspend_always initial_suspend() const noexcept { return {}; }
    std::suspend_always final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    void unhandled_exception() noexcept { failure = std::current_exception(); }
    std::exception_ptr failure;
  };
  explicit run_root(std::coroutine_handle<promise_type> frame) noexcept : frame_(frame) {}
  run_root(run_root&& other) noexcept : frame_(std::exchange(other.frame_, nullptr)) {}
  run_root& operator=(run_root&&) = delete;
  ~run_root() {
    if (frame_) frame_.destroy();
  }

  COHTTPS_DECL void start();
  COHTTPS_DECL bool done() const noexcept;
  const std::exception_ptr& failure() const noexcept { return frame_.promise().failure; }

 private:
  std::coroutine_handle<promise_type> frame_;
};

template <class T>
run_root make_run_root(task<T> work, slot<T>& value) {
  value.emplace(co_await std::move(work));
}
template <class = void>
run_root make_run_root(task<void> work) {
  co_await std::move(work);
}

/// Runs `root` to its end on the loop of this thread, and rethrows its exception.
COHTTPS_DECL void run_on_this_thread(run_root root);

/// The same on the loop of a client.
COHTTPS_DECL void run_on_loop_of(any_transport over, run_root root);

/// Returns the transport of the `run` that is active on this thread.
COHTTPS_DECL any_transport current_transport();

/// Returns the same, or else a transport on a loop of this thread, which `owner` keeps alive.
struct owned_transport {
  any_transport transport;
  std::shared_ptr<void> owner;
};
COHTTPS_DECL owned_transport transport_of_new_client();

}  // namespace detail

/// Runs a task, and everything that it starts, on this thread until the task ends. Returns the
/// task's result, or throws its exception. Inside the task, `client` and `sleep_for` find the loop
/// without help. The loop lives for this call, or for as long as a client that this thread made
/// outside of `run`.
///
/// Throws `error` (usage) if it is called inside another `run` on this thread, or if the task waits
/// for something that can never happen.
template <class T>
T run(task<T> work) {
  if constexpr (std::is_void_v<T>) {
    detail::run_on_this_thread(detail::make_run_root(std::move(work)));
  } else {
    detail::slot<T> value;
    detail::run_on_this_thread(detail::make_run_root(std::move(work), value));
    return std::move(*value);
  }
}

/// Waits for `duration` inside `run`.
template <class = void>
sleep_operation<any_transport> sleep_for(std::chrono::nanoseconds duration, stop_token stop = {}) {
  return sleep_for(detail::current_transport(), duration, stop);
}

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/run.ipp>
#endif
