#include <cohttps/url/query.hpp>

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <string_view>

using namespace cohttps;
using namespace std::string_literals;

TEST_CASE("names and values are encoded so that any bytes arrive") {
  CHECK(query{{"a", "b c"}, {"x", "1"}}.text() == "a=b+c&x=1");
  CHECK(query().text().empty());
  CHECK(query{{"", ""}}.text() == "=");
  CHECK(query{{"a", ""}, {"", "b"}, {"a", ""}}.text() == "a=&=b&a=");
  CHECK(query{{"&=+%#?", "/:;@!'()~*-._"}}.text() ==
        "%26%3D%2B%25%23%3F=%2F%3A%3B%40%21%27%28%29%7E*-._");
  CHECK(query{{"caf\xc3\xa9", "\r\n\t\xff"}}.text() == "caf%C3%A9=%0D%0A%09%FF");
  CHECK(query{{std::string_view("a\0b", 3), "x"}}.text() == "a%00b=x");
}

TEST_CASE("what was encoded is read again") {
  std::string every;
  for (int i = 0; i < 256; ++i) every += static_cast<char>(i);
  const query all{{every, every}, {"", ""}, {"a", "+"}, {"a", "%20"}};
  CHECK(query::parse(all.text()) == all);
}

TEST_CASE("texts that others wrote are read") {
  struct row {
    std::string_view text;
    query expected;
  };
  const row table[] = {
      {"", {}},
      {"&&", {}},
      {"a", {{"a", ""}}},
      {"=", {{"", ""}}},
      {"=b", {{"", "b"}}},
      {"a=b=c", {{"a", "b=c"}}},
      {"a=b&&c=d&", {{"a", "b"}, {"c", "d"}}},
      {"a+b=c%20d%2Be", {{"a b", "c d+e"}}},
      {"a=%zz%4&b=%", {{"a", "%zz%4"}, {"b", "%"}}},
      {"a;b=c", {{"a;b", "c"}}},
  };
  for (const auto& [text, expected] : table) {
    INFO(text);
    CHECK(query::parse(text) == expected);
  }
}

TEST_CASE("pairs are found and gone over in order") {
  const query some = query{{"a", "1"}, {"b", "2"}}.add("a", "3");
  CHECK(some.size() == 3);
  CHECK(some.find("a") == "1");
  CHECK_FALSE(some.find("A"));
  std::string seen;
  for (const auto& [name, value] : some) seen += name + value;
  CHECK(seen == "a1b2a3");
}

TEST_CASE("pairs are put behind the query that a URL has") {
  struct row {
    std::string_view before, after;
  };
  const row table[] = {
      {"http://h", "http://h/?a=b+c&x=%26"},
      {"http://h/p?", "http://h/p?a=b+c&x=%26"},
      {"http://h/p#f", "http://h/p?a=b+c&x=%26#f"},
      {"http://h/p?q=%20'+&r#f", "http://h/p?q=%20%27+&r&a=b+c&x=%26#f"},
  };
  const query some{{"a", "b c"}, {"x", "&"}};
  for (const auto& [before, after] : table) {
    INFO(before);
    CHECK(with_appended(*url::parse(before), some).href() == after);
    CHECK(with_appended(*url::parse(before), {}).href() == url::parse(before)->href());
  }
}
