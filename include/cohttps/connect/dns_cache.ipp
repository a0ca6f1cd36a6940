// Definitions for dns_cache.hpp.
#pragma once

#include <cohttps/connect/dns_cache.hpp>

namespace cohttps {

COHTTPS_DEF std::optional<std::vector<endpoint>> dns_cache::lookup(std::string_view host,
                                                                   time_point now) const {
  std::lock_guard lock(state_->mutex);
  const auto found = state_->names.find(ascii::lower(host));
  if (found == state_->names.end()) return std::nullopt;
  if (now - found->second->stored >= found->second->time_to_live) {
    state_->remove(found);
    return std::nullopt;
  }
  return found->second->addresses;
}

COHTTPS_DEF void dns_cache::store(std::string_view host, std::vector<endpoint> addresses,
                                  time_point now, std::optional<duration> valid) const {
  if (state_->time_to_live <= duration::zero() || addresses.empty()) return;
  const duration time_to_live = valid.value_or(state_->time_to_live);
  if (time_to_live <= duration::zero()) return forget(host);
  std::string name = ascii::lower(host);
  std::lock_guard lock(state_->mutex);
  if (const auto old = state_->names.find(name); old != state_->names.end()) state_->remove(old);
  if (state_->names.size() == max_names)
    state_->remove(state_->names.find(state_->by_age.front().name));
  state_->by_age.push_back({std::move(name), std::move(addresses), now, time_to_live});
  const auto added = std::prev(state_->by_age.end());
  state_->names.emplace(added->name, added);
}

COHTTPS_DEF void dns_cache::forget(std::string_view host) const {
  std::lock_guard lock(state_->mutex);
  const auto found = state_->names.find(ascii::lower(host));
  if (found != state_->names.end()) state_->remove(found);
}

COHTTPS_DEF void dns_cache::clear() const {
  std::lock_guard lock(state_->mutex);
  state_->names.clear();
  state_->by_age.clear();
}

COHTTPS_DEF std::size_t dns_cache::size() const {
  std::lock_guard lock(state_->mutex);
  return state_->names.size();
}

COHTTPS_DEF void dns_cache::state::remove(index::iterator place) {
  const auto e = place->second;
  names.erase(place);
  by_age.erase(e);
}

}  // namespace cohttps
