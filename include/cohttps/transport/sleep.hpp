// Waiting for time to pass.
#pragma once

#include <cohttps/transport/concepts.hpp>

#include <coroutine>
#include <optional>
#include <utility>

namespace cohttps {

/// What `sleep_until` returns. Gives true when the time came and false when it was stopped first.
template <transport Transport>
class [[nodiscard("a sleep does nothing until it is awaited")]] sleep_operation {
 public:
  sleep_operation(Transport transport, time_point until, stop_token stop = {})
      : transport_(std::move(transport)), until_(until), stop_(stop) {}

  sleep_operation with_stop(stop_token stop) && {
    return sleep_operation(std::move(transport_), until_, stop);
  }

  auto operator co_await() && noexcept { return awaiter(transport_, until_, stop_); }

 private:
  class awaiter {
   public:
    awaiter(Transport& transport, time_point until, stop_token stop)
        : timer_(transport.make_timer()), until_(until), stop_(stop) {}

    bool await_ready() const noexcept { return stop_.stop_requested(); }
    void await_suspend(std::coroutine_handle<> waiter) {
      waiter_ = waiter;
      timer_.set(until_, [](void* self) noexcept { static_cast<awaiter*>(self)->end(true); }, this);
      on_stop_.emplace(stop_, on_stop{this});
    }
    bool await_resume() const noexcept { return elapsed_; }

   private:
    struct on_stop {
      awaiter* self;
      void operator()() const noexcept {
        // Resumed from the loop rather than from inside whoever asks for the stop.
        self->timer_.set(
            time_point::min(), [](void* a) noexcept { static_cast<awaiter*>(a)->end(false); },
            self);
      }
    };
    void end(bool elapsed) noexcept {
      elapsed_ = elapsed;
      on_stop_.reset();
      waiter_.resume();
    }

    typename Transport::timer_type timer_;
    time_point until_;
    stop_token stop_;
    std::optional<stop_callback<on_stop>> on_stop_;
    std::coroutine_handle<> waiter_;
    bool elapsed_ = false;
  };

  Transport transport_;
  time_point until_;
  stop_token stop_;
};

/// Waits until `until` on the transport's clock.
template <transport Transport>
sleep_operation<Transport> sleep_until(Transport transport, time_point until,
                                       stop_token stop = {}) {
  return {std::move(transport), until, stop};
}

/// Waits for `duration` from now on the transport's clock.
template <transport Transport>
sleep_operation<Transport> sleep_for(Transport transport, std::chrono::nanoseconds duration,
                                     stop_token stop = {}) {
  const time_point now = transport.now();
  const time_point until = duration > time_point::max() - now ? time_point::max() : now + duration;
  return {std::move(transport), until, stop};
}

}  // namespace cohttps
