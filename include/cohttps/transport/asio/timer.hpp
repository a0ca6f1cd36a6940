// A timer over Asio.
#pragma once

#include <cohttps/transport/asio/config.hpp>
#include <cohttps/transport/asio/handler_memory.hpp>
#include <cohttps/transport/concepts.hpp>

#include <cstddef>
#include <utility>

namespace cohttps {

class asio_timer {
 public:
  explicit asio_timer(asio::io_context& context) : state_(new state(context)) {}
  asio_timer(asio_timer&&) noexcept = default;
  asio_timer& operator=(asio_timer&& other) noexcept {
    if (state_) cancel();
    state_ = std::move(other.state_);
    return *this;
  }
  ~asio_timer() {
    if (state_) cancel();
  }

  void set(time_point when, timer_function f, void* argument) {
    attach();
    state_->function = f;
    state_->argument = argument;
    state_->timer.expires_at(when);
    state_->timer.async_wait(completion{state_, ++state_->setting});
  }

  void cancel() noexcept {
    attach();
    state_->function = nullptr;
    ++state_->setting;
    try {
      state_->timer.cancel();
    } catch (...) {  // documented to throw, and has nothing that could fail
    }
  }

  // The work that Asio counts for the wait is taken from it, and given back before the wait ends.
  // In a handler only, whose own work keeps the count above zero: Asio stops when it reaches that.
  bool detach() noexcept {
    if (!state_->detached && state_->executor().running_in_this_thread()) {
      state_->detached = true;
      state_->executor().on_work_finished();
    }
    return state_->detached;
  }
  void attach() noexcept { state_->attach(); }

 private:
  using timer_type = asio::basic_waitable_timer<std::chrono::steady_clock,
                                                asio::wait_traits<std::chrono::steady_clock>,
                                                asio::io_context::executor_type>;
  struct state {
    explicit state(asio::io_context& context) : timer(context.get_executor()) {}
    asio::io_context::executor_type executor() noexcept { return timer.get_executor(); }
    void attach() noexcept {
      if (std::exchange(detached, false)) executor().on_work_started();
    }

    timer_type timer;
    timer_function function = nullptr;
    void* argument = nullptr;
    std::size_t setting = 0;  // tells the wait that counts from those that were replaced
    std::size_t references = 0;
    bool detached = false;
    detail::handler_memory memory;
  };

  struct completion {
    using allocator_type = detail::handler_allocator<std::byte>;
    allocator_type get_allocator() const noexcept { return allocator_type(timer->memory); }

    void operator()(const asio_error_code&) const {
      if (timer->setting != setting) return;
      timer->attach();
      if (!timer->function) return;
      std::exchange(timer->function, nullptr)(timer->argument);
    }
    detail::shared_state<state> timer;
    std::size_t setting;
  };

  detail::shared_state<state> state_;
};

static_assert(detachable_timer<asio_timer>);

}  // namespace cohttps
