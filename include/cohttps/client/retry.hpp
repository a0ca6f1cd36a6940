// The options and the delays for sending a request again.
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

/// When the client sends a request again. By default it does so only if this is provably safe:
/// - A reused connection turned out to be closed. The request was not sent, or its method is
///   idempotent (RFC 9110, 9.2.2), or it has an Idempotency-Key. The client repeats it once.
/// - The server said that it did not process the request (RFC 9113, 8.7).
///
/// With more `attempts`, the client also repeats these requests after a delay:
/// - Requests that failed before they were sent.
/// - Requests that were lost with their connection, that timed out, or that got a response of
///   status 408, 429, 502, 503 or 504. The method must be idempotent, or there must be an
///   Idempotency-Key.
///
/// The client never repeats a request after a stop by the caller, after the total timeout, or after
/// an error that a certificate, a policy or malformed HTTP caused.
struct retry_options {
  std::size_t attempts = 1;  ///< including the first one; at least 1

  /// The limit of the first delay. The limit doubles for each further delay, up to `longest_delay`.
  /// Each delay is a random part of its limit ("full jitter").
  std::chrono::nanoseconds first_delay = std::chrono::milliseconds(200);
  /// The longest delay. A Retry-After may be longer.
  std::chrono::nanoseconds longest_delay = std::chrono::seconds(10);

  /// The longest Retry-After that the client obeys. If the server asks for more, the client does
  /// not send the request again.
  std::chrono::nanoseconds longest_retry_after = std::chrono::seconds(30);

  /// The number of retries for each request of the client, from 0 to 1. Up to ten retries are
  /// allowed in addition. The budget prevents retries from overloading a server that is in trouble.
  double budget = 0.2;

  /// Adds an Idempotency-Key to each request whose method is not idempotent. The key stays the same
  /// when the request is sent again. Use this only for servers that support the field.
  bool idempotency_key = false;
};

/// Limits the number of retries to a share of the requests: see `retry_options::budget`.
class retry_budget {
 public:
  explicit retry_budget(double share) noexcept : share_(std::clamp(share, 0.0, 1.0)) {}

  /// Counts a request, which adds to the budget.
  void add_request() noexcept { tokens_ = std::min(tokens_ + share_, reserve); }
  /// Takes one retry from the budget. Returns false if there is none.
  COHTTPS_DECL bool take_retry() noexcept;

 private:
  static constexpr double reserve = 10;
  double share_;
  double tokens_ = reserve;
};

/// Computes the delays between the attempts of one request.
class retry_schedule {
 public:
  explicit retry_schedule(const retry_options& options) noexcept : options_(&options) {}

  /// Returns the number of attempts that have begun.
  std::size_t attempts() const noexcept { return attempts_; }
  /// Counts an attempt.
  void begin_attempt() noexcept { ++attempts_; }

  /// True while the options allow another attempt.
  bool attempts_left() const noexcept { return attempts_ < options_->attempts; }

  /// Returns the delay before the next attempt. Returns nothing if the server asks for a longer
  /// delay than allowed, or if the budget is used up. `headers` are the fields of the response, or
  /// null. `random` contains 32 random bits.
  COHTTPS_DECL std::optional<std::chrono::nanoseconds> next_delay(
      const fields* headers, retry_budget& budget, std::uint32_t random,
      std::chrono::system_clock::time_point now) const;

  /// Parses Retry-After (RFC 9110, 10.2.3): a number of seconds or a date.
  COHTTPS_DECL static std::optional<std::chrono::nanoseconds> retry_after(
      const fields& headers, std::chrono::system_clock::time_point now);

 private:
  COHTTPS_DECL std::chrono::nanoseconds jitter(std::uint32_t random) const noexcept;

  const retry_options* options_;
  std::size_t attempts_ = 0;
};

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/client/retry.ipp>
#endif
