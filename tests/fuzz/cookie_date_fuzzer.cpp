// libFuzzer target: any bytes, as the date of a cookie.
#include <cohttps/http/cookie/cookie_date.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto date =
      cohttps::parse_cookie_date(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!date) return 0;
  const auto day = std::chrono::floor<std::chrono::days>(*date);
  const std::chrono::year_month_day ymd(day);
  const std::chrono::hh_mm_ss time(*date - day);
  if (!ymd.ok() || int(ymd.year()) < 1601 || int(ymd.year()) > 9999) std::abort();

  // Written in another order it is the same date.
  char text[80];
  std::snprintf(
      text, sizeof text, "%02d:%02d:%02d x %s-%02u %04d", int(time.hours().count()),
      int(time.minutes().count()), int(time.seconds().count()),
      &"jan\0feb\0mar\0apr\0may\0jun\0jul\0aug\0sep\0oct\0nov\0dec"[4 *
                                                                    (unsigned(ymd.month()) - 1)],
      unsigned(ymd.day()), int(ymd.year()));
  if (cohttps::parse_cookie_date(text) != date) std::abort();
  return 0;
}
