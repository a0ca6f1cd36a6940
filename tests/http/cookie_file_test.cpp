#include <cohttps/http/cookie/cookie_file.hpp>

#include <catch2/catch_test_macros.hpp>

#include <chrono>
#include <string>
#include <string_view>

using namespace cohttps;

namespace {

const cookie_jar::time_point start{std::chrono::sys_days(std::chrono::year(2026) / 1 / 1)};

}  // namespace

TEST_CASE("cookies survive a file in Netscape's format") {
  cookie_jar jar;
  const url from = *url::parse("https://www.example.com/x/y");
  for (const std::string_view field :
       {"session=1; Secure; HttpOnly", "all=2; Domain=example.com; Max-Age=60; Path=/",
        "empty=", "nameless", "tab=a\tb", "gone=1; Path=/z; Max-Age=1"})
    REQUIRE(jar.store(from, field, start));
  const std::string text = write_netscape_cookies(jar, start + std::chrono::seconds(1));
  CHECK(text ==
        "# Netscape HTTP Cookie File\n"
        "#HttpOnly_www.example.com\tFALSE\t/x\tTRUE\t0\tsession\t1\n"
        ".example.com\tTRUE\t/\tFALSE\t1767225660\tall\t2\n"
        "www.example.com\tFALSE\t/x\tFALSE\t0\tempty\t\n"
        "www.example.com\tFALSE\t/x\tFALSE\t0\t\tnameless\n");
  cookie_jar read;
  const auto added = read_netscape_cookies(read, text, start);
  REQUIRE(added);
  CHECK(*added == 4);
  CHECK(write_netscape_cookies(read, start) == text);
  CHECK(read.cookie_header(from, start) == "session=1; empty=; nameless; all=2");
}

TEST_CASE("what other programs write is read") {
  cookie_jar jar;
  const auto added =
      read_netscape_cookies(jar,
                            "# HTTP Cookie File\r\n\r\n   \n# a comment\n"
                            "example.com\tFALSE\t/\tFALSE\t0\ta\t1\r\n"
                            ".Example.com\ttrue\t/\tfalse\t1999999999\tb\t2=3\n"
                            "example.com\tFALSE\t/\tFALSE\t1\texpired\t1\n"
                            "example.com\tFALSE\t/\tFALSE\t0\tno_value\n"
                            "example.com\tFALSE\t/\tFALSE\t99999999999999999999999\ttoo_large\t1",
                            start);
  CHECK_FALSE(added);
  CHECK(jar.empty());
  const auto again =
      read_netscape_cookies(jar,
                            "# HTTP Cookie File\r\n\r\n   \n# a comment\n"
                            "example.com\tFALSE\t/\tFALSE\t0\ta\t1\r\n"
                            ".Example.com\ttrue\t/\tfalse\t1999999999\tb\t2=3\n"
                            "example.com\tFALSE\t/\tFALSE\t1\texpired\t1\n"
                            "example.com\tFALSE\t/\tFALSE\t0\tno_value\n"
                            "example.com\tFALSE\t/\tFALSE\t9999999999999999999\tlate\t1",
                            start);
  REQUIRE(again);
  CHECK(*again == 4);
  CHECK(jar.cookie_header(*url::parse("http://example.com"), start) ==
        "a=1; b=2=3; no_value=; late=1");
  CHECK(jar.cookie_header(*url::parse("http://www.example.com"), start) == "b=2=3");
}

TEST_CASE("a malformed cookie file names its line and changes nothing") {
  struct row {
    std::string_view line, says;
  };
  const row table[] = {
      {"example.com", "seven columns"},
      {"example.com\tFALSE\t/\tFALSE\t0", "seven columns"},
      {"example.com\tFALSE\t/\tFALSE\t0\ta\tb\tc", "seven columns"},
      {"example.com\tmaybe\t/\tFALSE\t0\ta\tb", "TRUE nor FALSE"},
      {"example.com\tFALSE\t/\t1\t0\ta\tb", "TRUE nor FALSE"},
      {"example.com\tFALSE\t/\tFALSE\tsoon\ta\tb", "number"},
      {"example.com\tFALSE\t/\tFALSE\t-1\ta\tb", "number"},
      {"example.com\tFALSE\tx\tFALSE\t0\ta\tb", "no server"},
      {"com\tTRUE\t/\tFALSE\t0\ta\tb", "no server"},
      {"\tTRUE\t/\tFALSE\t0\ta\tb", "no server"},
      {"example.com\tFALSE\t/\tFALSE\t0\t__Host-a\tb", "no server"},
      {"example.com\tFALSE\t/\tFALSE\t0\ta;b\tb", "no server"},
      {"example.com\tFALSE\t/\tFALSE\t0\ta\tb\x01", "no server"},
  };
  for (const auto& [line, says] : table) {
    INFO(line);
    cookie_jar jar;
    const auto added = read_netscape_cookies(
        jar, "#\nexample.com\tFALSE\t/\tFALSE\t0\ta\tb\n" + std::string(line) + "\n", start);
    REQUIRE_FALSE(added);
    CHECK(added.error().reason() == "cookie_file_malformed");
    CHECK(added.error().message().find(says) != std::string::npos);
    CHECK(added.error().message().starts_with("line 3 "));
    CHECK(jar.empty());
  }
}
