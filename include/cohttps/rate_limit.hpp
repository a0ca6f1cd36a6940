// Limits the rate of requests to each origin, as a layer of clients.
#pragma once

#include <cohttps/client/rate_limit_options.hpp>
#include <cohttps/client/retry.hpp>
#include <cohttps/client/token_buckets.hpp>
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

/// Delays requests, so that each origin receives no more than the options allow.
/// ```
/// cohttps::rate_limiter slow({.per_second = 5, .burst = 5});
/// client.use(slow.layer());
/// ```
/// Requests to one origin keep their order. The time limit of a call includes the delay. Threads:
/// those of its clients; several clients of one thread may share it.
class rate_limiter {
 public:
  /// `shared` are buckets that other programs also use. Without them the limiter counts alone.
  explicit rate_limiter(rate_limit_options options = {}, std::shared_ptr<token_buckets> shared = {})
      : state_(std::make_shared<state>(options, std::move(shared))) {}

  /// Returns the layer for `client::use`. The layer keeps the limiter alive.
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
    state(const rate_limit_options& o, std::shared_ptr<token_buckets> s) noexcept
        : options(o), shared(std::move(s)) {}

    /// Takes a token, in advance if there is none, and returns the time from which it may be used.
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
    std::shared_ptr<token_buckets> shared;
    std::unordered_map<origin, bucket> buckets;
  };

  /// Returns the time at which a request may leave. Uses the limiter's own buckets while the shared
  /// ones fail.
  static task<time_point> take(state& of, const origin& to, next_handler next) {
    if (of.shared)
      if (const auto wait = co_await of.shared->take(to.text(), of.options))
        co_return next.transport().now() + *wait;
    co_return of.take(to, next.transport().now());
  }

  static task<result<response>> handle(std::shared_ptr<state> of, request& r, next_handler next) {
    if (!r.url) co_return co_await next(r);
    const origin to = r.url->origin();
    time_point when = co_await take(*of, to, next);
    while (when > next.transport().now()) {
      const bool slept = co_await sleep_until(next.transport(), when, next.stop());
      if (!slept)
        co_return fail(error_category::canceled, "canceled", "the operation was canceled");
      when = of->of(to, when).blocked_until;  // a Retry-After may have come meanwhile
    }
    auto answered = co_await next(r);
    if (!answered || (answered->status() != 429 && answered->status() != 503)) co_return answered;
    if (const auto wait =
            retry_schedule::retry_after(answered->headers(), std::chrono::system_clock::now())) {
      const time_point now = next.transport().now();
      const auto most = std::min<std::chrono::nanoseconds>(*wait, of->options.longest_retry_after);
      of->of(to, now).blocked_until = now + most;
      if (of->shared) (void)co_await of->shared->block(to.text(), most);
    }
    co_return answered;
  }

  std::shared_ptr<state> state_;
};

}  // namespace cohttps
