// Definitions for running_operations.hpp.
#pragma once

#include <cohttps/request/running_operations.hpp>

namespace cohttps::detail {

/// Its address identifies a thread.
inline constinit thread_local char this_thread = 0;
/// Its address stands for the thread of a strand, which is never the same for long.
inline constinit char any_of_a_strand = 0;

COHTTPS_DEF void running_operations::begin(const any_transport& on) noexcept {
  ++running_;
  if (loop_thread_.load(std::memory_order_relaxed) == &this_thread) return;
  switch (on.place()) {
    case loop_place::on_loop:
      return loop_thread_.store(&this_thread, std::memory_order_relaxed);
    case loop_place::on_strand:
      return loop_thread_.store(&any_of_a_strand, std::memory_order_relaxed);
    case loop_place::unknown:
    case loop_place::elsewhere:  // it began before the loop runs
      return;
  }
}

COHTTPS_DEF void running_operations::end() noexcept {
  if (--running_ == 0) loop_thread_.store(nullptr, std::memory_order_relaxed);
  changed();
}

COHTTPS_DEF bool running_operations::may_begin_here(const any_transport& on) const noexcept {
  const void* const last = loop_thread_.load(std::memory_order_relaxed);
  return !last || last == &this_thread || on.place() != loop_place::elsewhere;
}

COHTTPS_DEF void running_operations::quiet::await_suspend(std::coroutine_handle<> waiter) {
  waiter_ = waiter;
  next_ = std::exchange(of_.first_, this);
  resume_at(until_);
}

COHTTPS_DEF void running_operations::quiet::resume_at(time_point when) {
  timer_.set(when, [](void* self) noexcept { static_cast<quiet*>(self)->waiter_.resume(); }, this);
}

COHTTPS_DEF auto running_operations::all_ended(any_transport transport, time_point until) -> quiet {
  return quiet(*this, &running_operations::running_, std::move(transport), until);
}

COHTTPS_DEF auto running_operations::none_waits(any_transport transport) -> quiet {
  return quiet(*this, &running_operations::waiting_, std::move(transport), never);
}

COHTTPS_DEF void running_operations::changed() noexcept {
  for (quiet* q = first_; q; q = q->next_)
    if (this->*(q->count_) == 0) q->resume_at(time_point::min());
}

}  // namespace cohttps::detail
