#include <cohttps/connect/dns_cache.hpp>

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <thread>
#include <vector>

using namespace cohttps;
using namespace std::chrono_literals;

namespace {

const time_point start = time_point(1h);

std::vector<endpoint> addresses(std::string_view text) { return {parse_address(text).value()}; }

}  // namespace

TEST_CASE("a name is known for its time to live and no longer") {
  dns_cache cache;
  CHECK_FALSE(cache.lookup("example.com", start));
  cache.store("example.com", addresses("192.0.2.1"), start);
  CHECK(cache.lookup("example.com", start) == addresses("192.0.2.1"));
  CHECK(cache.lookup("EXAMPLE.com", start + 59s) == addresses("192.0.2.1"));
  CHECK_FALSE(cache.lookup("example.org", start));
  CHECK_FALSE(cache.lookup("example.com", start + 60s));
  CHECK(cache.size() == 0);
}

TEST_CASE("a time to live of 0 keeps nothing") {
  dns_cache cache(0s);
  cache.store("a", addresses("192.0.2.1"), start);
  CHECK_FALSE(cache.lookup("a", start));
  CHECK(cache.size() == 0);
}

TEST_CASE("what is stored again is newer, what is empty is not stored") {
  dns_cache cache(10s);
  cache.store("a", addresses("192.0.2.1"), start);
  cache.store("A", addresses("192.0.2.2"), start + 5s);
  CHECK(cache.size() == 1);
  CHECK(cache.lookup("a", start + 14s) == addresses("192.0.2.2"));
  cache.store("b", {}, start);
  CHECK_FALSE(cache.lookup("b", start));
}

TEST_CASE("names can be forgotten; copies are the same cache") {
  dns_cache cache;
  const dns_cache same = cache;
  cache.store("a", addresses("192.0.2.1"), start);
  cache.store("b", addresses("192.0.2.2"), start);
  CHECK(same.lookup("a", start));
  same.forget("A");
  CHECK_FALSE(cache.lookup("a", start));
  CHECK(cache.lookup("b", start));
  same.clear();
  CHECK(cache.size() == 0);
  cache.forget("never there");
}

TEST_CASE("1024 names are kept; the oldest goes first") {
  dns_cache cache;
  for (std::size_t i = 0; i < dns_cache::max_names; ++i)
    cache.store("name" + std::to_string(i), addresses("192.0.2.1"), start);
  cache.store("name0", addresses("192.0.2.2"), start + 1s);  // the youngest now
  cache.store("another", addresses("192.0.2.3"), start + 1s);
  CHECK(cache.size() == dns_cache::max_names);
  CHECK(cache.lookup("name0", start + 1s));
  CHECK_FALSE(cache.lookup("name1", start + 1s));
  CHECK(cache.lookup("name2", start + 1s));
}

TEST_CASE("threads share a cache") {
  const dns_cache cache;
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([cache, t] {
      for (int i = 0; i < 2000; ++i) {
        const std::string name = "n" + std::to_string((i * (t + 1)) % 50);
        cache.store(name, addresses("192.0.2.1"), start + std::chrono::milliseconds(i));
        (void)cache.lookup(name, start + std::chrono::milliseconds(i));
        if (i % 7 == 0) cache.forget(name);
      }
    });
  threads.clear();
  CHECK(cache.size() <= 50);
}
