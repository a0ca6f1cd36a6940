// Definitions for known_groups.hpp.
#pragma once

#include <cohttps/tls/known_groups.hpp>

namespace cohttps::tls {

COHTTPS_DEF auto known_groups::find(const std::string& origin, time_point now) const
    -> std::optional<group> {
  const std::scoped_lock lock(mutex_);
  const auto found = entries_.find(origin);
  return found != entries_.end() && found->second.holds(now) ? found->second.chosen : std::nullopt;
}

COHTTPS_DEF void known_groups::learn(const std::string& origin, group chosen, time_point now) {
  const std::scoped_lock lock(mutex_);
  const auto found = entries_.find(origin);
  if (found != entries_.end() && found->second.holds(now)) {
    if (found->second.chosen != chosen) found->second.chosen.reset();
    return;
  }
  if (entries_.size() >= most)
    std::erase_if(entries_, [&](const auto& each) { return !each.second.holds(now); });
  if (entries_.size() >= most) entries_.clear();
  entries_.insert_or_assign(origin, entry{chosen, now});
}

COHTTPS_DEF void known_groups::forget(const std::string& origin) {
  const std::scoped_lock lock(mutex_);
  entries_.erase(origin);
}

COHTTPS_DEF std::size_t known_groups::size() const {
  const std::scoped_lock lock(mutex_);
  return entries_.size();
}

}  // namespace cohttps::tls
