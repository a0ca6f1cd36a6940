// A cache before a client.
#include "client/cache_support.hpp"
#include "client/support.hpp"

#include <cohttps/cache.hpp>
#include <cohttps/transport/sleep.hpp>

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

TEST_CASE("conditions of the caller are answered by a fresh response") {
  cached_host h;
  h.answers("one",
            "Cache-Control: max-age=60\r\nETag: \"a\"\r\nX-Kept: 1\r\n"
            "Last-Modified: Sun, 13 Sep 2020 12:00:00 GMT\r\n");
  h.get();
  auto r = h.get("/", {.headers = {{"if-none-match", "\"b\", W/\"a\""}}});
  CHECK((r.status() == 304 && r.content().empty() && r.header("etag") == "\"a\""));
  CHECK((r.header("age") == "0" && !r.header("x-kept")));
  r = h.get("/", {.headers = {{"if-none-match", "\"b\""}}});
  CHECK((r.status() == 200 && r.text() == "one"));
  r = h.get("/", {.headers = {{"if-modified-since", "Sun, 13 Sep 2020 12:00:00 GMT"}}});
  CHECK(r.status() == 304);
  r = h.get("/", {.headers = {{"if-modified-since", "Sun, 13 Sep 2020 11:00:00 GMT"}}});
  CHECK((r.status() == 200 && h.asked() == 1));
  // Stale: the server answers, and the caller's conditions stay alone.
  clock_now += 61s;
  h.answers("", "ETag: \"b\"\r\n", "304 Not Modified");
  r = h.get("/", {.headers = {{"if-none-match", "\"b\""}}});
  CHECK((r.status() == 304 && h.asked() == 2));
  CHECK(h.last().find("\"a\"") == std::string::npos);
  h.answers("two", "Cache-Control: max-age=60\r\nETag: \"c\"\r\n");
  CHECK(h.get("/", {.headers = {{"if-none-match", "\"b\""}}}).text() == "two");
  CHECK((h.get().text() == "two" && h.asked() == 3));
}

TEST_CASE("HEAD renews what is stored, or makes the cache forget it") {
  cached_host h;
  auto head = [&]() -> task<response> { co_return co_await h.c.head("http://host/"); };
  h.answers("one", "Cache-Control: max-age=60\r\nETag: \"a\"\r\n");
  h.get();
  clock_now += 61s;
  h.at.host.then(
      "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nCache-Control: max-age=100\r\n"
      "ETag: \"a\"\r\nX-New: 1\r\n\r\n");
  CHECK(h.at.network.run(head()).status() == 200);
  auto r = h.get();
  CHECK((r.text() == "one" && r.header("x-new") == "1" && h.asked() == 2));
  clock_now += 101s;
  h.at.host.then(
      "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nCache-Control: max-age=100\r\n"
      "ETag: \"b\"\r\n\r\n");
  h.at.network.run(head());
  h.answers("two", "");
  CHECK(h.get().text() == "two");
  CHECK(h.last().find("If-None-Match") == std::string::npos);
}

TEST_CASE("fields for one connection are not kept") {
  cached_host h;
  h.answers("one",
            "Cache-Control: max-age=60\r\nConnection: X-Hop\r\nX-Hop: 1\r\nX: 2\r\n"
            "Keep-Alive: timeout=5\r\nProxy-Authenticate: Basic\r\n");
  CHECK(h.get().header("x-hop") == "1");
  const auto r = h.get();
  CHECK((!r.header("x-hop") && !r.header("connection") && !r.header("keep-alive")));
  CHECK((!r.header("proxy-authenticate") && r.header("x") == "2"));
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

TEST_CASE("a renewal streams the content into the store") {
  // No part of it may be collected: the client takes 10 bytes in a call that collects.
  auto options = plain();
  options.max_content = 10;
  plain_host at;
  http_cache cache(std::make_shared<memory_cache>(), {.now = &read_clock});
  client c(at.network.transport(), std::move(options));
  c.use(cache.layer());
  const std::string fields =
      "Cache-Control: max-age=10, stale-while-revalidate=60\r\nETag: \"a\"\r\n";
  const std::string newer = varied_content(100'000);
  const auto read = [&]() -> task<std::string> {
    co_return co_await content_of(co_await c.stream(method::get, "http://host/"));
  };
  const auto wait = [&]() -> task<void> { co_await sleep_for(at.network.transport(), 1s); };
  at.host.then(plain_response("old", "200 OK", fields));
  CHECK(at.network.run(read()) == "old");
  clock_now += 20s;
  at.host.then(plain_response(newer, "200 OK", fields));
  CHECK(at.network.run(read()) == "old");
  at.network.run(wait());
  CHECK((at.network.run(read()) == newer));
  CHECK(at.host.requests.size() == 2);

  clock_now += 20s;  // validated, the connection is used again
  at.host.then(plain_response("", "304 Not Modified", fields));
  CHECK((at.network.run(read()) == newer));
  at.network.run(wait());
  CHECK((at.network.run(read()) == newer));
  CHECK((at.host.requests.size() == 3 && at.network.connections == 1));

  clock_now += 20s;  // content that breaks off leaves what is stored
  at.host.then("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n" + fields + "\r\nhalf",
               scripted_answer::then::close);
  CHECK((at.network.run(read()) == newer));
  at.network.run(wait());
  CHECK((at.network.run(read()) == newer));
  CHECK(cache.statistics().stored == 2);
}

TEST_CASE("the end of a client ends its renewals, and those of other clients that wait for them") {
  plain_host at;
  http_cache cache(std::make_shared<memory_cache>(), {.now = &read_clock});
  const std::string fields =
      "Cache-Control: max-age=10, stale-while-revalidate=60\r\nETag: \"a\"\r\n";
  auto of = std::make_unique<client>(at.network.transport(), plain());
  client other(at.network.transport(), plain());
  of->use(cache.layer());
  other.use(cache.layer());
  const auto get = [](client& c) -> task<std::string> {
    co_return std::string((co_await c.get("http://host/")).text());
  };
  at.host.then(plain_response("old", "200 OK", fields));
  CHECK(at.network.run(get(*of)) == "old");
  clock_now += 20s;
  at.host.then("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n" + fields + "\r\nhalf");
  CHECK(at.network.run(get(*of)) == "old");

  clock_now += 100s;  // too old to be served
  at.host.then(plain_response("new", "200 OK", fields));
  const auto end = [&]() -> task<std::string> {
    co_await sleep_for(at.network.transport(), 1s);
    CHECK(at.host.requests.size() == 2);  // the other client waits
    of.reset();
    co_return std::string();
  };
  const auto both = [&]() -> task<std::string> {
    std::vector<task<std::string>> all;
    all.push_back(get(other));
    all.push_back(end());
    auto texts = co_await when_all(std::move(all));
    co_return texts.front();
  };
  const auto begin = at.network.transport().now();
  CHECK(at.network.run(both()) == "new");
  CHECK(at.network.transport().now() - begin < 2s);
  CHECK(at.host.requests.size() == 3);
}

TEST_CASE("a renewal that ends with an exception keeps no request waiting") {
  struct failing_store final : cache_store {
    memory_cache in;
    bool fails = false;
    task<result<entry>> find(std::string_view key, const fields& request) override {
      return in.find(key, request);
    }
    task<result<std::unique_ptr<cache_writer>>> write(
        std::string_view key, std::shared_ptr<const cached_response> response) override {
      if (!fails) return in.write(key, std::move(response));
      return result<std::unique_ptr<cache_writer>>(fail(error_category::usage, "full", "full"));
    }
    task<result<void>> refresh(std::string_view key,
                               std::shared_ptr<const cached_response> response) override {
      return in.refresh(key, std::move(response));
    }
    task<result<void>> erase(std::string_view key) override { return in.erase(key); }
  };
  plain_host at;
  const auto store = std::make_shared<failing_store>();
  http_cache cache(store, {.on_store_error = [](const error& e) { throw e; }, .now = &read_clock});
  client c(at.network.transport(), plain());
  c.use(cache.layer());
  const std::string fields =
      "Cache-Control: max-age=10, stale-while-revalidate=60\r\nETag: \"a\"\r\n";
  const auto get = [&]() -> task<std::string> {
    co_return std::string((co_await c.get("http://host/")).text());
  };
  at.host.then(plain_response("old", "200 OK", fields));
  CHECK(at.network.run(get()) == "old");
  clock_now += 20s;
  store->fails = true;
  at.host.then(plain_response("newer", "200 OK", fields));
  CHECK(at.network.run(get()) == "old");
  at.network.run([&]() -> task<void> { co_await sleep_for(at.network.transport(), 1s); }());
  CHECK(at.host.requests.size() == 2);

  store->fails = false;
  clock_now += 100s;  // too old to be served
  at.host.then(plain_response("newest", "200 OK", fields));
  const auto begin = at.network.transport().now();
  CHECK(at.network.run(get()) == "newest");
  CHECK(at.network.transport().now() - begin < 1s);
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

TEST_CASE("two caches, one behind the other, both keep what is streamed") {
  plain_host at;
  at.host.then(plain_response("streamed", "200 OK", "Cache-Control: max-age=60\r\n"));
  const auto near = std::make_shared<memory_cache>(), far = std::make_shared<memory_cache>();
  client c(at.network.transport(), plain());
  c.use(http_cache(near).layer());
  c.use(http_cache(far).layer());
  auto work = [&]() -> task<void> {
    auto text = co_await content_of(co_await c.stream(method::get, "http://host/"));
    CHECK(text == "streamed");
    CHECK((near->size() == 1 && far->size() == 1));
    (void)co_await near->erase("http://host/");
    text = co_await content_of(co_await c.stream(method::get, "http://host/"));
    CHECK((text == "streamed" && near->size() == 1));
  };
  at.network.run(work());
  CHECK(at.host.requests.size() == 1);
}

TEST_CASE("a streamed response that is not read to its end is not kept") {
  plain_host at;
  const std::string large(200'000, 'x');
  for (int i = 0; i < 2; ++i)
    at.host.then(plain_response(large, "200 OK", "Cache-Control: max-age=60\r\n"));
  at.host.then("HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 100\r\n\r\nhalf");
  const auto store = std::make_shared<memory_cache>();
  client c(at.network.transport(), plain());
  http_cache cache(store, {.max_content = 150'000});
  c.use(cache.layer());
  auto work = [&]() -> task<void> {
    {
      auto stream = co_await c.stream(method::get, "http://host/");
      (void)co_await stream.read();
    }
    CHECK(store->size() == 0);
    // Larger than the cache keeps.
    auto text = co_await content_of(co_await c.stream(method::get, "http://host/"));
    CHECK((text == large && store->size() == 0));
    // Cut off by the server.
    auto stream = co_await c.stream(method::get, "http://host/");
    while (true) {
      auto part = co_await stream.try_read();
      if (!part) break;
      REQUIRE_FALSE(part->empty());
    }
    CHECK(store->size() == 0);
  };
  at.network.run(work());
  CHECK(cache.statistics().stored == 0);
}

TEST_CASE("content of a store that comes in parts, whole and as a stream") {
  /// Gives the content of another store in small parts, and fails at one of them.
  struct slow final : cache_store {
    struct in_parts final : cache_reader {
      in_parts(std::shared_ptr<const std::string> c, int f) : content(std::move(c)), fails_at(f) {}
      std::optional<std::uint64_t> length() const noexcept override { return content->size(); }
      void seek(std::uint64_t first) noexcept override { at = static_cast<std::size_t>(first); }
      task<result<std::span<const std::byte>>> next() override {
        if (fails_at-- == 0)
          return result<std::span<const std::byte>>(
              fail(error_category::usage, "broken", "the disk is broken"));
        const auto rest = std::as_bytes(std::span(*content)).subspan(at);
        const auto part = rest.first(std::min<std::size_t>(3, rest.size()));
        at += part.size();
        return result<std::span<const std::byte>>(part);
      }
      std::shared_ptr<const std::string> content;
      std::size_t at = 0;
      int fails_at;
    };
    task<result<entry>> find(std::string_view key, const fields& r) override {
      auto found = co_await of.find(key, r);
      if (found && *found)
        found->reader = std::make_unique<in_parts>(std::move(found->content), fails_at);
      co_return found;
    }
    task<result<std::unique_ptr<cache_writer>>> write(
        std::string_view key, std::shared_ptr<const cached_response> r) override {
      return of.write(key, std::move(r));
    }
    task<result<void>> refresh(std::string_view key,
                               std::shared_ptr<const cached_response> r) override {
      return of.refresh(key, std::move(r));
    }
    task<result<void>> erase(std::string_view key) override { return of.erase(key); }
    memory_cache of;
    int fails_at = -1;
  };
  plain_host at;
  const auto store = std::make_shared<slow>();
  client c(at.network.transport(), plain());
  http_cache cache(store);
  c.use(cache.layer());
  const auto answers = [&] {
    at.host.then(plain_response("0123456789", "200 OK", "Cache-Control: max-age=60\r\n"));
  };
  answers();
  auto work = [&]() -> task<void> {
    auto r = co_await c.get("http://host/");
    r = co_await c.get("http://host/");
    CHECK(r.text() == "0123456789");
    for (const std::string range : {"bytes=0-0", "bytes=2-6", "bytes=-4", "bytes=5-"}) {
      const request_options how{.headers = {{"range", range}}};
      r = co_await c.get("http://host/", how);
      auto stream = co_await c.stream(method::get, "http://host/", how);
      CHECK(
          (stream.status() == 206 && stream.header("content-range") == r.header("content-range")));
      CHECK(stream.content_length() == r.content().size());
      auto text = co_await content_of(std::move(stream));
      CHECK(text == r.text());
    }
    auto part = co_await c.get("http://host/", {.max_content = 10});
    CHECK(part.text() == "0123456789");
    auto refused = co_await c.try_get("http://host/", {.max_content = 9});
    CHECK(refused.error().reason() == "content_too_large");
    CHECK(at.host.requests.size() == 1);
    // Before the first byte: the server is asked. Later: the reader gets the error.
    store->fails_at = 0;
    answers();
    auto text = co_await content_of(co_await c.stream(method::get, "http://host/"));
    CHECK((text == "0123456789" && at.host.requests.size() == 2));
    store->fails_at = 2;
    answers();
    r = co_await c.get("http://host/");
    CHECK((r.text() == "0123456789" && at.host.requests.size() == 3));
    auto stream = co_await c.stream(method::get, "http://host/");
    auto one = co_await stream.try_read();
    CHECK(one.has_value());
    one = co_await stream.try_read();
    CHECK(one.has_value());
    one = co_await stream.try_read();
    REQUIRE_FALSE(one);
    CHECK(one.error().reason() == "broken");
    CHECK_FALSE(stream.complete());
  };
  at.network.run(work());
  CHECK(cache.statistics().store_errors == 2);
}

TEST_CASE("a store that fails costs the cache, not the request") {
  struct broken final : cache_store {
    task<result<entry>> find(std::string_view, const fields&) override {
      return result<entry>(fail(error_category::connect, "store", "down"));
    }
    task<result<std::unique_ptr<cache_writer>>> write(
        std::string_view, std::shared_ptr<const cached_response>) override {
      return result<std::unique_ptr<cache_writer>>(fail(error_category::connect, "store", "down"));
    }
    task<result<void>> refresh(std::string_view, std::shared_ptr<const cached_response>) override {
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
    auto head = std::make_shared<cached_response>();
    REQUIRE(network.run(store_content(store, key, std::move(head), std::string(size, 'x'))));
  };
  const auto has = [&](std::string key) {
    return static_cast<bool>(network.run(store.find(key, {})).value());
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
