// Definitions for client_state.hpp.
#pragma once

#include <cohttps/request/client_state.hpp>

namespace cohttps::detail {

COHTTPS_DEF void recent_origins::insert(const origin& o) {
  if (contains(o)) return;
  if (all_.size() < most) return all_.push_back(o);
  all_[oldest_] = o;
  oldest_ = (oldest_ + 1) % most;
}

COHTTPS_DEF bool recent_origins::contains(const origin& o) const noexcept {
  return std::ranges::find(all_, o) != all_.end();
}

}  // namespace cohttps::detail
