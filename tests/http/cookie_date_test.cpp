#include <cohttps/http/cookie/cookie_date.hpp>

#include <catch2/catch_test_macros.hpp>

#include <optional>
#include <string>
#include <string_view>

using namespace cohttps;

TEST_CASE("dates of cookies, as browsers read them") {
  struct row {
    std::string_view text;
    std::optional<long long> unix;
  };
  constexpr std::nullopt_t none = std::nullopt;
  const row table[] = {
      // the forms of HTTP
      {"Sun, 06 Nov 1994 08:49:37 GMT", 784111777},
      {"Sunday, 06-Nov-94 08:49:37 GMT", 784111777},
      {"Sun Nov  6 08:49:37 1994", 784111777},
      // any order, delimiter, case and word
      {"1994 nov 6 08:49:37", 784111777},
      {"08:49:37 1994 6 NOV", 784111777},
      {"6/November/1994 8:49:37", 784111777},
      {"Caturday, 6-Novembre-94 08:49:37 PDT-0800 (somewhere)", 784111777},
      {"\"Sun, 06-Nov-94\\\"08:49:37\\\"GMT\"", 784111777},
      {"6 94 Nov 08:49:37", 784111777},
      {"Nov 6 08:49:37 94", 784111777},
      {"06Sun Nov94 Nov 08:49:37 94", 784111777},
      {"6 Nov 94 08:49:37Z", 784111777},
      {"6 Nov 1994x 08:49:37", 784111777},
      {"6 Nov 94 ::00 a:b 08:49:37 11:22:33", 784111777},
      // the zone is not looked at
      {"Sun, 06 Nov 1994 08:49:37 -0500", 784111777},
      // years of two digits
      {"1 Jan 70 0:0:0", 0},
      {"31 Dec 69 23:59:59", 3155759999},
      {"1 Jan 00 0:0:0", 946684800},
      {"1 Jan 1601 00:00:00", -11644473600},
      {"31 Dec 9999 23:59:59", 253402300799},
      {"29 Feb 2000 00:00:00", 951782400},
      // what is none
      {"", none},
      {"soon", none},
      {"6 Nov 1994", none},
      {"08:49:37 GMT", none},
      {"6 Nov 08:49:37", none},
      {"Nov 1994 08:49:37", none},
      {"6 No 1994 08:49:37", none},
      {"6 Nov 1994 08:49", none},
      {"0 Nov 1994 08:49:37", none},
      {"31 Nov 1994 08:49:37", none},
      {"29 Feb 1900 00:00:00", none},
      {"6 Nov 1600 08:49:37", none},
      {"6 Nov 199 08:49:37", none},
      {"6 Nov 19944 08:49:37", none},
      {"006 Nov 1994 08:49:37", none},
      {"6 Nov 1994 24:00:00", none},
      {"6 Nov 1994 08:60:00", none},
      {"6 Nov 1994 08:49:60", none},
      {"6 Nov 1994 008:49:37", none},
      {"6 Nov 1994 08:49:377", none},
      {"6 Nov 1994 91:22:33 08:49:37", none},
      {"6 Nov 1994 08: 49:37", none},
      {"99999999999999999999 Nov 1994 08:49:37", none},
  };
  for (const auto& [text, unix] : table) {
    INFO(text);
    const auto date = parse_cookie_date(text);
    CHECK(date.has_value() == unix.has_value());
    if (date && unix) CHECK(date->time_since_epoch().count() == *unix);
  }
}
