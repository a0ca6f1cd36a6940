// The rules of a private cache (RFC 9111).
#include <cohttps/http/cache/cache_control.hpp>
#include <cohttps/http/cache/cached_response.hpp>

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <vector>

using namespace cohttps;
using namespace std::chrono_literals;
using detail::cache_verdict;

namespace {

const auto start = std::chrono::system_clock::time_point(1'600'000'000s);  // 2020-09-13 12:26:40
const std::string date = "Sun, 13 Sep 2020 12:26:40 GMT";

cached_response stored(fields headers, int status = 200) {
  cached_response r;
  r.status = status;
  r.headers = std::move(headers);
  r.requested = r.received = start;
  return r;
}

cache_control directives(std::string_view value) {
  fields f;
  if (!value.empty()) f.append_unchecked("Cache-Control", value);
  return cache_control::parse(f);
}

}  // namespace

TEST_CASE("directives of Cache-Control") {
  auto d = directives("max-age=10, NO-STORE , private=\"set-cookie, x\",must-revalidate");
  CHECK((d.max_age == 10s && d.no_store && d.must_revalidate && !d.no_cache));
  d = directives("max-age=\"5\",max-age=7, max-stale,min-fresh=3,stale-if-error=1,,immutable");
  CHECK((d.max_age == 5s && d.max_stale == std::chrono::seconds::max() && d.min_fresh == 3s));
  CHECK((d.stale_if_error == 1s && d.immutable));
  CHECK(directives("max-age=x").max_age == 0s);
  CHECK(directives("max-age=-1").max_age == 0s);
  CHECK(directives("max-age=1.5").max_age == 0s);
  CHECK(directives("max-age").max_age == 0s);
  CHECK(directives("max-age=99999999999999999999999").max_age == std::chrono::seconds(1u << 31));
  CHECK_FALSE(directives("x-max-age=5").max_age);
  CHECK_FALSE(directives("foo=\"max-age=5\"").max_age);
  fields pragma{{"Pragma", "no-cache"}};
  CHECK(cache_control::parse(pragma).no_cache);
  pragma.append_unchecked("Cache-Control", "max-age=1");
  CHECK_FALSE(cache_control::parse(pragma).no_cache);
}

TEST_CASE("how long a response is fresh") {
  const auto lifetime = [](fields headers, int status = 200) {
    return stored(std::move(headers), status).lifetime();
  };
  CHECK(lifetime({{"Cache-Control", "max-age=60"}}) == 60s);
  CHECK(lifetime({{"Cache-Control", "max-age=60"}, {"Expires", "0"}}) == 60s);
  CHECK(lifetime({{"Date", date}, {"Expires", "Sun, 13 Sep 2020 12:27:40 GMT"}}) == 60s);
  CHECK(lifetime({{"Date", date}, {"Expires", "Sun, 13 Sep 2020 12:20:40 GMT"}}) == 0s);
  CHECK(lifetime({{"Expires", "Sun, 13 Sep 2020 12:27:40 GMT"}}) == 60s);
  CHECK(lifetime({{"Expires", "0"}, {"Last-Modified", "Sat, 12 Sep 2020 12:26:40 GMT"}}) == 0s);
  CHECK(lifetime({{"Date", date}, {"Last-Modified", "Sun, 13 Sep 2020 12:10:00 GMT"}}) == 100s);
  CHECK(lifetime({{"Date", date}, {"Last-Modified", "Sun, 13 Sep 2000 12:10:00 GMT"}}) == 24h);
  CHECK(lifetime({{"Date", date}, {"Last-Modified", "Sun, 13 Sep 2020 12:10:00 GMT"}}, 500) == 0s);
  CHECK(lifetime({}) == 0s);
}

TEST_CASE("how old a response is") {
  auto r = stored({{"Date", date}});
  CHECK(r.age(start) == 0s);
  CHECK(r.age(start + 5s) == 5s);
  r = stored({{"Date", "Sun, 13 Sep 2020 12:26:10 GMT"}});  // half a minute ago
  CHECK(r.age(start + 5s) == 35s);
  r = stored({{"Date", date}, {"Age", "100"}});
  r.requested = start - 2s;
  CHECK(r.age(start) == 102s);
  CHECK(stored({{"Age", "7, 8"}}).age(start) == 7s);
  CHECK(stored({{"Age", "-7"}}).age(start) == 0s);
  CHECK(stored({{"Date", "Sun, 13 Sep 2020 13:26:40 GMT"}}).age(start) ==
        0s);  // a clock that is wrong
}

TEST_CASE("what is done with a request") {
  struct {
    fields headers;
    std::string asked;
    std::chrono::seconds after;
    cache_verdict expected;
  } rows[] = {
      {{{"Cache-Control", "max-age=60"}}, "", 59s, cache_verdict::serve},
      {{{"Cache-Control", "max-age=60"}}, "", 60s, cache_verdict::fetch},
      {{{"Cache-Control", "max-age=60"}, {"ETag", "\"a\""}}, "", 60s, cache_verdict::validate},
      {{{"Cache-Control", "max-age=60"}, {"ETag", "\"a\""}},
       "no-cache",
       1s,
       cache_verdict::validate},
      {{{"Cache-Control", "max-age=60"}}, "no-cache", 1s, cache_verdict::fetch},
      {{{"Cache-Control", "max-age=60, no-cache"}, {"ETag", "a"}}, "", 1s, cache_verdict::validate},
      {{{"Cache-Control", "max-age=60"}}, "max-age=10", 10s, cache_verdict::serve},
      {{{"Cache-Control", "max-age=60"}}, "max-age=10", 11s, cache_verdict::fetch},
      {{{"Cache-Control", "max-age=60"}}, "min-fresh=30", 30s, cache_verdict::serve},
      {{{"Cache-Control", "max-age=60"}}, "min-fresh=30", 31s, cache_verdict::fetch},
      {{{"Cache-Control", "max-age=60"}}, "max-stale=10", 70s, cache_verdict::serve},
      {{{"Cache-Control", "max-age=60"}}, "max-stale=10", 71s, cache_verdict::fetch},
      {{{"Cache-Control", "max-age=60"}}, "max-stale", 9999s, cache_verdict::serve},
      {{{"Cache-Control", "max-age=60, must-revalidate"}}, "max-stale", 61s, cache_verdict::fetch},
      {{{"Cache-Control", "max-age=60, stale-while-revalidate=10"}},
       "",
       70s,
       cache_verdict::serve_and_renew},
      {{{"Cache-Control", "max-age=60, stale-while-revalidate=10"}}, "", 71s, cache_verdict::fetch},
      {{{"Cache-Control", "max-age=60"}}, "only-if-cached", 1s, cache_verdict::serve},
      {{{"Cache-Control", "max-age=60"}}, "only-if-cached", 61s, cache_verdict::unavailable},
  };
  for (const auto& row : rows) {
    CAPTURE(row.headers.combined("cache-control"), row.asked, row.after.count());
    const auto r = stored(row.headers);
    CHECK(detail::decide_cache(directives(row.asked), &r, start + row.after) == row.expected);
  }
  CHECK(detail::decide_cache({}, nullptr, start) == cache_verdict::fetch);
  CHECK(detail::decide_cache(directives("only-if-cached"), nullptr, start) ==
        cache_verdict::unavailable);
}

TEST_CASE("which responses are kept") {
  const auto kept = [](fields response, int status = 200, fields request = {}) {
    return detail::may_store(request, status, response);
  };
  CHECK(kept({{"Cache-Control", "max-age=60"}}));
  CHECK(kept({{"ETag", "\"a\""}}));
  CHECK(kept({{"Expires", date}}, 302));
  CHECK(kept({{"Cache-Control", "private, max-age=60"}}));
  CHECK_FALSE(kept({}));
  CHECK_FALSE(kept({{"ETag", "\"a\""}}, 302));
  CHECK_FALSE(kept({{"Cache-Control", "no-store, max-age=60"}}));
  CHECK_FALSE(kept({{"Cache-Control", "max-age=60"}}, 206));
  CHECK_FALSE(kept({{"Cache-Control", "max-age=60"}}, 304));
  CHECK_FALSE(kept({{"Cache-Control", "max-age=60"}, {"Vary", "*"}}));
  CHECK_FALSE(kept({{"Cache-Control", "max-age=60"}}, 200, {{"Cache-Control", "no-store"}}));
}

TEST_CASE("Vary tells requests apart") {
  auto r = stored({{"Vary", "Accept, X-Other"}});
  r.request_fields = detail::varying_fields({{"accept", "text/html"}, {"host", "a"}}, r.headers);
  CHECK(r.request_fields.size() == 1);
  CHECK(r.matches({{"Accept", "text/html"}}));
  CHECK_FALSE(r.matches({{"Accept", "text/plain"}}));
  CHECK_FALSE(r.matches({}));
  CHECK_FALSE(r.matches({{"Accept", "text/html"}, {"X-Other", "1"}}));
  CHECK_FALSE(stored({{"Vary", "*"}}).matches({}));
  CHECK(stored({}).matches({{"Accept", "x"}}));
}

TEST_CASE("a 304 refreshes what is stored") {
  auto r = stored({{"ETag", "\"a\""},
                   {"Content-Type", "text/plain"},
                   {"X", "old"},
                   {"X", "older"},
                   {"Keep", "1"}});
  r.refresh({{"etag", "\"a\""},
             {"X", "new"},
             {"Content-Type", "image/png"},
             {"Content-Length", "0"},
             {"Cache-Control", "max-age=60"}},
            start + 9s, start + 10s);
  CHECK(r.headers.values("x") == std::vector<std::string_view>{"new"});
  CHECK(r.headers.find("content-type") == "text/plain");
  CHECK(r.headers.find("keep") == "1");
  CHECK_FALSE(r.headers.contains("content-length"));
  CHECK((r.lifetime() == 60s && r.received == start + 10s));
}

TEST_CASE("failures that a stale response hides") {
  const auto r = stored({{"Cache-Control", "max-age=60, stale-if-error=60"}});
  CHECK(detail::may_hide_failure({}, r, start + 120s));
  CHECK_FALSE(detail::may_hide_failure({}, r, start + 121s));
  CHECK(detail::may_hide_failure(directives("stale-if-error=100"), r, start + 130s));
  CHECK_FALSE(detail::may_hide_failure({}, stored({{"Cache-Control", "max-age=60"}}), start + 61s));
  CHECK_FALSE(detail::may_hide_failure(
      {}, stored({{"Cache-Control", "max-age=60, stale-if-error=60, must-revalidate"}}),
      start + 61s));
}
