// Tasks that are begun one by one and end together.
#pragma once

#include <cohttps/core/intrusive_list_node.hpp>
#include <cohttps/core/recycler.hpp>
#include <cohttps/core/stop.hpp>
#include <cohttps/task/awaitable.hpp>
#include <cohttps/task/task.hpp>

#include <coroutine>
#include <cstddef>
#include <exception>
#include <type_traits>
#include <utility>

namespace cohttps {

/// Runs tasks beside its owner. The first one that throws asks the others to stop.
/// ```
/// cohttps::task_group group;
/// for (const auto& url : urls)
///   group.start([&client, url](cohttps::stop_token stop) -> cohttps::task<void> {
///     auto response = co_await client.get(url).with_stop(stop);
///   });
/// co_await group.join();
/// ```
/// Destroyed before `join`, it destroys its tasks where they wait. Threads: one.
class task_group {
 public:
  task_group() = default;
  task_group(const task_group&) = delete;
  task_group& operator=(const task_group&) = delete;
  ~task_group() {
    while (!members_.empty()) member::frame_of(*members_.next).destroy();
  }

  /// Runs `f(stop)` until it waits for something.
  template <class F>
    requires awaitable<std::invoke_result_t<F&, stop_token>>
  void start(F f) {
    ++running_;
    run(*this, std::move(f)).frame.resume();
  }

  /// Asks all tasks to stop.
  void request_stop() noexcept { stop_.request_stop(); }

  /// The tasks that have not ended.
  std::size_t running() const noexcept { return running_; }

  /// Waits until all tasks have ended, and throws the first exception.
  task<void> join() {
    if (running_ > 0) co_await end{*this};
    if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
  }

 private:
  struct end {
    task_group& of;
    bool await_ready() const noexcept { return of.running_ == 0; }
    void await_suspend(std::coroutine_handle<> h) const noexcept { of.joiner_ = h; }
    void await_resume() const noexcept {}
  };

  /// A coroutine that is in the list of its group until its end, and destroys itself there: who
  /// joins may be the end of the group.
  struct member {
    struct promise_type : recycled_frame, detail::intrusive_list_node {
      template <class F>
      promise_type(task_group& g, F&) noexcept : group(g) {
        group.members_.append(*this);
      }
      member get_return_object() noexcept {
        return {std::coroutine_handle<promise_type>::from_promise(*this)};
      }
      std::suspend_always initial_suspend() const noexcept { return {}; }
      auto final_suspend() const noexcept {
        struct leave {
          bool await_ready() const noexcept { return false; }
          std::coroutine_handle<> await_suspend(
              std::coroutine_handle<promise_type> ended) const noexcept {
            task_group& from = ended.promise().group;
            ended.destroy();
            const bool last = --from.running_ == 0 && from.joiner_;
            return last ? std::exchange(from.joiner_, nullptr) : std::noop_coroutine();
          }
          void await_resume() const noexcept {}
        };
        return leave{};
      }
      void return_void() const noexcept {}
      void unhandled_exception() noexcept {
        if (!group.failure_) group.failure_ = std::current_exception();
        group.stop_.request_stop();
      }

      task_group& group;
    };

    static std::coroutine_handle<promise_type> frame_of(detail::intrusive_list_node& n) noexcept {
      return std::coroutine_handle<promise_type>::from_promise(static_cast<promise_type&>(n));
    }
    std::coroutine_handle<promise_type> frame;
  };

  template <class F>
  static member run(task_group& group, F f) {
    co_await f(stop_token(group.stop_));
  }

  stop_source stop_;
  std::size_t running_ = 0;
  std::exception_ptr failure_;
  std::coroutine_handle<> joiner_;
  detail::intrusive_list_node members_;
};

}  // namespace cohttps
