// Waits for time to pass.
#pragma once

#include <cohttps/core/stop.hpp>
#include <cohttps/core/stop_tokens.hpp>
#include <cohttps/transport/concepts.hpp>

#include <coroutine>
#include <optional>
#include <utility>

namespace cohttps {

/// The operation that `sleep_until` returns. It gives true if the time has come, and false if it
/// was stopped before.
template <transport Transport>
class [[nodiscard("a sleep does nothing until it is awaited")]] sleep_operation {
 public:
  sleep_operation(Transport transport, time_point until, stop_token stop = {})
      : transport_(std::move(transport)), until_(until), stops_(stop) {}

  /// Returns the same sleep, which this token can also stop.
  sleep_operation with_stop(stop_token stop) && {
    stops_.add(stop);
    return std::move(*this);
  }

  auto operator co_await() && { return awaiter(transport_, until_, stops_); }

 private:
  class awaiter {
   public:
    awaiter(Transport& transport, time_point until, const stop_tokens& stops)
        : timer_(transport.make_timer()), until_(until), stops_(stops) {}

    bool await_ready() const noexcept { return stops_.stop_requested(); }
    void await_suspend(std::coroutine_handle<> waiter) {
      waiter_ = waiter;
      timer_.set(until_, [](void* self) noexcept { static_cast<awaiter*>(self)->end(true); }, this);
      on_stop_.emplace(stops_, on_stop{this});
    }
    bool await_resume() const noexcept { return elapsed_; }

   private:
    struct on_stop {
      awaiter* self;
      void operator()() const noexcept {
        // The loop resumes the coroutine, and not the caller that requests the stop.
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
    const stop_tokens& stops_;
    std::optional<stop_callbacks<on_stop>> on_stop_;
    std::coroutine_handle<> waiter_;
    bool elapsed_ = false;
  };

  Transport transport_;
  time_point until_;
  stop_tokens stops_;
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
