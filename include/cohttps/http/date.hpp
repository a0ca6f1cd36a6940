// Dates of HTTP fields (RFC 9110, 5.6.7).
#pragma once

#include <cohttps/core/ascii.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string_view>

namespace cohttps {

namespace detail {

/// Reads a date from the front of a text, part by part.
class date_reader {
 public:
  explicit date_reader(std::string_view text) noexcept : rest_(text) {}

  bool done() const noexcept { return rest_.empty(); }

  bool skip(std::string_view text) noexcept {
    if (!rest_.starts_with(text)) return false;
    rest_.remove_prefix(text.size());
    return true;
  }

  /// A word of `names`, whole; its index.
  template <std::size_t N>
  std::optional<int> name(const std::array<std::string_view, N>& names) noexcept {
    for (std::size_t i = 0; i < N; ++i)
      if (skip(names[i])) return static_cast<int>(i);
    return std::nullopt;
  }

  /// Exactly `digits` digits; with `padded`, the first may be a space.
  std::optional<int> number(std::size_t digits, bool padded = false) noexcept {
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

 private:
  std::string_view rest_;
};

inline constexpr std::array<std::string_view, 12> month_names = {
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
inline constexpr std::array<std::string_view, 7> day_names = {"Mon", "Tue", "Wed", "Thu",
                                                              "Fri", "Sat", "Sun"};
inline constexpr std::array<std::string_view, 7> long_day_names = {
    "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};

}  // namespace detail

/// Reads an HTTP-date in any of its three forms. A year of two digits that would be more than 50
/// years after `now` is of the century before. Nothing when it is no date.
inline std::optional<std::chrono::sys_seconds> parse_http_date(
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
