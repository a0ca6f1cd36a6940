// Responses in memory.
#pragma once

#include <cohttps/client/cache_store.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/task/task.hpp>

#include <cstddef>
#include <iterator>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace cohttps {

/// Keeps the responses that were used last. Threads: any, at the same time.
class memory_cache final : public cache_store {
 public:
  /// `max_bytes`: of all responses together; one that takes more than an eighth is not kept.
  explicit memory_cache(std::size_t max_bytes = 64 * 1024 * 1024) : max_bytes_(max_bytes) {}

  task<result<stored>> find(std::string_view key, const fields& request) override {
    return result<stored>(look_up(key, request));
  }
  task<result<void>> put(std::string_view key, stored what) override {
    keep(key, std::move(what));
    return result<void>();
  }
  task<result<void>> erase(std::string_view key) override {
    forget(key);
    return result<void>();
  }

  COHTTPS_DECL std::size_t bytes() const;
  COHTTPS_DECL std::size_t size() const;

 private:
  struct entry {
    std::string key;
    stored what;
    std::size_t bytes;
  };
  using order = std::list<entry>;

  COHTTPS_DECL stored look_up(std::string_view key, const fields& request);
  COHTTPS_DECL void keep(std::string_view key, stored what);
  COHTTPS_DECL void forget(std::string_view key);
  COHTTPS_DECL void remove(order::iterator at);

  const std::size_t max_bytes_;
  mutable std::mutex mutex_;
  order entries_;  // the one that was used last comes first
  std::unordered_multimap<std::string_view, order::iterator> by_key_;
  std::size_t bytes_ = 0;
};

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/client/memory_cache.ipp>
#endif
