#include <cohttps/http/date.hpp>

#include <catch2/catch_test_macros.hpp>

using namespace cohttps;
using namespace std::chrono;

TEST_CASE("the three forms of an HTTP-date name the same time") {
  const auto now = sys_days(2026y / November / 23);
  const auto expected = sys_days(1994y / November / 6) + 8h + 49min + 37s;
  for (std::string_view text : {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
                                "Sun Nov  6 08:49:37 1994"}) {
    CAPTURE(text);
    CHECK(parse_http_date(text, now) == expected);
  }
}

TEST_CASE("a year of two digits is within fifty years to come") {
  const auto year_of = [](std::string_view text, sys_days now) {
    return int(year_month_day(floor<days>(*parse_http_date(text, now))).year());
  };
  CHECK(year_of("Friday, 06-Nov-76 08:49:37 GMT", sys_days(2026y / 1 / 1)) == 2076);
  CHECK(year_of("Friday, 06-Nov-77 08:49:37 GMT", sys_days(2026y / 1 / 1)) == 1977);
}

TEST_CASE("leap days and seconds are dates, others are not") {
  const auto now = sys_days(2026y / 1 / 1);
  CHECK(parse_http_date("Thu, 29 Feb 2024 00:00:00 GMT", now));
  CHECK(parse_http_date("Sat, 31 Dec 2016 23:59:60 GMT", now) == sys_days(2017y / 1 / 1));
  for (std::string_view text :
       {"", "Sun", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Nov 1994 08:49:37 GMT ", "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 06 nov 1994 08:49:37 GMT", "Sun, 32 Nov 1994 08:49:37 GMT",
        "Wed, 29 Feb 2023 00:00:00 GMT", "Sun, 06 Nov 1994 24:49:37 GMT",
        "Sun, 06 Nov 1994 08:60:37 GMT", "Sun, 06 Nov 1994 08:49:61 GMT",
        "Sunday, 06-Nov-1994 08:49:37 GMT", "Sun Nov 6 08:49:37 1994", "06 Nov 1994 08:49:37 GMT",
        "Sun, -6 Nov 1994 08:49:37 GMT", "120", "Sun, 00 Nov 1994 08:49:37 GMT"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_http_date(text, now));
  }
}
