// A timer with Asio.
#pragma once

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
template <class Executor>
class basic_asio_timer {
 public:
  explicit basic_asio_timer(const Executor& on) : state_(new state(on)) {}
  basic_asio_timer(basic_asio_timer&&) noexcept = default;
  basic_asio_timer& operator=(basic_asio_timer&& other) noexcept {
    if (state_) cancel();
    state_ = std::move(other.state_);
    return *this;
  }
  ~basic_asio_timer() {
    if (state_) cancel();
  }

  void set(time_point when, timer_function f, void* argument) noexcept {
    attach();
    state_->function = f;
    state_->argument = argument;
    state_->when = when;
    state::arm(state_);
  }

  void cancel() noexcept {
    attach();
    state_->function = nullptr;
    state_->cancel_wait();
  }

  // `detach` removes the work that Asio counts for the wait, and `attach` adds it again before the
  // wait ends. `detach` works only in a handler. The work of the handler keeps the count above
  // zero, and Asio stops at zero.
  bool detach() noexcept
    requires detail::is_loop<Executor>
  {
    const Executor on = state_->timer.get_executor();
    if (!state_->detached && on.running_in_this_thread()) {
      state_->detached = true;
      on.on_work_finished();
    }
    return state_->detached;
  }
  void attach() noexcept { state_->attach(); }

 private:
  using timer_type =
      asio::basic_waitable_timer<std::chrono::steady_clock,
                                 asio::wait_traits<std::chrono::steady_clock>, Executor>;
  struct state;
  using shared_state = detail::shared_state<state>;

  // If the start of an operation fails, Asio asks a handler for its memory again after it has moved
  // the other members away.
  struct wait_ends : detail::handler_with_memory<Executor> {
    wait_ends(const shared_state& timer, std::size_t number)
        : detail::handler_with_memory<Executor>(timer->wait_memory), of(timer), setting(number) {}
    void operator()(const asio_error_code&) const {
      if (of->setting == setting) state::fire(*of);
    }
    shared_state of;
    std::size_t setting;
  };
  struct turn_begins : detail::handler_with_memory<Executor> {
    explicit turn_begins(const shared_state& timer)
        : detail::handler_with_memory<Executor>(timer->turn_memory), of(timer) {}
    void operator()() const { state::begin_turn(of); }
    shared_state of;
  };

  struct state {
    explicit state(const Executor& on) : timer(on) {}

    void attach() noexcept {
      if constexpr (detail::is_loop<Executor>)
        if (std::exchange(detached, false)) timer.get_executor().on_work_started();
    }

    void cancel_wait() noexcept {
      ++setting;
      waits = false;
      try {
        timer.cancel();
      } catch (...) {  // the documentation says that it throws, but nothing in it can fail
      }
    }

    static void arm(const shared_state& self) noexcept {
      self->cancel_wait();
      if (self->when != time_point::min()) try {
          self->timer.expires_at(self->when);
          self->timer.async_wait(wait_ends(self, self->setting));
          self->waits = true;
          return;
        } catch (const std::bad_alloc&) {
        }
      if (!std::exchange(self->turn_comes, true))
        asio::post(self->timer.get_executor(), turn_begins(self));
    }

    static void begin_turn(const shared_state& self) {
      self->turn_comes = false;
      if (self->waits || !self->function) return;
      if (self->when > std::chrono::steady_clock::now()) return arm(self);
      fire(*self);
    }

    static void fire(state& self) {
      self.attach();
      self.waits = false;
      if (self.function) std::exchange(self.function, nullptr)(self.argument);
    }

    timer_type timer;
    timer_function function = nullptr;
    void* argument = nullptr;
    time_point when{};
    std::size_t setting = 0;  // identifies the current wait among those that were replaced
    detail::reference_count<Executor> references = 0;
    bool detached = false;
    bool waits = false;
    bool turn_comes = false;
    detail::handler_memory wait_memory;
    detail::handler_memory turn_memory;
  };

  shared_state state_;
};

using asio_timer = basic_asio_timer<detail::asio_loop>;  ///< a timer of one thread's io_context

static_assert(detachable_timer<asio_timer>);

}  // namespace cohttps
