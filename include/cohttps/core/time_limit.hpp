// The type of options that limit a time.
#pragma once

#include <chrono>
#include <optional>
#include <type_traits>

namespace cohttps {

/// A duration, or nothing for no limit: `time_limit limit = std::chrono::seconds(5);`
class time_limit : public std::optional<std::chrono::nanoseconds> {
 public:
  constexpr time_limit() noexcept = default;
  constexpr time_limit(std::nullopt_t) noexcept {}
  constexpr time_limit(const std::optional<std::chrono::nanoseconds>& limit) noexcept
      : optional(limit) {}
  template <class Rep, class Period>
  constexpr time_limit(const std::chrono::duration<Rep, Period>& limit) noexcept {
    constexpr bool whole =
        std::is_convertible_v<std::chrono::duration<Rep, Period>, std::chrono::nanoseconds>;
    static_assert(whole, "a limit of time has whole units: std::chrono::milliseconds(1500)");
    if constexpr (whole) emplace(limit);
  }
  template <class Number>
    requires std::is_arithmetic_v<Number>
  constexpr time_limit(Number) {
    static_assert(!std::is_arithmetic_v<Number>,
                  "a limit of time needs a unit: std::chrono::seconds(5), or 5s after "
                  "\"using namespace std::chrono_literals\"");
  }
};

}  // namespace cohttps
