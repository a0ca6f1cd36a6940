// Counts the operations of a client, and waits for their end.
#pragma once

#include <cohttps/connection/phase_limits.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/transport/any_transport.hpp>

#include <atomic>
#include <coroutine>
#include <cstddef>
#include <utility>

namespace cohttps::detail {

/// Counts the operations that have not ended (`running`), and the coroutines of operations that
/// execute or wait at the moment (`waiting`). A `response_stream` that nobody reads from is
/// running, but not waiting.
class running_operations {
 public:
  running_operations() = default;
  running_operations(const running_operations&) = delete;
  running_operations& operator=(const running_operations&) = delete;

  std::size_t running() const noexcept { return running_; }
  std::size_t waiting() const noexcept { return waiting_; }

  COHTTPS_DECL void begin(const any_transport& on) noexcept;
  COHTTPS_DECL void end() noexcept;

  /// False if operations run on a loop, and this thread has nothing to do with it. Any thread may
  /// call it.
  COHTTPS_DECL bool may_begin_here(const any_transport& on) const noexcept;

  /// Exists while a coroutine of an operation executes or waits, and counts it as waiting.
  class guard {
   public:
    explicit guard(running_operations& of) noexcept : of_(of) { ++of_.waiting_; }
    guard(const guard&) = delete;
    guard& operator=(const guard&) = delete;
    ~guard() { --of_.waiting_, of_.changed(); }

   private:
    running_operations& of_;
  };

  /// Waits until `count` is zero, or until the time `until`.
  class quiet {
   public:
    COHTTPS_DECL quiet(running_operations& of, std::size_t running_operations::* count,
                       any_transport transport, time_point until)
        : of_(of), count_(count), timer_(transport.make_timer()), until_(until) {}
    quiet(const quiet&) = delete;
    quiet& operator=(const quiet&) = delete;
    ~quiet() {
      for (quiet** link = &of_.first_; *link; link = &(*link)->next_)
        if (*link == this) {
          *link = next_;
          break;
        }
    }

    bool await_ready() const noexcept { return of_.*count_ == 0; }
    COHTTPS_DECL void await_suspend(std::coroutine_handle<> waiter);
    void await_resume() const noexcept {}

   private:
    friend running_operations;
    COHTTPS_DECL void resume_at(time_point when);

    running_operations& of_;
    std::size_t running_operations::* count_;
    any_timer timer_;
    time_point until_;
    std::coroutine_handle<> waiter_;
    quiet* next_ = nullptr;
  };

  COHTTPS_DECL quiet all_ended(any_transport transport, time_point until);
  COHTTPS_DECL quiet none_waits(any_transport transport);

 private:
  COHTTPS_DECL void changed() noexcept;

  /// The thread on which an operation last began inside of the loop; null if none runs that did.
  std::atomic<const void*> loop_thread_ = nullptr;
  std::size_t running_ = 0;
  std::size_t waiting_ = 0;
  quiet* first_ = nullptr;
};

}  // namespace cohttps::detail

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/request/running_operations.ipp>
#endif
