// Who is still at work in a client, and the wait until nobody is.
#pragma once

#include <cohttps/core/separate.hpp>
#include <cohttps/net/pace.hpp>
#include <cohttps/transport/any_transport.hpp>

#include <coroutine>
#include <cstddef>
#include <utility>

namespace cohttps {

/// Counts operations: those that have not ended, and of these such as wait for something just now
/// (a `response_stream` that nobody reads from does not).
class activity {
 public:
  activity() = default;
  activity(const activity&) = delete;
  activity& operator=(const activity&) = delete;

  std::size_t running() const noexcept { return running_; }
  std::size_t waiting() const noexcept { return waiting_; }

  void begin() noexcept { ++running_; }
  COHTTPS_DECL void end() noexcept;

  /// For as long as an operation's own code runs or waits.
  class guard {
   public:
    explicit guard(activity& of) noexcept : of_(of) { ++of_.waiting_; }
    guard(const guard&) = delete;
    guard& operator=(const guard&) = delete;
    ~guard() { --of_.waiting_, of_.changed(); }

   private:
    activity& of_;
  };

  /// Waits until `count` is zero, or until `until`.
  class quiet {
   public:
    COHTTPS_DECL quiet(activity& of, std::size_t activity::* count, any_transport transport,
                       time_point until)
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
    friend activity;
    COHTTPS_DECL void resume_at(time_point when);

    activity& of_;
    std::size_t activity::* count_;
    any_timer timer_;
    time_point until_;
    std::coroutine_handle<> waiter_;
    quiet* next_ = nullptr;
  };

  COHTTPS_DECL quiet all_ended(any_transport transport, time_point until);
  COHTTPS_DECL quiet none_waits(any_transport transport);

 private:
  COHTTPS_DECL void changed() noexcept;

  std::size_t running_ = 0;
  std::size_t waiting_ = 0;
  quiet* first_ = nullptr;
};

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/client/activity.ipp>
#endif
