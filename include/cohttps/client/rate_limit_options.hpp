// The options of a `rate_limiter`.
#pragma once

#include <chrono>
#include <cstddef>

namespace cohttps {

/// The size of an origin's token bucket, and its rate. Each request takes one token.
struct rate_limit_options {
  double per_second = 10;  ///< new tokens in a second
  double burst = 10;       ///< the largest number of tokens
  /// After a response 429 or 503 with Retry-After, the origin receives no request for that long,
  /// but at most for this long.
  std::chrono::nanoseconds longest_retry_after = std::chrono::minutes(1);
  std::size_t max_origins = 1024;  ///< the largest number of buckets
};

}  // namespace cohttps
