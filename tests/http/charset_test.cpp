#include <cohttps/http/content/charset.hpp>

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

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
      // names that are no labels: UTF-8
      {"\xc3\xa9\xff", "utf-7", "\xc3\xa9\xef\xbf\xbd"},
      {"\xc3\xa9", "utf-32", "\xc3\xa9"},
      {"\xc3\xa9", "utf-8\r\nX: y", "\xc3\xa9"},
      {"\xc3\xa9", "iso-8859-1 iso-8859-2", "\xc3\xa9"},
      {"\xc3\xa9", "  ", "\xc3\xa9"},
      // known, and read by nobody
      {"\x1b$)C", "iso-2022-kr", "\xef\xbf\xbd"},
      {"", "hz-gb-2312", ""},
      {"a\x80\xff", "x-user-defined", "a\xef\x9e\x80\xef\x9f\xbf"},
  };
  for (const auto& [bytes, charset, expected] : table) {
    INFO(charset << ": " << expected);
    CHECK(utf8(bytes, charset) == expected);
  }
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
  CHECK(decode_text("\xc3\xa9", "text/html; charset=x-unknown").value() == "\xc3\xa9");
}

TEST_CASE("text of other charsets, by the system's iconv") {
#ifndef COHTTPS_HAS_ICONV
  SKIP("this program is built without iconv");
#endif
  struct row {
    std::string_view charset, bytes, expected;
  };
  const row table[] = {
      {"gbk", "\xc4\xe3\xba\xc3", "\xe4\xbd\xa0\xe5\xa5\xbd"},
      {"GB2312", "\xc4\xe3", "\xe4\xbd\xa0"},
      {"gb18030", "\x81\x30\x84\x36", "\xc2\xa5"},
      {"Shift_JIS", "\x82\xb1", "\xe3\x81\x93"},
      {"x-sjis", "\x87\x40", "\xe2\x91\xa0"},  // an extension of NEC's
      {"euc-jp", "\xa4\xb3", "\xe3\x81\x93"},
      {"iso-2022-jp", "\x1b$B$3\x1b(B", "\xe3\x81\x93"},
      {"EUC-KR", "\xb0\xa1", "\xea\xb0\x80"},
      {"ks_c_5601-1987", "\x81\x41", "\xea\xb0\x82"},
      {"Big5", "\xa7\x41", "\xe4\xbd\xa0"},
      {"koi8-r", "\xf4", "\xd0\xa2"},
      {"koi8-u", "\xa4", "\xd1\x94"},
      {"windows-1251", "\xd2", "\xd0\xa2"},
      {"windows-1258", "hello Ha", "hello Ha"},  // converters that hold the last letter back
      {"windows-1255", "\xf9\xec\xe5\xed", "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d"},
      {"cp1250", "\x9a\x81", "\xc5\xa1\xc2\x81"},
      {"iso-8859-2", "\xb1\x85", "\xc4\x85\xc2\x85"},
      {"latin5", "\x80\xfd", "\xe2\x82\xac\xc4\xb1"},  // as Windows-1254
      {"iso-8859-15", "\xa4", "\xe2\x82\xac"},
      {"iso-8859-8-i", "\xe0", "\xd7\x90"},
      {"tis-620", "\xa1\x80", "\xe0\xb8\x81\xe2\x82\xac"},
      {"ibm866", "\x92", "\xd0\xa2"},
      {"macintosh", "\x80", "\xc3\x84"},
      {"greek", "\xc1", "\xce\x91"},
      // malformed, in the middle and at the end
      {"gbk",
       "a\xff"
       "b\xc4",
       "a\xef\xbf\xbd"
       "b\xef\xbf\xbd"},
      {"euc-kr", "\xb0", "\xef\xbf\xbd"},
      {"iso-8859-7", "\xff", "\xef\xbf\xbd"},
  };
  for (const auto& [charset, bytes, expected] : table) {
    INFO(charset);
    CHECK(utf8(bytes, charset) == expected);
  }
  const std::string much(100'000, '\xf4');
  CHECK(utf8(much, "koi8-r").size() == 200'000);
}

TEST_CASE("every label of the Encoding Standard is known once, and its charset at hand") {
  std::vector<std::string> seen;
  for (const detail::charset& each : detail::charsets) {
    for (std::string_view rest = each.labels; !rest.empty();) {
      const std::string label(ascii::take_until(rest, ' '));
      if (label.empty()) continue;
      INFO(label);
      CHECK(detail::find_charset(label) == &each);
      CHECK(label == ascii::lower(label));
      CHECK(std::ranges::find(seen, label) == seen.end());
      seen.push_back(label);
#ifdef COHTTPS_HAS_ICONV
      CHECK(to_utf8("a", label).has_value());
#endif
    }
  }
  CHECK(seen.size() == 228);
}
