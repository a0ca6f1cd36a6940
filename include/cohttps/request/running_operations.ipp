// Definitions for running_operations.hpp.
#pragma once

#include <cohttps/request/running_operations.hpp>

namespace cohttps::detail {

COHTTPS_DEF void running_operations::end() noexcept { --running_, changed(); }

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
