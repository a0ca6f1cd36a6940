// A limit of requests to each origin, as a layer of clients.
#pragma once

#include <cohttps/client/rate_limit_options.hpp>
#include <cohttps/client/retry.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/middleware.hpp>
#include <cohttps/transport/concepts.hpp>
#include <cohttps/transport/sleep.hpp>
#include <cohttps/url/origin.hpp>

#include <algorithm>
#include <chrono>
#include <memory>
#include <unordered_map>
#include <utility>

namespace cohttps {

/// Lets requests wait until their origin may get one.
/// ```
/// cohttps::rate_limiter slow({.per_second = 5, .burst = 5});
/// client.use(slow.layer());
/// ```
/// Requests to an origin leave in their order. The time that they wait is inside the limit of time
/// of their call. Threads: those of its clients; several clients of one thread may share it.
class rate_limiter {
 public:
  explicit rate_limiter(rate_limit_options options = {})
      : state_(std::make_shared<state>(options)) {}

  /// For `client::use`. It keeps the limiter alive.
  template <class = void>
  middleware layer() const {
    return [state = state_](request& r, next_handler next) { return handle(state, r, next); };
  }

 private:
  struct bucket {
    double tokens;
    time_point filled;
    time_point blocked_until{};
  };
  struct state {
    explicit state(const rate_limit_options& o) noexcept : options(o) {}

    /// Takes a token, in advance where there is none, and says when it may be used.
    time_point take(const origin& to, time_point now) {
      bucket& b = of(to, now);
      const std::chrono::duration<double> passed = now - b.filled;
      b.tokens = std::min(options.burst, b.tokens + passed.count() * options.per_second);
      b.filled = now;
      b.tokens -= 1;
      time_point when = now;
      if (b.tokens < 0)
        when += std::chrono::duration_cast<std::chrono::nanoseconds>(
            std::chrono::duration<double>(-b.tokens / options.per_second));
      return std::max(when, b.blocked_until);
    }
    bucket& of(const origin& to, time_point now) {
      if (buckets.size() >= options.max_origins && !buckets.contains(to)) buckets.clear();
      return buckets.try_emplace(to, bucket{options.burst, now}).first->second;
    }

    rate_limit_options options;
    std::unordered_map<origin, bucket> buckets;
  };

  static task<result<response>> handle(std::shared_ptr<state> of, request& r, next_handler next) {
    if (!r.url) co_return co_await next(r);
    const origin to = r.url->origin();
    time_point when = of->take(to, next.transport().now());
    while (when > next.transport().now()) {
      const bool slept = co_await sleep_until(next.transport(), when, next.stop());
      if (!slept)
        co_return fail(error_category::canceled, "canceled", "the operation was canceled");
      when = of->of(to, when).blocked_until;  // it may have been blocked meanwhile
    }
    auto answered = co_await next(r);
    if (!answered || (answered->status() != 429 && answered->status() != 503)) co_return answered;
    if (const auto wait =
            retry_schedule::retry_after(answered->headers(), std::chrono::system_clock::now())) {
      const time_point now = next.transport().now();
      of->of(to, now).blocked_until = now + std::min(*wait, of->options.longest_retry_after);
    }
    co_return answered;
  }

  std::shared_ptr<state> state_;
};

}  // namespace cohttps
