// Responses in memory.
#pragma once

#include <cohttps/client/cache_store.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/task/task.hpp>

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace cohttps {

/// Keeps the responses that were used last. It outlives the writers that it gives. Threads: any, at
/// the same time.
class memory_cache final : public cache_store {
 public:
  /// `max_bytes`: of all responses together; one that takes more than an eighth is not kept.
  explicit memory_cache(std::size_t max_bytes = 64 * 1024 * 1024) : max_bytes_(max_bytes) {}

  task<result<entry>> find(std::string_view key, const fields& request) override {
    return result<entry>(look_up(key, request));
  }
  task<result<std::unique_ptr<cache_writer>>> write(
      std::string_view key, std::shared_ptr<const cached_response> response) override {
    return result<std::unique_ptr<cache_writer>>(
        std::make_unique<writer>(*this, std::string(key), std::move(response)));
  }
  task<result<void>> refresh(std::string_view key,
                             std::shared_ptr<const cached_response> response) override {
    renew(key, std::move(response));
    return result<void>();
  }
  task<result<void>> erase(std::string_view key) override {
    forget(key);
    return result<void>();
  }
  std::uint64_t max_content() const noexcept override { return max_bytes_ / 8; }

  /// Bytes of all responses that are stored.
  COHTTPS_DECL std::size_t bytes() const;
  COHTTPS_DECL std::size_t size() const;

 private:
  using shared_response = std::shared_ptr<const cached_response>;
  using shared_content = std::shared_ptr<const std::string>;

  struct record {
    std::string key;
    shared_response response;
    shared_content content;
    std::size_t bytes() const { return key.size() + response->size() + content->size(); }
  };
  using order = std::list<record>;

  class writer final : public cache_writer {
   public:
    writer(memory_cache& of, std::string key, shared_response response)
        : of_(of), key_(std::move(key)), response_(std::move(response)) {}
    task<result<void>> write(std::span<const std::byte> part) override {
      content_.append(reinterpret_cast<const char*>(part.data()), part.size());
      return result<void>();
    }
    task<result<void>> commit() override {
      of_.keep({std::move(key_), std::move(response_),
                std::make_shared<const std::string>(std::move(content_))});
      return result<void>();
    }

   private:
    memory_cache& of_;
    std::string key_;
    shared_response response_;
    std::string content_;
  };

  COHTTPS_DECL entry look_up(std::string_view key, const fields& request);
  COHTTPS_DECL void keep(record what);
  COHTTPS_DECL void renew(std::string_view key, shared_response response);
  COHTTPS_DECL void forget(std::string_view key);
  /// The record under `key` whose response `matches`, or the end of the list.
  COHTTPS_DECL order::iterator locate(std::string_view key, const fields& request);
  COHTTPS_DECL void remove(order::iterator at);

  const std::size_t max_bytes_;
  mutable std::mutex mutex_;
  order records_;  // the one that was used last comes first
  std::unordered_multimap<std::string_view, order::iterator> by_key_;
  std::size_t bytes_ = 0;
};

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/client/memory_cache.ipp>
#endif
