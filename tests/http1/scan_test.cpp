#include <cohttps/http1/scan.hpp>

#include <catch2/catch_test_macros.hpp>

#include <string>

using namespace cohttps;
using namespace cohttps::http1;

TEST_CASE("every way to find the end of a field value agrees for every byte at every place") {
  std::size_t wrong = 0;
  for (std::size_t size = 0; size <= 50; ++size)
    for (std::size_t at = 0; at < std::max<std::size_t>(size, 1); ++at)
      for (int byte = 0; byte < 256; ++byte)
        for (const char around : {'x', '\t', ' ', '\xff', '!'}) {
          std::string s(size, around);
          if (size != 0) s[at] = static_cast<char>(byte);
          const std::size_t expected = scan::detail::field_value_end_bytewise(s, 0);
          wrong += scan::detail::field_value_end_swar(s) != expected;
          wrong += scan::field_value_end(s) != expected;
#ifdef COHTTPS_HTTP1_SSE2
          wrong += scan::detail::field_value_end_sse2(s) != expected;
#endif
        }
  CHECK(wrong == 0);
}

TEST_CASE("the first of several bad bytes is found") {
  for (std::size_t first = 0; first < 40; ++first)
    for (std::size_t second = first; second < 40; ++second) {
      std::string s(40, 'v');
      s[first] = '\r';
      s[second] = '\0';
      s[first] = first == second ? '\0' : '\r';
      CHECK(scan::field_value_end(s) == first);
      CHECK(scan::detail::field_value_end_swar(s) == first);
    }
}

TEST_CASE("a token ends at the first character that is none of its own") {
  CHECK(scan::token_end("") == 0);
  CHECK(scan::token_end("abc") == 3);
  CHECK(scan::token_end("a-b_c.d!#$%&'*+^`|~9: x") == 20);
  CHECK(scan::token_end(":") == 0);
  CHECK(scan::token_end("a\xff") == 1);
}

TEST_CASE("LF is found from where the search begins") {
  CHECK(scan::find_lf("a\nb\n", 0) == 1);
  CHECK(scan::find_lf("a\nb\n", 2) == 3);
  CHECK(scan::find_lf("a\nb\n", 4) == std::string::npos);
  CHECK(scan::find_lf("", 0) == std::string::npos);
}
