// Definitions for timer.hpp.
#pragma once

#include <cohttps/transport/asio/timer.hpp>

namespace cohttps {

COHTTPS_DEF void asio_timer::set(time_point when, timer_function f, void* argument) noexcept {
  attach();
  state_->function = f;
  state_->argument = argument;
  state_->when = when;
  state::arm(state_);
}

COHTTPS_DEF void asio_timer::cancel() noexcept {
  attach();
  state_->function = nullptr;
  state_->cancel_wait();
}

COHTTPS_DEF bool asio_timer::detach() noexcept {
  if (!state_->detached && state_->executor().running_in_this_thread()) {
    state_->detached = true;
    state_->executor().on_work_finished();
  }
  return state_->detached;
}

COHTTPS_DEF void asio_timer::attach() noexcept { state_->attach(); }

COHTTPS_DEF void asio_timer::state::attach() noexcept {
  if (std::exchange(detached, false)) executor().on_work_started();
}

COHTTPS_DEF void asio_timer::state::cancel_wait() noexcept {
  ++setting;
  waits = false;
  try {
    timer.cancel();
  } catch (...) {  // the documentation says that it throws, but nothing in it can fail
  }
}

COHTTPS_DEF void asio_timer::state::arm(const detail::shared_state<state>& self) noexcept {
  self->cancel_wait();
  if (self->when != time_point::min()) try {
      self->timer.expires_at(self->when);
      self->timer.async_wait(wait_ends{{self, &self->wait_memory}, self->setting});
      self->waits = true;
      return;
    } catch (const std::bad_alloc&) {
    }
  if (!std::exchange(self->turn_comes, true))
    asio::post(self->executor(), turn_begins{{self, &self->turn_memory}});
}

COHTTPS_DEF void asio_timer::state::begin_turn(const detail::shared_state<state>& self) {
  self->turn_comes = false;
  if (self->waits || !self->function) return;
  if (self->when > std::chrono::steady_clock::now()) return arm(self);
  fire(*self);
}

COHTTPS_DEF void asio_timer::state::fire(state& self) {
  self.attach();
  self.waits = false;
  if (self.function) std::exchange(self.function, nullptr)(self.argument);
}

}  // namespace cohttps
