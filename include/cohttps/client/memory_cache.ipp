// Definitions for memory_cache.hpp.
#pragma once

#include <cohttps/client/memory_cache.hpp>

namespace cohttps {

COHTTPS_DEF std::size_t memory_cache::bytes() const {
  const std::scoped_lock lock(mutex_);
  return bytes_;
}

COHTTPS_DEF std::size_t memory_cache::size() const {
  const std::scoped_lock lock(mutex_);
  return entries_.size();
}

COHTTPS_DEF auto memory_cache::look_up(std::string_view key, const fields& request) -> stored {
  const std::scoped_lock lock(mutex_);
  const auto [first, last] = by_key_.equal_range(key);
  for (auto at = first; at != last; ++at) {
    if (!at->second->what->matches(request)) continue;
    entries_.splice(entries_.begin(), entries_, at->second);
    return at->second->what;
  }
  return nullptr;
}

COHTTPS_DEF void memory_cache::keep(std::string_view key, stored what) {
  const std::size_t bytes = what->size() + key.size();
  const std::scoped_lock lock(mutex_);
  const auto [first, last] = by_key_.equal_range(key);
  for (auto at = first; at != last; ++at)
    if (at->second->what->matches(what->request_fields)) {
      remove(at->second);
      break;
    }
  if (bytes > max_bytes_ / 8) return;
  entries_.push_front({std::string(key), std::move(what), bytes});
  by_key_.emplace(entries_.front().key, entries_.begin());
  bytes_ += bytes;
  while (bytes_ > max_bytes_) remove(std::prev(entries_.end()));
}

COHTTPS_DEF void memory_cache::forget(std::string_view key) {
  const std::scoped_lock lock(mutex_);
  for (auto at = by_key_.find(key); at != by_key_.end(); at = by_key_.find(key)) remove(at->second);
}

COHTTPS_DEF void memory_cache::remove(order::iterator at) {
  const auto [first, last] = by_key_.equal_range(at->key);
  for (auto i = first; i != last; ++i)
    if (i->second == at) {
      by_key_.erase(i);
      break;
    }
  bytes_ -= at->bytes;
  entries_.erase(at);
}

}  // namespace cohttps
