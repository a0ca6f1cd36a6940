// An event loop whose clock moves only when there is nothing else to do.
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/task/task.hpp>
#include <cohttps/transport/concepts.hpp>

#include <atomic>
#include <coroutine>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace cohttps::testing {

/// Runs functions at given times of its own clock. Events of the same time run in the order in
/// which they were scheduled. When all events of a time have run, the clock jumps to the next
/// event.
class manual_loop {
 public:
  using event_id = std::uint64_t;  ///< names an event that `cancel` takes back

  manual_loop() = default;
  manual_loop(const manual_loop&) = delete;
  manual_loop& operator=(const manual_loop&) = delete;
  ~manual_loop();

  time_point now() const noexcept { return now_; }

  /// Calls `call` when the clock reaches `when`.
  event_id schedule(time_point when, std::function<void()> call);

  /// May be called from any thread. The loop schedules the call when it runs its next event.
  void post(std::function<void()> call);

  /// Does nothing if the event has already run.
  void cancel(event_id id) noexcept;

  /// Runs the next event. Returns false if there is none.
  bool run_one();

  /// The number of events that have not happened.
  std::size_t pending() {
    take_posted();
    return events_.size();
  }

 private:
  struct event {
    time_point when;
    event_id id;
    std::function<void()> call;
  };
  static bool later(const event& a, const event& b) noexcept {
    return a.when != b.when ? a.when > b.when : a.id > b.id;
  }

  void take_posted();

  std::vector<event> events_;
  std::mutex mutex_;
  std::vector<std::function<void()>> posted_;
  std::atomic<bool> any_posted_ = false;
  time_point now_ = time_point(std::chrono::hours(24));
  event_id last_ = 0;
};

/// A coroutine that runs concurrently with others. It starts at once, and stores its outcome.
class background_task {
 public:
  struct promise_type : recycled_frame {
    background_task get_return_object() noexcept {
      return background_task(std::coroutine_handle<promise_type>::from_promise(*this));
    }
    std::suspend_never initial_suspend() const noexcept { return {}; }
    std::suspend_always final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    void unhandled_exception() noexcept { failure = std::current_exception(); }
    std::exception_ptr failure;
  };

  explicit background_task(std::coroutine_handle<promise_type> frame) noexcept : frame_(frame) {}
  background_task(background_task&& other) noexcept
      : frame_(std::exchange(other.frame_, nullptr)) {}
  background_task& operator=(background_task&& other) noexcept {
    std::swap(frame_, other.frame_);
    return *this;
  }
  ~background_task() {
    if (frame_) frame_.destroy();
  }

  /// True once the task has ended.
  bool done() const noexcept { return frame_.done(); }
  /// The exception that ended it; null if there is none.
  std::exception_ptr failure() const noexcept { return frame_.promise().failure; }

 private:
  std::coroutine_handle<promise_type> frame_;
};

namespace detail {

// The task is a local variable. Its frame ends when its work is done, and everything that it holds
// is closed.
template <class T>
background_task keep(task<T> t, std::optional<T>& value) {
  task<T> work = std::move(t);
  value.emplace(co_await std::move(work));
}
background_task keep(task<void> t);
void drive(manual_loop& loop, background_task& root);

}  // namespace detail

/// Runs a task to its end on `loop`. The clock moves as needed.
template <class T>
T run(manual_loop& loop, task<T> t) {
  if constexpr (std::is_void_v<T>) {
    auto root = detail::keep(std::move(t));
    detail::drive(loop, root);
  } else {
    std::optional<T> value;
    auto root = detail::keep(std::move(t), value);
    detail::drive(loop, root);
    return *std::move(value);
  }
}

}  // namespace cohttps::testing

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/testing/manual_loop.ipp>
#endif
