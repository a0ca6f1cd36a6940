// The interface of token buckets that several programs share.
#pragma once

#include <cohttps/client/rate_limit_options.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/task/task.hpp>

#include <chrono>
#include <string>

namespace cohttps {

/// The buckets of a `rate_limiter` outside of the program, such as `redis_token_buckets`. Each
/// bucket belongs to an origin, such as "https://example.com". While a call fails, the limiter
/// counts alone.
class token_buckets {
 public:
  token_buckets() = default;
  token_buckets(const token_buckets&) = delete;
  token_buckets& operator=(const token_buckets&) = delete;
  virtual ~token_buckets() = default;

  /// Takes a token, in advance if there is none, and returns the time until it may be used.
  virtual task<result<std::chrono::nanoseconds>> take(std::string origin,
                                                      const rate_limit_options& how) = 0;

  /// The origin sent Retry-After: it receives no requests for the next `time`.
  virtual task<result<void>> block(std::string origin, std::chrono::nanoseconds time) = 0;
};

}  // namespace cohttps
