// Definitions for activity.hpp.
#pragma once

#include <cohttps/client/activity.hpp>

namespace cohttps {

COHTTPS_DEF void activity::end() noexcept { --running_, changed(); }

COHTTPS_DEF void activity::quiet::await_suspend(std::coroutine_handle<> waiter) {
  waiter_ = waiter;
  next_ = std::exchange(of_.first_, this);
  resume_at(until_);
}

COHTTPS_DEF void activity::quiet::resume_at(time_point when) {
  timer_.set(when, [](void* self) noexcept { static_cast<quiet*>(self)->waiter_.resume(); }, this);
}

COHTTPS_DEF auto activity::all_ended(any_transport transport, time_point until) -> quiet {
  return quiet(*this, &activity::running_, std::move(transport), until);
}

COHTTPS_DEF auto activity::none_waits(any_transport transport) -> quiet {
  return quiet(*this, &activity::waiting_, std::move(transport), net::never);
}

COHTTPS_DEF void activity::changed() noexcept {
  for (quiet* q = first_; q; q = q->next_)
    if (this->*(q->count_) == 0) q->resume_at(time_point::min());
}

}  // namespace cohttps
