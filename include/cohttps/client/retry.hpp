// Which requests are sent again, and when.
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/error.hpp>
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
  bool take_retry() noexcept {
    if (saved_ < 1) return false;
    saved_ -= 1;
    return true;
  }

 private:
  static constexpr double reserve = 10;
  double share_;
  double saved_ = reserve;
};

/// How an attempt has ended.
struct attempt_outcome {
  const error* failure = nullptr;   ///< null: there is a response
  int status = 0;                   ///< of the response
  const fields* headers = nullptr;  ///< of the response
  bool may_repeat_work = false;     ///< the request may be acted on twice
};

/// The waits between the attempts of one request.
class retry_schedule {
 public:
  explicit retry_schedule(const retry_options& options) noexcept : options_(options) {}

  /// The number of attempts that have begun.
  std::size_t attempts() const noexcept { return attempts_; }
  void begin_attempt() noexcept { ++attempts_; }

  /// How long to wait before the next attempt; nothing when `outcome` is final. `random()` gives 32
  /// random bits.
  template <class Random>
  std::optional<std::chrono::nanoseconds> next(const attempt_outcome& outcome, retry_budget& budget,
                                               Random random,
                                               std::chrono::system_clock::time_point now) const {
    if (attempts_ >= options_.attempts) return std::nullopt;
    std::chrono::nanoseconds wait{};
    if (outcome.failure) {
      if (!worth_repeating(*outcome.failure, outcome.may_repeat_work)) return std::nullopt;
    } else {
      if (!is_transient(outcome.status) || !outcome.may_repeat_work) return std::nullopt;
      if (const auto asked = retry_after(*outcome.headers, now)) {
        if (*asked > options_.longest_retry_after) return std::nullopt;
        wait = *asked;
      }
    }
    if (!budget.take_retry()) return std::nullopt;
    return std::max(wait, jitter(random()));
  }

 private:
  static bool is_transient(int status) noexcept {
    return status == 408 || status == 429 || status == 502 || status == 503 || status == 504;
  }

  static bool worth_repeating(const error& e, bool may_repeat_work) noexcept {
    if (e.replay() == replay_safety::rejected) return true;
    if (e.replay() == replay_safety::maybe_processed && !may_repeat_work) return false;
    switch (e.category()) {
      case error_category::connect:
      case error_category::peer_closed:
        return true;
      case error_category::resolve:
        return e.reason() != "host_not_found";
      case error_category::timeout:
        return e.reason() != "total_timeout" && e.phase() != phase::queue;
      default:
        return false;
    }
  }

  /// RFC 9110, 10.2.3: a number of seconds or a date.
  static std::optional<std::chrono::nanoseconds> retry_after(
      const fields& headers, std::chrono::system_clock::time_point now) {
    const auto value = headers.find("retry-after");
    if (!value) return std::nullopt;
    if (const auto seconds = ascii::parse_decimal(*value))
      return std::chrono::seconds(std::min<std::uint64_t>(*seconds, 1'000'000'000));
    const auto date = parse_http_date(*value, now);
    if (!date) return std::nullopt;
    // In seconds, since a date may be more nanoseconds away than there are numbers for.
    return std::clamp(*date - std::chrono::floor<std::chrono::seconds>(now),
                      std::chrono::seconds(0), std::chrono::seconds(1'000'000'000));
  }

  std::chrono::nanoseconds jitter(std::uint32_t random) const noexcept {
    std::chrono::nanoseconds limit = std::min(options_.first_delay, options_.longest_delay);
    for (std::size_t i = 1; i < attempts_ && limit < options_.longest_delay; ++i)
      limit = std::min(limit * 2, options_.longest_delay);
    return std::chrono::nanoseconds(static_cast<std::int64_t>(
        static_cast<double>(limit.count()) * (static_cast<double>(random) / 4294967296.0)));
  }

  const retry_options& options_;
  std::size_t attempts_ = 0;
};

}  // namespace cohttps
