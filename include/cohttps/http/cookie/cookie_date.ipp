// Definitions for cookie_date.hpp.
#pragma once

#include <cohttps/http/cookie/cookie_date.hpp>

namespace cohttps {
namespace detail {

COHTTPS_DEF void cookie_date_parts::take(std::string_view word) noexcept {
  if (!time_ && (time_ = time_of_day(word))) return;
  if (!day_ && (day_ = number(word, 1, 2))) return;
  if (!month_ && (month_ = month(word))) return;
  if (!year_) year_ = number(word, 2, 4);
}

COHTTPS_DEF std::optional<std::chrono::sys_seconds> cookie_date_parts::date() const noexcept {
  using namespace std::chrono;
  if (!time_ || !day_ || !month_ || !year_) return std::nullopt;
  const auto [hour, minute, second] = *time_;
  const int century = *year_ > 99 ? 0 : *year_ >= 70 ? 1900 : 2000;
  const year_month_day day(std::chrono::year(*year_ + century),
                           std::chrono::month(static_cast<unsigned>(*month_)),
                           std::chrono::day(static_cast<unsigned>(*day_)));
  if (int(day.year()) < 1601 || !day.ok() || hour > 23 || minute > 59 || second > 59)
    return std::nullopt;
  return sys_days(day) + hours(hour) + minutes(minute) + seconds(second);
}

COHTTPS_DEF std::optional<int> cookie_date_parts::digits(std::string_view& text, std::size_t least,
                                                         std::size_t most) noexcept {
  std::size_t n = 0;
  int value = 0;
  for (; n < text.size() && ascii::is_digit(text[n]); ++n) {
    if (n == most) return std::nullopt;
    value = value * 10 + (text[n] - '0');
  }
  if (n < least) return std::nullopt;
  text.remove_prefix(n);
  return value;
}

COHTTPS_DEF std::optional<int> cookie_date_parts::number(std::string_view word, std::size_t least,
                                                         std::size_t most) noexcept {
  return digits(word, least, most);
}

COHTTPS_DEF auto cookie_date_parts::time_of_day(std::string_view word) noexcept
    -> std::optional<hms> {
  hms found{};
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (i > 0) {
      if (!word.starts_with(':')) return std::nullopt;
      word.remove_prefix(1);
    }
    const auto value = digits(word, 1, 2);
    if (!value) return std::nullopt;
    found[i] = *value;
  }
  return found;
}

COHTTPS_DEF std::optional<int> cookie_date_parts::month(std::string_view word) noexcept {
  constexpr std::string_view names = "janfebmaraprmayjunjulaugsepoctnovdec";
  for (std::size_t i = 0; i < 12; ++i)
    if (ascii::iequals(word.substr(0, 3), names.substr(3 * i, 3))) return static_cast<int>(i + 1);
  return std::nullopt;
}

}  // namespace detail
}  // namespace cohttps

namespace cohttps {

COHTTPS_DEF std::optional<std::chrono::sys_seconds> parse_cookie_date(
    std::string_view text) noexcept {
  detail::cookie_date_parts parts;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t begin = i;
    while (i < text.size() && !detail::is_cookie_date_delimiter(text[i])) ++i;
    if (i > begin) parts.take(text.substr(begin, i - begin));
    if (i < text.size()) ++i;
  }
  return parts.date();
}

}  // namespace cohttps
