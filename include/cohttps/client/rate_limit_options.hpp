// How many requests an origin gets.
#pragma once

#include <chrono>
#include <cstddef>

namespace cohttps {

/// A bucket of tokens for each origin: a request takes one.
struct rate_limit_options {
  double per_second = 10;  ///< tokens that come
  double burst = 10;       ///< tokens that there are at most
  /// After 429 or 503 with Retry-After, the origin gets no request for that long; for this at most.
  std::chrono::nanoseconds longest_retry_after = std::chrono::minutes(1);
  std::size_t max_origins = 1024;  ///< that are remembered
};

}  // namespace cohttps
