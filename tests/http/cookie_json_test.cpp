#include <cohttps/http/cookie/cookie_json.hpp>

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include <chrono>
#include <string>
#include <string_view>

using namespace cohttps;

namespace {

const cookie_jar::time_point start{std::chrono::sys_days(std::chrono::year(2026) / 1 / 1)};

constexpr std::string_view one =
    R"({"name": "a", "value": "b", "domain": "example.com", "host_only": true, "path": "/",
        "expires": null, "secure": false, "http_only": false, "same_site": "lax"})";

std::string changed(std::string_view from, std::string_view to) {
  std::string text(one);
  return text.replace(text.find(from), from.size(), to);
}

std::string shown(std::string_view text) {
  cookie_jar jar;
  const auto added = read_json_cookies(jar, text, start);
  CHECK(jar.empty() == (!added || *added == 0));
  return added ? jar.cookie_header(*url::parse("https://example.com"), start)
               : '<' + std::string(added.error().reason()) + '>';
}

}  // namespace

TEST_CASE("cookies survive JSON whole") {
  cookie_jar jar;
  const url from = *url::parse("https://www.example.com/x/y");
  for (const std::string_view field :
       {"session=1; Secure; HttpOnly; SameSite=Strict",
        "all=2; Domain=example.com; Max-Age=60; Path=/", "none=\"q\\\"; SameSite=None; Secure",
        "nameless", "tab=a\tb; SameSite=Lax", "bytes=\xe6\x98\xa5\xff\x80",
        "gone=1; Path=/z; Max-Age=1"})
    REQUIRE(jar.store(from, field, start));
  const auto later = start + std::chrono::seconds(1);
  const std::string text = write_json_cookies(jar, later);

  const auto parsed = nlohmann::json::parse(text);
  REQUIRE(parsed.size() == 6);
  CHECK(parsed[1] == nlohmann::json{{"name", "all"},
                                    {"value", "2"},
                                    {"domain", "example.com"},
                                    {"host_only", false},
                                    {"path", "/"},
                                    {"expires", 1767225660},
                                    {"secure", false},
                                    {"http_only", false},
                                    {"same_site", "unspecified"}});
  CHECK(parsed[5]["value"] == "\u00e6\u0098\u00a5\u00ff\u0080");

  for (const std::string& form : {text, parsed.dump(), parsed.dump(2, ' ', true)}) {
    cookie_jar read;
    REQUIRE(read_json_cookies(read, form, later).value() == 6);
    CHECK(write_json_cookies(read, later) == text);
    CHECK(read.cookie_header(from, later) == jar.cookie_header(from, later));
    CHECK(read.cookie_header(from, later, cookie_context::cross_site) == "none=\"q\\\"");
  }
  CHECK(nlohmann::json::parse(write_json_cookies(cookie_jar(), start)).empty());
}

TEST_CASE("JSON that is of cookies, and JSON that is not") {
  const std::string a(one);
  struct row {
    std::string text, expected;
  };
  const row table[] = {
      {"[]", ""},
      {" [ ] \r\n\t", ""},
      {'[' + a + ']', "a=b"},
      {'[' + a + ',' + changed("\"a\"", "\"c\"") + ']', "a=b; c=b"},
      {'[' + changed("\"b\"", "\"\\u0041\\/\\\"\\\\\"") + ']', "a=A/\"\\"},
      {'[' + changed("\"b\"", "\"\xc3\xa9\"") + ']', "a=\xe9"},
      {'[' + changed("null", "1") + ']', ""},
      {'[' + changed("null", "-1") + ']', ""},
      {'[' + changed("null", "9223372036854775807") + ']', "a=b"},
      {"", "<cookie_json_malformed>"},
      {"{}", "<cookie_json_malformed>"},
      {a, "<cookie_json_malformed>"},
      {'[' + a, "<cookie_json_malformed>"},
      {'[' + a + ",]", "<cookie_json_malformed>"},
      {'[' + a + "]]", "<cookie_json_malformed>"},
      {'[' + a + a + ']', "<cookie_json_malformed>"},
      {"[{}]", "<cookie_json_malformed>"},
      {"[null]", "<cookie_json_malformed>"},
      {'[' + changed("null", "01") + ']', "<cookie_json_malformed>"},
      {'[' + changed("null", "1.5") + ']', "<cookie_json_malformed>"},
      {'[' + changed("null", "1e3") + ']', "<cookie_json_malformed>"},
      {'[' + changed("null", "-") + ']', "<cookie_json_malformed>"},
      {'[' + changed("null", "9223372036854775808") + ']', "<cookie_json_malformed>"},
      {'[' + changed("true", "\"true\"") + ']', "<cookie_json_malformed>"},
      {'[' + changed("\"b\"", "1") + ']', "<cookie_json_malformed>"},
      {'[' + changed("\"b\"", "\"b") + ']', "<cookie_json_malformed>"},
      {'[' + changed("\"b\"", "\"\n\"") + ']', "<cookie_json_malformed>"},
      {'[' + changed("\"b\"", "\"\\u0141\"") + ']', "<cookie_json_malformed>"},
      {'[' + changed("\"b\"", "\"\\u00g1\"") + ']', "<cookie_json_malformed>"},
      {'[' + changed("\"b\"", "\"\\x41\"") + ']', "<cookie_json_malformed>"},
      {'[' + changed("\"b\"", "\"\xe6\x98\xa5\"") + ']', "<cookie_json_malformed>"},
      {'[' + changed("\"b\"", "\"\xc3\"") + ']', "<cookie_json_malformed>"},
      {'[' + changed("\"b\"", "\"\xe9\"") + ']', "<cookie_json_malformed>"},
      {'[' + changed("\"lax\"", "\"Lax\"") + ']', "<cookie_json_malformed>"},
      {'[' + changed("\"value\"", "\"name\"") + ']', "<cookie_json_malformed>"},
      {'[' + changed("\"value\"", "\"name\": \"c\", \"value\"") + ']', "<cookie_json_malformed>"},
      {'[' +
           changed("\"b\"",
                   "\"\xc3"
                   "A\"") +
           ']',
       "<cookie_json_malformed>"},
      {'[' + changed("\"value\"", "\"other\"") + ']', "<cookie_json_malformed>"},
      {'[' + changed("\"secure\": false, ", "") + ']', "<cookie_json_malformed>"},
      {'[' + changed("\"a\"", "\"a=\"") + ']', "<cookie_invalid>"},
      {'[' + changed("\"b\"", "\"\\u0000\"") + ']', "<cookie_invalid>"},
      {'[' + changed("\"a\"", "\"__Host-a\"") + ']', "<cookie_invalid>"},
      {'[' + a + ',' + changed("\"/\"", "\"\"") + ']', "<cookie_invalid>"},
  };
  for (const auto& [text, expected] : table) {
    INFO(text);
    CHECK(shown(text) == expected);
  }
}

TEST_CASE("every truncation of the JSON of cookies is malformed") {
  const std::string text = '[' + std::string(one) + ']';
  for (std::size_t size = 0; size < text.size(); ++size) {
    INFO(size);
    CHECK(shown(std::string_view(text).substr(0, size)) == "<cookie_json_malformed>");
  }
}
