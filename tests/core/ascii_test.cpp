#include <cohttps/core/ascii.hpp>

#include <catch2/catch_test_macros.hpp>

#include <vector>

using namespace cohttps;

TEST_CASE("tokens are those of RFC 9110, 5.6.2") {
  CHECK(ascii::is_token("Content-Type"));
  CHECK(ascii::is_token("!#$%&'*+-.^_`|~09azAZ"));
  for (std::string_view bad : {"", "a b", "a:", "a\r", "a\xc3\xa9", "(x)", "a/b", "{x}", "\x7f"})
    CHECK_FALSE(ascii::is_token(bad));
}

TEST_CASE("field values refuse what would split a message") {
  CHECK(ascii::is_field_value("text/html; q=0.5\t\xe9"));
  using namespace std::string_view_literals;
  for (std::string_view bad : {"a\rb"sv, "a\nb"sv, "a\0b"sv, "\x7f"sv, "\x01"sv})
    CHECK_FALSE(ascii::is_field_value(bad));
}

TEST_CASE("decimal numbers stop at overflow") {
  CHECK(ascii::parse_decimal("0") == 0);
  CHECK(ascii::parse_decimal("18446744073709551615") == UINT64_MAX);
  for (std::string_view bad :
       {"", "18446744073709551616", "99999999999999999999", "-1", "+1", " 1", "1 ", "0x1"})
    CHECK_FALSE(ascii::parse_decimal(bad));
}

TEST_CASE("lists skip empty elements and respect quotes") {
  std::vector<std::string> seen;
  ascii::for_each_element(R"( a , ,b="x,\"y", c)", [&](std::string_view e) {
    seen.emplace_back(e);
    return true;
  });
  CHECK(seen == std::vector<std::string>{"a", R"(b="x,\"y")", "c"});
}

TEST_CASE("bytes of a peer are shown harmlessly and cut") {
  using namespace std::string_view_literals;
  CHECK(ascii::printable("a\r\n\0\xff\\"sv) == R"(a\x0d\x0a\x00\xff\x5c)");
  CHECK(ascii::printable("abcdef", 3) == "abc...");
}

TEST_CASE("text is taken up to a mark") {
  std::string_view rest = "a=b=c";
  CHECK(ascii::take_until(rest, '=') == "a");
  CHECK(rest == "b=c");
  CHECK(ascii::take_until(rest, ';') == "b=c");
  CHECK(rest.empty());
  CHECK(ascii::take_until(rest, ';').empty());
  rest = "=";
  CHECK(ascii::take_until(rest, '=').empty());
  CHECK(rest.empty());
}

TEST_CASE("ascii: eight characters are compared as one is, whatever they are") {
  for (int a = 0; a < 256; ++a)
    for (int b = 0; b < 256; ++b)
      for (const std::size_t at : {0u, 3u, 7u, 8u}) {
        std::string x = "Aa[zZ@`{-", y = "aA[Zz@`{-";
        x[at] = static_cast<char>(a);
        y[at] = static_cast<char>(b);
        const bool same =
            ascii::to_lower(static_cast<char>(a)) == ascii::to_lower(static_cast<char>(b));
        if (ascii::iequals(x, y) != same) FAIL(a << " and " << b << " at " << at);
      }
  CHECK_FALSE(ascii::iequals("12345678", "123456789"));
}
