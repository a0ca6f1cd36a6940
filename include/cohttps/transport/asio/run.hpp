// The shortest way to run a coroutine: an event loop for the length of one call.
#pragma once

#include <cohttps/task/task.hpp>
#include <cohttps/transport/asio/transport.hpp>
#include <cohttps/transport/sleep.hpp>

#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

namespace cohttps {

namespace detail {

/// The coroutine at the root of a `run`: keeps the outcome and ends the loop.
template <class T>
class run_root {
 public:
  struct promise_type : recycled_frame {
    run_root get_return_object() noexcept {
      return run_root(std::coroutine_handle<promise_type>::from_promise(*this));
    }
    std::suspend_always initial_suspend() const noexcept { return {}; }
    std::suspend_always final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    void unhandled_exception() noexcept { failure = std::current_exception(); }
    std::exception_ptr failure;
  };
  explicit run_root(std::coroutine_handle<promise_type> frame) noexcept : frame_(frame) {}
  run_root(const run_root&) = delete;
  run_root& operator=(const run_root&) = delete;
  ~run_root() { frame_.destroy(); }

  void start() { frame_.resume(); }

  void run(asio::io_context& context) {
    start();
    // One at a time, because connections kept for reuse may leave timers behind that would keep
    // the loop alive.
    while (!frame_.done() && context.run_one() != 0) {
    }
    if (!frame_.done())
      throw error(error_category::usage, "nothing_to_wait_for",
                  "the task given to run() waits for something that no event can bring about");
    if (frame_.promise().failure) std::rethrow_exception(frame_.promise().failure);
  }

 private:
  std::coroutine_handle<promise_type> frame_;
};

template <class T>
run_root<T> make_run_root(task<T>& t, std::optional<T>& value) {
  value.emplace(co_await std::move(t));
}
inline run_root<void> make_run_root(task<void>& t) { co_await std::move(t); }

}  // namespace detail

/// Runs a task and everything that it starts on this thread, until the task ends. Gives its result
/// or throws what it threw. Inside, `client` and `sleep_for` find the loop by themselves.
///
/// Throws `error` (usage) when called inside another `run` on this thread, or when the task waits
/// for something that can never happen.
template <class T>
T run(task<T> t) {
  asio::io_context*& current = detail::current_context();
  if (current)
    throw error(error_category::usage, "nested_run",
                "run() was called inside run(); await the task instead");
  asio::io_context context(1);
  struct scope {
    asio::io_context*& current;
    ~scope() { current = nullptr; }
  } scope{current};
  current = &context;
  task<T> work = std::move(t);  // destroyed before the loop, whose sockets its frames hold
  if constexpr (std::is_void_v<T>) {
    detail::make_run_root(work).run(context);
  } else {
    std::optional<T> value;
    detail::make_run_root(work, value).run(context);
    return *std::move(value);
  }
}

/// Waits for `duration` inside `run`.
inline sleep_operation<asio_transport> sleep_for(std::chrono::nanoseconds duration,
                                                 stop_token stop = {}) {
  return sleep_for(asio_transport::current(), duration, stop);
}

}  // namespace cohttps
