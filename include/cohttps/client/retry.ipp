// Definitions for retry.hpp.
#pragma once

#include <cohttps/client/retry.hpp>

namespace cohttps {

COHTTPS_DEF bool retry_budget::take_retry() noexcept {
  if (tokens_ < 1) return false;
  tokens_ -= 1;
  return true;
}

COHTTPS_DEF std::optional<std::chrono::nanoseconds> retry_schedule::next_delay(
    const fields* headers, retry_budget& budget, std::uint32_t random,
    std::chrono::system_clock::time_point now) const {
  std::chrono::nanoseconds wait{};
  if (headers)
    if (const auto asked = retry_after(*headers, now)) {
      if (*asked > options_->longest_retry_after) return std::nullopt;
      wait = *asked;
    }
  if (!budget.take_retry()) return std::nullopt;
  return std::max(wait, jitter(random));
}

COHTTPS_DEF std::optional<std::chrono::nanoseconds> retry_schedule::retry_after(
    const fields& headers, std::chrono::system_clock::time_point now) {
  const auto value = headers.find("retry-after");
  if (!value) return std::nullopt;
  if (const auto seconds = ascii::parse_decimal(*value))
    return std::chrono::seconds(std::min<std::uint64_t>(*seconds, 1'000'000'000));
  const auto date = parse_http_date(*value, now);
  if (!date) return std::nullopt;
  // The difference is in seconds, because the nanoseconds until a distant date would overflow.
  return std::clamp(*date - std::chrono::floor<std::chrono::seconds>(now), std::chrono::seconds(0),
                    std::chrono::seconds(1'000'000'000));
}

COHTTPS_DEF std::chrono::nanoseconds retry_schedule::jitter(std::uint32_t random) const noexcept {
  std::chrono::nanoseconds limit = std::min(options_->first_delay, options_->longest_delay);
  for (std::size_t i = 1; i < attempts_ && limit < options_->longest_delay; ++i)
    limit = std::min(limit * 2, options_->longest_delay);
  return std::chrono::nanoseconds(static_cast<std::int64_t>(
      static_cast<double>(limit.count()) * (static_cast<double>(random) / 4294967296.0)));
}

}  // namespace cohttps
