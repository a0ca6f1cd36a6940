// Reads the dates of HTTP fields (RFC 9110, 5.6.7).
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/separate.hpp>

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

  COHTTPS_DECL bool done() const noexcept;

  COHTTPS_DECL bool skip(std::string_view text) noexcept;

  /// Reads one of the `names`, and returns its index.
  template <std::size_t N>
  std::optional<int> name(const std::array<std::string_view, N>& names) noexcept {
    for (std::size_t i = 0; i < N; ++i)
      if (skip(names[i])) return static_cast<int>(i);
    return std::nullopt;
  }

  /// Reads exactly `digits` digits. If `padded` is true, the first one may be a space.
  COHTTPS_DECL std::optional<int> number(std::size_t digits, bool padded = false) noexcept;

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

/// Reads an HTTP-date in any of its three forms. If a year of two digits would be more than 50
/// years after `now`, it belongs to the century before. Returns nothing if the text is not a date.
COHTTPS_DECL std::optional<std::chrono::sys_seconds> parse_http_date(
    std::string_view text, std::chrono::system_clock::time_point now) noexcept;

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/http/date.ipp>
#endif
