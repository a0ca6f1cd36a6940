// Definitions for date.hpp.
#pragma once

#include <cohttps/http/date.hpp>

namespace cohttps {
namespace detail {

COHTTPS_DEF bool date_reader::done() const noexcept { return rest_.empty(); }

COHTTPS_DEF bool date_reader::skip(std::string_view text) noexcept {
  if (!rest_.starts_with(text)) return false;
  rest_.remove_prefix(text.size());
  return true;
}

COHTTPS_DEF std::optional<int> date_reader::number(std::size_t digits, bool padded) noexcept {
  if (rest_.size() < digits) return std::nullopt;
  int value = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    const char c = rest_[i];
    if (padded && i == 0 && c == ' ') continue;
    if (!ascii::is_digit(c)) return std::nullopt;
    value = value * 10 + (c - '0');
  }
  rest_.remove_prefix(digits);
  return value;
}

}  // namespace detail
}  // namespace cohttps

namespace cohttps {

COHTTPS_DEF std::optional<std::chrono::sys_seconds> parse_http_date(
    std::string_view text, std::chrono::system_clock::time_point now) noexcept {
  using namespace std::chrono;
  detail::date_reader in(text);
  std::optional<int> day, month, year, hour, minute, second;
  const auto time_of_day = [&] {
    return (hour = in.number(2)) && in.skip(":") && (minute = in.number(2)) && in.skip(":") &&
           (second = in.number(2));
  };
  if (in.name(detail::long_day_names)) {  // rfc850-date
    if (!in.skip(", ") || !(day = in.number(2)) || !in.skip("-") ||
        !(month = in.name(detail::month_names)) || !in.skip("-") || !(year = in.number(2)) ||
        !in.skip(" ") || !time_of_day() || !in.skip(" GMT"))
      return std::nullopt;
    const int current = static_cast<int>(year_month_day(floor<days>(now)).year());
    *year += current - current % 100;
    if (*year > current + 50) *year -= 100;
  } else if (in.name(detail::day_names)) {
    if (in.skip(", ")) {  // IMF-fixdate
      if (!(day = in.number(2)) || !in.skip(" ") || !(month = in.name(detail::month_names)) ||
          !in.skip(" ") || !(year = in.number(4)) || !in.skip(" ") || !time_of_day() ||
          !in.skip(" GMT"))
        return std::nullopt;
    } else if (!in.skip(" ") || !(month = in.name(detail::month_names)) || !in.skip(" ") ||
               !(day = in.number(2, true)) || !in.skip(" ") || !time_of_day() || !in.skip(" ") ||
               !(year = in.number(4))) {  // asctime-date
      return std::nullopt;
    }
  } else {
    return std::nullopt;
  }
  const year_month_day date(std::chrono::year(*year),
                            std::chrono::month(static_cast<unsigned>(*month + 1)),
                            std::chrono::day(static_cast<unsigned>(*day)));
  // A second of 60 is a leap second.
  if (!in.done() || !date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  return sys_days(date) + hours(*hour) + minutes(*minute) + seconds(*second);
}

}  // namespace cohttps
