#include <cohttps/http/charset.hpp>

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <string_view>

using namespace cohttps;
using namespace std::string_view_literals;

namespace {

std::string utf8(std::string_view bytes, std::string_view charset) {
  const auto text = to_utf8(bytes, charset);
  return text ? *text : '<' + std::string(text.error().reason()) + '>';
}

}  // namespace

TEST_CASE("text becomes UTF-8") {
  struct row {
    std::string_view bytes, charset, expected;
  };
  const row table[] = {
      {"", "", ""},
      {"abc", "", "abc"},
      {"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80", "utf-8",
       "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80"},
      {"caf\xc3\xa9", " UTF8 ", "caf\xc3\xa9"},
      {"caf\xe9", "ISO-8859-1", "caf\xc3\xa9"},
      {"caf\xe9", "latin1", "caf\xc3\xa9"},
      {"\x80\x99\x81\x9f\xa0\xff", "windows-1252",
       "\xe2\x82\xac\xe2\x84\xa2\xc2\x81\xc5\xb8\xc2\xa0\xc3\xbf"},
      {"a\x80", "us-ascii", "a\xe2\x82\xac"},
      {"a\0\xe9\0\x3d\xd8\x00\xde"sv, "utf-16le", "a\xc3\xa9\xf0\x9f\x98\x80"},
      {"\0a\0\xe9\xd8\x3d\xde\x00"sv, "UTF-16BE", "a\xc3\xa9\xf0\x9f\x98\x80"},
      {"a\0"sv, "utf-16", "a"},
      // a byte order mark says more than the charset
      {"\xef\xbb\xbf"
       "a",
       "", "a"},
      {"\xef\xbb\xbf\xc3\xa9", "iso-8859-1", "\xc3\xa9"},
      {"\xff\xfe"
       "a\0"sv,
       "", "a"},
      {"\xfe\xff\0a"sv, "utf-16le", "a"},
      {"\xfe\xff\0a"sv, "koi8-r", "a"},
      {"\xef\xbb\xbf\xef\xbb\xbf"
       "a",
       "utf-8",
       "\xef\xbb\xbf"
       "a"},
      // others
      {"a", "koi8-r", "<charset_unknown>"},
      {"a", "utf-7", "<charset_unknown>"},
      {"a", "utf-32", "<charset_unknown>"},
      {"a", "utf-8\r\nX: y", "<charset_unknown>"},
  };
  for (const auto& [bytes, charset, expected] : table) {
    INFO(charset << ": " << expected);
    CHECK(utf8(bytes, charset) == expected);
  }
  CHECK(to_utf8("a", "koi8-r").error().message().find("\"koi8-r\"") != std::string::npos);
}

TEST_CASE("what is malformed becomes U+FFFD, as often as in browsers") {
  const std::string r = "\xef\xbf\xbd";
  struct row {
    std::string_view bytes;
    std::string expected;
  };
  const row table[] = {
      {"a\xffz", "a" + r + "z"},
      {"\x80\xbf", r + r},
      {"\xc0\xaf", r + r},
      {"\xc1\xbf", r + r},
      {"\xc3", r},
      {"\xc3"
       "a",
       r + "a"},
      {"\xe2\x82", r},
      {"\xe2\x82"
       "a",
       r + "a"},
      {"\xe2\x82\xe2\x82\xac", r + "\xe2\x82\xac"},
      {"\xe0\x80\x80", r + r + r},
      {"\xed\xa0\x80", r + r + r},
      {"\xed\x9f\xbf", "\xed\x9f\xbf"},
      {"\xf0\x9f\x98", r},
      {"\xf0\x80\x80\x80", r + r + r + r},
      {"\xf4\x90\x80\x80", r + r + r + r},
      {"\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf"},
      {"\xf5\x80\x80\x80", r + r + r + r},
      // Unicode, 3.9, table 3-11
      {"\xe1\x80\xe2\xf0\x91\x92\xf1\xbf\x41", r + r + r + r + "A"},
  };
  for (const auto& [bytes, expected] : table) {
    INFO(expected);
    CHECK(utf8(bytes, "utf-8") == expected);
  }
  CHECK(utf8("\x3d\xd8"sv, "utf-16le") == r);
  CHECK(utf8("\x3d\xd8"
             "a\0"sv,
             "utf-16le") == r + "a");
  CHECK(utf8("\x00\xde"
             "a\0"sv,
             "utf-16le") == r + "a");
  CHECK(utf8("\x3d\xd8\x3d\xd8\x00\xde"sv, "utf-16le") == r + "\xf0\x9f\x98\x80");
  CHECK(utf8("a\0b"sv, "utf-16le") == "a" + r);
}

TEST_CASE("text by its Content-Type") {
  CHECK(decode_text("caf\xe9", "text/html; charset=iso-8859-1").value() == "caf\xc3\xa9");
  CHECK(decode_text("caf\xc3\xa9", "text/html").value() == "caf\xc3\xa9");
  CHECK(decode_text("caf\xc3\xa9", "").value() == "caf\xc3\xa9");
  CHECK(decode_text("caf\xc3\xa9", "not a type; charset=iso-8859-1").value() == "caf\xc3\xa9");
  CHECK(decode_text("a", "text/html; charset=x-unknown").error().reason() == "charset_unknown");
}
