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
             {"Set-Cookie", "a=b"},
             {"Content-Length", "0"},
             {"Content-MD5", "x"},
             {"Connection", "X-Hop"},
             {"X-Hop", "1"},
             {"Cache-Control", "max-age=60"}},
            start + 9s, start + 10s);
  CHECK(r.headers.values("x") == std::vector<std::string_view>{"new"});
  CHECK((r.headers.find("content-type") == "image/png" && r.headers.find("set-cookie") == "a=b"));
  CHECK_FALSE((r.headers.contains("content-md5") || r.headers.contains("x-hop")));
  CHECK(r.headers.find("keep") == "1");
  CHECK_FALSE(r.headers.contains("content-length"));
  CHECK((r.lifetime() == 60s && r.received == start + 10s));
}

TEST_CASE("a 304 names the tag of the bytes that are stored, or none") {
  auto r = stored({{"ETag", "\"a\""}});
  r.refresh({{"ETag", "\"b\""}}, start, start);
  CHECK(r.headers.find("etag") == "\"a\"");
  r = stored({{"Last-Modified", date}});
  r.refresh({{"ETag", "\"b\""}}, start, start);
  CHECK(r.headers.find("etag") == "\"b\"");
}

TEST_CASE("conditions that make a 304 of a stored response") {
  const std::string later = "Sun, 13 Sep 2020 12:26:41 GMT",
                    earlier = "Sun, 13 Sep 2020 12:26:39 GMT";
  struct {
    fields stored;
    fields asked;
    bool expected;
  } rows[] = {
      {{{"ETag", "\"a\""}}, {{"If-None-Match", "\"a\""}}, true},
      {{{"ETag", "W/\"a\""}}, {{"If-None-Match", "\"a\""}}, true},
      {{{"ETag", "\"a\""}}, {{"If-None-Match", "\"b\", W/\"a\""}}, true},
      {{{"ETag", "\"a\""}}, {{"If-None-Match", "\"b\""}, {"If-None-Match", "\"a\""}}, true},
      {{{"ETag", "\"a,b\""}}, {{"If-None-Match", "\"a,b\""}}, true},
      {{{"ETag", "\"a\""}}, {{"If-None-Match", "*"}}, true},
      {{}, {{"If-None-Match", "*"}}, true},
      {{{"ETag", "\"a\""}}, {{"If-None-Match", "a"}}, false},
      {{{"ETag", "\"a\""}}, {{"If-None-Match", "\"A\""}}, false},
      {{}, {{"If-None-Match", "\"a\""}}, false},
      // The tag counts, and not the date (RFC 9110, 13.2.2).
      {{{"ETag", "\"a\""}, {"Last-Modified", date}},
       {{"If-None-Match", "\"b\""}, {"If-Modified-Since", later}},
       false},
      {{{"Last-Modified", date}}, {{"If-Modified-Since", date}}, true},
      {{{"Last-Modified", date}}, {{"If-Modified-Since", later}}, true},
      {{{"Last-Modified", date}}, {{"If-Modified-Since", earlier}}, false},
      {{{"Last-Modified", date}}, {{"If-Modified-Since", "yesterday"}}, false},
      {{{"Date", date}}, {{"If-Modified-Since", later}}, true},
      {{{"Date", date}}, {{"If-Modified-Since", earlier}}, false},
      {{}, {{"If-Modified-Since", date}}, true},  // received then
      {{}, {{"If-Modified-Since", earlier}}, false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.asked.combined("if-none-match"), row.asked.combined("if-modified-since"));
    CHECK(detail::is_not_modified(row.asked, stored(row.stored)) == row.expected);
    CHECK_FALSE(detail::is_not_modified(row.asked, stored(row.stored, 404)));
  }
  const auto about = detail::not_modified_fields(
      stored({{"ETag", "\"a\""}, {"Content-Type", "x"}, {"Vary", "a"}, {"Content-Length", "5"}}));
  CHECK((about.size() == 2 && about.contains("etag") && about.contains("vary")));
}

TEST_CASE("fields that a cache keeps") {
  const auto kept = detail::storable_fields({{"Connection", "a, Keep-Alive"},
                                             {"A", "1"},
                                             {"B", "2"},
                                             {"Keep-Alive", "x"},
                                             {"Proxy-Authenticate", "x"},
                                             {"Transfer-Encoding", "chunked"},
                                             {"Upgrade", "x"}});
  CHECK((kept.size() == 1 && kept.contains("b")));
}

TEST_CASE("a 200 to HEAD is about what is stored") {
  const auto r = stored({{"ETag", "\"a\""}, {"Last-Modified", date}, {"Content-Length", "5"}});
  CHECK(detail::is_same_representation(r, {{"ETag", "\"a\""}, {"Content-Length", "5"}}));
  CHECK(detail::is_same_representation(r, {}));
  CHECK_FALSE(detail::is_same_representation(r, {{"ETag", "\"b\""}}));
  CHECK_FALSE(detail::is_same_representation(r, {{"Last-Modified", "x"}}));
  CHECK_FALSE(detail::is_same_representation(r, {{"Content-Length", "6"}}));
  CHECK(detail::is_same_representation(stored({}), {{"Content-Length", "6"}}));
}

TEST_CASE("how long a response is worth keeping") {
  const auto useful = [](std::string directives, fields more = {}) {
    fields all{{"Cache-Control", directives}};
    for (const field f : more) all.append_unchecked(f.name, f.value);
    return stored(all).useful_for(start + 10s);
  };
  CHECK(useful("max-age=60") == 50s + 1h);
  CHECK(useful("max-age=5") == 0s);
  CHECK(useful("max-age=60, stale-while-revalidate=30, stale-if-error=100") == 150s + 1h);
  CHECK(useful("max-age=5, stale-if-error=100") == 95s + 1h);
  CHECK(useful("max-age=60, stale-if-error=100, must-revalidate") == 50s + 1h);
  CHECK(useful("max-age=60", {{"ETag", "\"a\""}}) == 50s + 24h);
  CHECK(useful("no-cache", {{"ETag", "\"a\""}}) == 24h);
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
