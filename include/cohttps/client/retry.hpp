// Which requests are sent again, and when.
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/http/date.hpp>
#include <cohttps/http/fields.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace cohttps {

/// What is sent again. With the default nothing but what is provably safe, once: a request on a
/// kept connection that turned out to be dead, when it was not sent or doing its work twice is the
/// same as doing it once (RFC 9110, 9.2.2).
///
/// With more attempts, also: what failed before it was sent; what was lost on the way or timed out,
/// and answers of 408, 429, 502, 503 and 504, when the method is idempotent or the request has an
/// Idempotency-Key. Never: what the caller stopped, what the total timeout ended, what a
/// certificate, a policy or the peer's broken HTTP prevents.
struct retry_options {
  std::size_t attempts = 1;  ///< in all; at least 1

  /// Each wait is a random part of its limit ("full jitter"), which doubles from one to the next.
  std::chrono::nanoseconds first_delay = std::chrono::milliseconds(200);
  std::chrono::nanoseconds longest_delay = std::chrono::seconds(10);

  /// A Retry-After of the server is honoured up to this; one that asks for more is final.
  std::chrono::nanoseconds longest_retry_after = std::chrono::seconds(30);

  /// Retries as a share of the client's requests, so that a server in trouble is not buried; ten
  /// are free.
  double budget = 0.2;

  /// Gives each request whose method is not idempotent an Idempotency-Key, which stays the same
  /// when it is sent again. Only for servers that know the field.
  bool idempotency_key = false;
};

/// Counts requests and what may be repeated of them.
class retry_budget {
 public:
  explicit retry_budget(double share) noexcept : share_(std::clamp(share, 0.0, 1.0)) {}

  void add_request() noexcept { saved_ = std::min(saved_ + share_, reserve); }
  COHTTPS_DECL bool take_retry() noexcept;

 private:
  static constexpr double reserve = 10;
  double share_;
  double saved_ = reserve;
};

/// The waits between the attempts of one request.
class retry_schedule {
 public:
  explicit retry_schedule(const retry_options& options) noexcept : options_(&options) {}

  /// The number of attempts that have begun.
  std::size_t attempts() const noexcept { return attempts_; }
  void begin_attempt() noexcept { ++attempts_; }

  bool attempts_left() const noexcept { return attempts_ < options_->attempts; }

  /// How long to wait before the next attempt. `headers` are those of the response, or null.
  /// Nothing when the server asks for too much time, or the budget is spent. `random` are 32 random
  /// bits.
  COHTTPS_DECL std::optional<std::chrono::nanoseconds> next_delay(
      const fields* headers, retry_budget& budget, std::uint32_t random,
      std::chrono::system_clock::time_point now) const;

 private:
  /// RFC 9110, 10.2.3: a number of seconds or a date.
  COHTTPS_DECL static std::optional<std::chrono::nanoseconds> retry_after(
      const fields& headers, std::chrono::system_clock::time_point now);

  COHTTPS_DECL std::chrono::nanoseconds jitter(std::uint32_t random) const noexcept;

  const retry_options* options_;
  std::size_t attempts_ = 0;
};

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/client/retry.ipp>
#endif
