// The dates of cookies (RFC 6265bis, 5.1.1), which are read more tolerantly than those of HTTP.
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

/// Collects the parts of a date from words in any order; each part is the first word of its form.
class cookie_date_parts {
 public:
  COHTTPS_DECL void take(std::string_view word) noexcept;

  COHTTPS_DECL std::optional<std::chrono::sys_seconds> date() const noexcept;

 private:
  using hms = std::array<int, 3>;

  /// `least` to `most` digits at the front of `text`, and no digit after them; removes them.
  COHTTPS_DECL static std::optional<int> digits(std::string_view& text, std::size_t least,
                                                std::size_t most) noexcept;

  COHTTPS_DECL static std::optional<int> number(std::string_view word, std::size_t least,
                                                std::size_t most) noexcept;

  COHTTPS_DECL static std::optional<hms> time_of_day(std::string_view word) noexcept;

  COHTTPS_DECL static std::optional<int> month(std::string_view word) noexcept;

  std::optional<hms> time_;
  std::optional<int> day_, month_, year_;
};

constexpr bool is_cookie_date_delimiter(char c) noexcept {
  return c == '\t' || (c >= ' ' && c <= '/') || (c >= ';' && c <= '@') || (c >= '[' && c <= '`') ||
         (c >= '{' && c <= '~');
}

}  // namespace detail

/// Reads the date of an Expires attribute as browsers do: day, month, year and time of day in any
/// order, names of days, time zones and other words skipped, the time always taken as UTC. A year
/// of two digits is one of 1970 to 2069. Nothing when a part is missing or out of range.
COHTTPS_DECL std::optional<std::chrono::sys_seconds> parse_cookie_date(
    std::string_view text) noexcept;

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/http/cookie_date.ipp>
#endif
