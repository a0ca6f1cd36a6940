#include <cohttps/url/url.hpp>

#include <catch2/catch_test_macros.hpp>

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string_view>
#include <unordered_set>

using namespace cohttps;

TEST_CASE("an origin leaves the default port out of its text") {
  CHECK(origin{"https", "example.com", 443}.text() == "https://example.com");
  CHECK(origin{"https", "example.com", 8443}.text() == "https://example.com:8443");
  CHECK(origin{"http", "example.com", 443}.text() == "http://example.com:443");
  CHECK(origin{"http", "[::1]", 80}.text() == "http://[::1]");
}

TEST_CASE("origins are equal when scheme, host and effective port are") {
  const auto of = [](std::string_view text) { return url::parse(text)->origin(); };
  CHECK(of("https://EXAMPLE.com/a?b#c") == of("https://user:secret@example.com:443"));
  CHECK(of("https://example.com") != of("http://example.com"));
  CHECK(of("https://example.com") != of("https://example.com:444"));
  CHECK(of("https://example.com") != of("https://example.com."));
  CHECK(of("https://example.com:443") == origin{"https", "example.com", 443});
}

TEST_CASE("equal origins hash alike, others do not") {
  std::unordered_set<origin> seen;
  for (const char* scheme : {"http", "https"})
    for (const char* host : {"a", "b"})
      for (const std::uint16_t port : std::initializer_list<std::uint16_t>{80, 443, 8080})
        seen.insert({scheme, host, port});
  CHECK(seen.size() == 12);
  CHECK(seen.contains({"https", "a", 443}));
  CHECK_FALSE(seen.contains({"https", "a", 444}));
  std::unordered_set<std::size_t> hashes;
  for (const origin& o : seen) hashes.insert(std::hash<origin>()(o));
  CHECK(hashes.size() == seen.size());
}
