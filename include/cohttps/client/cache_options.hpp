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
  /// Responses with more bytes of content are not kept.
  std::size_t max_content = 16 * 1024 * 1024;

  /// Is told when the store fails; the request goes to the server then.
  std::function<void(const error&)> on_store_error = {};

  /// The clock. For tests.
  cached_response::time_point (*now)() = &std::chrono::system_clock::now;
};

/// How requests were answered.
struct cache_statistics {
  std::uint64_t hits = 0;       ///< from the store, while fresh
  std::uint64_t stale = 0;      ///< from the store, though stale (RFC 5861, or max-stale)
  std::uint64_t validated = 0;  ///< from the store, after a 304
  std::uint64_t misses = 0;     ///< by the server
  std::uint64_t stored = 0;
  std::uint64_t store_errors = 0;
};

}  // namespace cohttps
