// A cache before a client.
#include "client/support.hpp"

#include <cohttps/cache.hpp>

using namespace cohttps;
using namespace cohttps::testing;
using namespace std::chrono_literals;

namespace {

std::chrono::system_clock::time_point clock_now{1'600'000'000s};
std::chrono::system_clock::time_point read_clock() { return clock_now; }

/// A host, and a client with a cache before it.
struct cached_host {
  plain_host at;
  std::shared_ptr<memory_cache> store = std::make_shared<memory_cache>();
  http_cache cache{store, {.now = &read_clock}};
  client c{at.network.transport(), plain()};

  cached_host() { c.use(cache.layer()); }
  void answers(std::string body, std::string fields, std::string status = "200 OK") {
    at.host.then(plain_response(std::move(body), std::move(status), std::move(fields)));
  }
  response get(std::string path = "/", request_options how = {}) {
    auto work = [&]() -> task<response> { co_return co_await c.get("http://host" + path, how); };
    return at.network.run(work());
  }
  std::size_t asked() const { return at.host.requests.size(); }
  std::string last() const { return at.host.requests.back(); }
};

task<std::string> content_of(response_stream stream) {
  std::string all;
  while (true) {
    const auto part = co_await stream.read();
    if (part.empty()) break;
    all.append(reinterpret_cast<const char*>(part.data()), part.size());
  }
  co_return all;
}

}  // namespace

TEST_CASE("a fresh response is served, a stale one validated, another one replaced") {
  cached_host h;
  h.answers("one", "Cache-Control: max-age=60\r\nETag: \"a\"\r\n");
  CHECK(h.get().text() == "one");
  clock_now += 30s;
  auto r = h.get();
  CHECK((r.text() == "one" && r.header("age") == "30" && h.asked() == 1));
  CHECK(r.url().href() == "http://host/");
  CHECK(r.connection().protocol.empty());
  auto head = [&]() -> task<response> { co_return co_await h.c.head("http://host/"); };
  r = h.at.network.run(head());
  CHECK((r.status() == 200 && r.content().empty() && h.asked() == 1));

  clock_now += 31s;
  h.answers("", "Cache-Control: max-age=100\r\nETag: \"a\"\r\nX-New: 1\r\n", "304 Not Modified");
  r = h.get();
  CHECK((r.status() == 200 && r.text() == "one" && r.header("x-new") == "1" && h.asked() == 2));
  CHECK(h.last().find("\r\nIf-None-Match: \"a\"\r\n") != std::string::npos);
  clock_now += 99s;
  CHECK((h.get().text() == "one" && h.asked() == 2));

  clock_now += 2s;
  h.answers("two", "Cache-Control: max-age=60\r\n");
  CHECK((h.get().text() == "two" && h.asked() == 3));
  CHECK((h.get().text() == "two" && h.asked() == 3));
  const auto figures = h.cache.statistics();
  CHECK((figures.hits == 4 && figures.validated == 1 && figures.misses == 2));
}

TEST_CASE("requests that say what they want of the cache") {
  cached_host h;
  CHECK(h.get("/", {.headers = {{"cache-control", "only-if-cached"}}}).status() == 504);
  CHECK(h.asked() == 0);
  h.answers("one", "Cache-Control: max-age=60\r\n");
  h.get();
  h.answers("two", "Cache-Control: max-age=60\r\n");
  CHECK(h.get("/", {.headers = {{"cache-control", "no-cache"}}}).text() == "two");
  h.answers("three", "Cache-Control: max-age=60\r\n");
  CHECK(h.get("/", {.headers = {{"cache-control", "no-store"}}}).text() == "three");
  CHECK(h.get().text() == "two");
}

TEST_CASE("responses by Vary, and a part of one") {
  cached_host h;
  h.answers("0123456789", "Cache-Control: max-age=60\r\nVary: Accept-Language\r\n");
  h.get("/", {.headers = {{"accept-language", "de"}}});
  h.answers("english", "Cache-Control: max-age=60\r\nVary: Accept-Language\r\n");
  CHECK(h.get("/", {.headers = {{"accept-language", "en"}}}).text() == "english");
  CHECK(h.get("/", {.headers = {{"accept-language", "de"}}}).text() == "0123456789");
  CHECK(h.asked() == 2);
  auto r = h.get("/", {.headers = {{"accept-language", "de"}, {"range", "bytes=2-4"}}});
  CHECK((r.status() == 206 && r.text() == "234" && r.header("content-range") == "bytes 2-4/10"));
  r = h.get("/", {.headers = {{"accept-language", "de"}, {"range", "bytes=-3"}}});
  CHECK((r.status() == 206 && r.text() == "789"));
  CHECK(h.asked() == 2);
  h.answers("01", "Content-Range: bytes 0-1/10\r\nCache-Control: max-age=60\r\n",
            "206 Partial Content");
  r = h.get("/other", {.headers = {{"range", "bytes=0-1"}}});
  CHECK((r.status() == 206 && h.asked() == 3));
  h.answers("whole", "");
  CHECK(h.get("/other").text() == "whole");
}

TEST_CASE("what changes a resource makes the cache forget it") {
  cached_host h;
  h.answers("one", "Cache-Control: max-age=60\r\n");
  h.get("/a");
  h.answers("two", "Cache-Control: max-age=60\r\n");
  h.get("/b");
  h.answers("", "Location: /b\r\n", "201 Created");
  auto put = [&]() -> task<void> { co_await h.c.put("http://host/a", {.content = "new"}); };
  h.at.network.run(put());
  h.answers("three", "");
  CHECK(h.get("/a").text() == "three");
  h.answers("four", "");
  CHECK(h.get("/b").text() == "four");
  h.answers("no", "", "500 Error");
  h.answers("five", "Cache-Control: max-age=60\r\n");
  h.at.network.run(put());
  CHECK(h.get("/a").text() == "five");
}

TEST_CASE("stale responses hide failures, and are renewed behind the caller's back") {
  cached_host h;
  h.answers("one", "Cache-Control: max-age=10, stale-if-error=100\r\n");
  h.get();
  clock_now += 20s;
  h.answers("down", "", "503 Unavailable");
  auto r = h.get();
  CHECK((r.status() == 200 && r.text() == "one"));
  clock_now += 200s;
  h.answers("down", "", "503 Unavailable");
  CHECK(h.get().status() == 503);

  h.answers("old", "Cache-Control: max-age=10, stale-while-revalidate=60\r\nETag: \"a\"\r\n");
  h.get("/s");
  clock_now += 20s;
  h.answers("new", "Cache-Control: max-age=10\r\n");
  CHECK(h.get("/s").text() == "old");
  h.at.network.run([&]() -> task<void> { co_await sleep_for(h.at.network.transport(), 1s); }());
  CHECK(h.get("/s").text() == "new");
  CHECK(h.last().find("If-None-Match: \"a\"") != std::string::npos);
}

TEST_CASE("requests for the same thing at the same time become one") {
  cached_host h;
  h.answers("one", "Cache-Control: max-age=60\r\n");
  auto work = [&]() -> task<void> {
    std::vector<task<bool>> all;
    auto one = [&]() -> task<bool> {
      auto r = co_await h.c.get("http://host/");
      co_return r.text() == "one";
    };
    for (int i = 0; i < 10; ++i) all.push_back(one());
    for (const bool right : co_await when_all(std::move(all))) CHECK(right);
  };
  h.at.network.run(work());
  CHECK(h.asked() == 1);
  // A response that cannot be kept makes nobody wait a second time.
  for (int i = 0; i < 4; ++i) h.answers("x", "Cache-Control: no-store\r\n");
  auto two = [&]() -> task<void> {
    for (int round = 0; round < 2; ++round) {
      auto [a, b] = co_await when_all(h.c.get("http://host/n"), h.c.get("http://host/n"));
      CHECK((a.text() == "x" && b.text() == "x"));
    }
  };
  h.at.network.run(two());
  CHECK(h.asked() == 5);
}

TEST_CASE("streamed responses are kept when they have been read, and served as streams") {
  cached_host h;
  h.answers("streamed content", "Cache-Control: max-age=60\r\n");
  auto work = [&]() -> task<void> {
    for (int i = 0; i < 3; ++i) {
      auto text = co_await content_of(co_await h.c.stream(method::get, "http://host/"));
      CHECK(text == "streamed content");
    }
    auto r = co_await h.c.get("http://host/");
    CHECK(r.text() == "streamed content");
  };
  h.at.network.run(work());
  CHECK(h.asked() == 1);
}

TEST_CASE("a store that fails costs the cache, not the request") {
  struct broken final : cache_store {
    task<result<stored>> find(std::string_view, const fields&) override {
      return result<stored>(fail(error_category::connect, "store", "down"));
    }
    task<result<void>> put(std::string_view, stored) override {
      return result<void>(fail(error_category::connect, "store", "down"));
    }
    task<result<void>> erase(std::string_view) override {
      return result<void>(fail(error_category::connect, "store", "down"));
    }
  };
  plain_host at;
  at.host.then(plain_response("one", "200 OK", "Cache-Control: max-age=60\r\n"));
  int told = 0;
  http_cache cache(std::make_shared<broken>(), {.on_store_error = [&](const error&) { ++told; }});
  auto work = [&]() -> task<void> {
    client c(at.network.transport(), plain());
    c.use(cache.layer());
    auto r = co_await c.get("http://host/");
    CHECK(r.text() == "one");
  };
  at.network.run(work());
  CHECK((told == 2 && cache.statistics().store_errors == 2));
}

TEST_CASE("memory is bounded, and what was used last stays") {
  memory_network network;
  memory_cache store(8000);
  const auto put = [&](std::string key, std::size_t size) {
    auto r = std::make_shared<cached_response>();
    r->content.assign(size, 'x');
    REQUIRE(network.run(store.put(key, std::move(r))));
  };
  const auto has = [&](std::string key) {
    return network.run(store.find(key, {})).value() != nullptr;
  };
  for (int i = 0; i < 10; ++i) put("k" + std::to_string(i), 400);
  CHECK(has("k0"));
  for (int i = 10; i < 14; ++i) put("k" + std::to_string(i), 400);
  CHECK(store.bytes() <= 8000);
  CHECK(has("k0"));
  CHECK_FALSE(has("k1"));
  put("large", 7900);
  CHECK_FALSE(has("large"));
  REQUIRE(network.run(store.erase("k0")));
  CHECK_FALSE(has("k0"));
}
