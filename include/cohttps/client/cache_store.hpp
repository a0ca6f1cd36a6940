// The interface of the stores in which an `http_cache` keeps responses.
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/http/cache/cached_response.hpp>
#include <cohttps/http/fields.hpp>
#include <cohttps/task/task.hpp>

#include <memory>
#include <string_view>

namespace cohttps {

/// A store of responses by key, several for a key where Vary tells them apart. `memory_cache` is
/// one, `sqlite_cache` another; a program may write its own.
///
/// A cache goes on without a store that fails: the request goes to the server. So a store returns
/// its errors soon, and never keeps a request waiting for long.
///
/// Threads: those of the clients that share it, unless it says more.
class cache_store {
 public:
  using stored = std::shared_ptr<const cached_response>;

  cache_store() = default;
  cache_store(const cache_store&) = delete;
  cache_store& operator=(const cache_store&) = delete;
  virtual ~cache_store() = default;

  /// The response under `key` that `matches` these fields of a request; null when there is none.
  virtual task<result<stored>> find(std::string_view key, const fields& request) = 0;

  /// Keeps a response, in place of one under the same key with the same varying fields.
  virtual task<result<void>> put(std::string_view key, stored what) = 0;

  /// Forgets all responses under `key`.
  virtual task<result<void>> erase(std::string_view key) = 0;
};

}  // namespace cohttps
