// Reads the dates of cookies (RFC 6265bis, 5.1.1). Their rules are more tolerant than those of
// other HTTP dates.
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

/// Collects the parts of a date from words in any order. The first word that has the form of a part
/// becomes this part.
class cookie_date_parts {
 public:
  COHTTPS_DECL void take(std::string_view word) noexcept;

  COHTTPS_DECL std::optional<std::chrono::sys_seconds> date() const noexcept;

 private:
  using hms = std::array<int, 3>;

  /// Removes `least` to `most` digits from the front of `text`, and returns their value. Returns
  /// nothing if there are fewer or more digits.
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

/// Reads the date of an Expires attribute as browsers do. Day, month, year and time of day may come
/// in any order. The function skips names of days, time zones and other words, and always reads the
/// time as UTC. A year of two digits means one of 1970 to 2069. Returns nothing if a part is
/// missing or out of range.
COHTTPS_DECL std::optional<std::chrono::sys_seconds> parse_cookie_date(
    std::string_view text) noexcept;

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/http/cookie/cookie_date.ipp>
#endif
