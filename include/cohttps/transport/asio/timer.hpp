// A timer with Asio.
#pragma once

#include <cohttps/core/separate.hpp>
#include <cohttps/transport/asio/config.hpp>
#include <cohttps/transport/asio/handler_memory.hpp>
#include <cohttps/transport/concepts.hpp>

#include <cstddef>
#include <new>
#include <utility>

namespace cohttps {

/// `set` needs no memory except the timer's own. If Asio has no memory for a wait, the timer tries
/// again in each turn of the loop. A time in the past, such as `time_point::min()`, means the
/// loop's next turn.
class asio_timer {
 public:
  COHTTPS_DECL explicit asio_timer(asio::io_context& context) : state_(new state(context)) {}
  asio_timer(asio_timer&&) noexcept = default;
  asio_timer& operator=(asio_timer&& other) noexcept {
    if (state_) cancel();
    state_ = std::move(other.state_);
    return *this;
  }
  ~asio_timer() {
    if (state_) cancel();
  }

  COHTTPS_DECL void set(time_point when, timer_function f, void* argument) noexcept;

  COHTTPS_DECL void cancel() noexcept;

  // `detach` removes the work that Asio counts for the wait, and `attach` adds it again before the
  // wait ends. `detach` works only in a handler. The work of the handler keeps the count above
  // zero, and Asio stops at zero.
  COHTTPS_DECL bool detach() noexcept;
  COHTTPS_DECL void attach() noexcept;

 private:
  using timer_type = asio::basic_waitable_timer<std::chrono::steady_clock,
                                                asio::wait_traits<std::chrono::steady_clock>,
                                                asio::io_context::executor_type>;
  struct state;

  struct completion {
    using allocator_type = detail::handler_allocator<std::byte>;
    // If the start of an operation fails, Asio calls this again after it has moved the other
    // members away.
    allocator_type get_allocator() const noexcept { return allocator_type(*memory); }
    detail::shared_state<state> timer;
    detail::handler_memory* memory;
  };
  struct wait_ends : completion {
    void operator()(const asio_error_code&) const {
      if (this->timer->setting == setting) state::fire(*this->timer);
    }
    std::size_t setting;
  };
  struct turn_begins : completion {
    void operator()() const { state::begin_turn(this->timer); }
  };

  struct state {
    explicit state(asio::io_context& context) : timer(context.get_executor()) {}
    asio::io_context::executor_type executor() noexcept { return timer.get_executor(); }
    COHTTPS_DECL void attach() noexcept;

    COHTTPS_DECL void cancel_wait() noexcept;

    COHTTPS_DECL static void arm(const detail::shared_state<state>& self) noexcept;
    COHTTPS_DECL static void begin_turn(const detail::shared_state<state>& self);
    COHTTPS_DECL static void fire(state& self);

    timer_type timer;
    timer_function function = nullptr;
    void* argument = nullptr;
    time_point when{};
    std::size_t setting = 0;  // identifies the current wait among those that were replaced
    std::size_t references = 0;
    bool detached = false;
    bool waits = false;
    bool turn_comes = false;
    detail::handler_memory wait_memory;
    detail::handler_memory turn_memory;
  };

  detail::shared_state<state> state_;
};

static_assert(detachable_timer<asio_timer>);

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/transport/asio/timer.ipp>
#endif
