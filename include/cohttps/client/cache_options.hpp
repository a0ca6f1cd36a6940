// Options and figures of an `http_cache`.
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/http/cache/cached_response.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace cohttps {

namespace detail {
template <class = void>
class cache_layer;
}

/// How an `http_cache` behaves.
struct cache_options {
  /// In bytes. The cache does not store responses with larger content. A store may have a lower
  /// limit.
  std::uint64_t max_content = 16 * 1024 * 1024;

  /// Called with each error of the store. The request then goes to the server.
  std::function<void(const error&)> on_store_error = {};

  /// The clock. Only tests change it.
  cached_response::time_point (*now)() = &std::chrono::system_clock::now;
};

/// How many requests were answered in which way.
struct cache_statistics {
  std::uint64_t hits = 0;          ///< from the store, while fresh
  std::uint64_t stale = 0;         ///< from the store, though stale (RFC 5861, or max-stale)
  std::uint64_t validated = 0;     ///< from the store, after a 304
  std::uint64_t misses = 0;        ///< by the server
  std::uint64_t stored = 0;        ///< responses that went into the store
  std::uint64_t store_errors = 0;  ///< failures of the store
};

}  // namespace cohttps
