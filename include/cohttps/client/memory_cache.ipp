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
  return records_.size();
}

COHTTPS_DEF auto memory_cache::locate(std::string_view key, const fields& request)
    -> order::iterator {
  const auto [first, last] = by_key_.equal_range(key);
  for (auto at = first; at != last; ++at)
    if (at->second->response->matches(request)) return at->second;
  return records_.end();
}

COHTTPS_DEF auto memory_cache::look_up(std::string_view key, const fields& request) -> entry {
  const std::scoped_lock lock(mutex_);
  const auto at = locate(key, request);
  if (at == records_.end()) return {};
  records_.splice(records_.begin(), records_, at);
  return {at->response, at->content};
}

COHTTPS_DEF void memory_cache::keep(record what) {
  const std::scoped_lock lock(mutex_);
  if (const auto old = locate(what.key, what.response->request_fields); old != records_.end())
    remove(old);
  const std::size_t bytes = what.bytes();
  if (bytes > max_bytes_ / 8) return;
  records_.push_front(std::move(what));
  by_key_.emplace(records_.front().key, records_.begin());
  bytes_ += bytes;
  while (bytes_ > max_bytes_) remove(std::prev(records_.end()));
}

COHTTPS_DEF void memory_cache::renew(std::string_view key, shared_response response) {
  const std::scoped_lock lock(mutex_);
  const auto at = locate(key, response->request_fields);
  if (at == records_.end()) return;
  bytes_ -= at->bytes();
  at->response = std::move(response);
  bytes_ += at->bytes();
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
  bytes_ -= at->bytes();
  records_.erase(at);
}

}  // namespace cohttps
