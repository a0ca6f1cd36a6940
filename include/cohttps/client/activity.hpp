// Who is still at work in a client, and the wait until nobody is.
#pragma once

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
  void end() noexcept { --running_, changed(); }

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
    quiet(activity& of, std::size_t activity::* count, any_transport transport, time_point until)
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
    void await_suspend(std::coroutine_handle<> waiter) {
      waiter_ = waiter;
      next_ = std::exchange(of_.first_, this);
      resume_at(until_);
    }
    void await_resume() const noexcept {}

   private:
    friend activity;
    void resume_at(time_point when) {
      timer_.set(
          when, [](void* self) noexcept { static_cast<quiet*>(self)->waiter_.resume(); }, this);
    }

    activity& of_;
    std::size_t activity::* count_;
    any_timer timer_;
    time_point until_;
    std::coroutine_handle<> waiter_;
    quiet* next_ = nullptr;
  };

  quiet all_ended(any_transport transport, time_point until) {
    return quiet(*this, &activity::running_, std::move(transport), until);
  }
  quiet none_waits(any_transport transport) {
    return quiet(*this, &activity::waiting_, std::move(transport), net::never);
  }

 private:
  void changed() noexcept {
    for (quiet* q = first_; q; q = q->next_)
      if (this->*(q->count_) == 0) q->resume_at(time_point::min());
  }

  std::size_t running_ = 0;
  std::size_t waiting_ = 0;
  quiet* first_ = nullptr;
};

}  // namespace cohttps
