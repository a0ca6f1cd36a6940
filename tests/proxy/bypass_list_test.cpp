#include <cohttps/proxy/bypass_list.hpp>

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <string_view>

using namespace cohttps;

namespace {

bool matches(std::string_view list, std::string_view to) {
  const auto parsed = bypass_list::parse(list);
  if (!parsed) FAIL(parsed.error().what());
  const auto target = url::parse((to.find("://") == to.npos ? "http://" : "") + std::string(to));
  if (!target) FAIL(target.error().what());
  return parsed->matches(*target);
}

struct row {
  std::string_view list, to;
  bool expected;
};

template <std::size_t N>
void check(const row (&table)[N]) {
  for (const auto& [list, to, expected] : table) {
    INFO(list << " and " << to);
    CHECK(matches(list, to) == expected);
  }
}

}  // namespace

TEST_CASE("names match themselves and what is below them") {
  check({
      {"", "example.com", false},
      {" , ,", "example.com", false},
      {"*", "example.com", true},
      {"*", "1.2.3.4", true},
      {"*", "[::1]", true},
      // curl's manual
      {"ample.com", "ample.com", true},
      {"ample.com", "ample.com:80", true},
      {"ample.com", "www.ample.com", true},
      {"ample.com", "www.example.com", false},
      {"ample.com", "ample.com.org", false},
      {".example.com", "example.com", true},
      {".example.com", "www.example.com", true},
      {".example.com", "nonexample.com", false},
      {"*.example.com", "a.b.example.com", true},
      {"*.example.com", "example.com", true},
      {"*.example.com", "nonexample.com", false},
      {"example.com", "com", false},
      {"localhost", "localhost", true},
      {"localhost", "127.0.0.1", false},
      {"127.0.0.1", "localhost", false},
      // case, trailing dots, separators
      {"EXAMPLE.com", "www.Example.COM", true},
      {"example.com.", "example.com", true},
      {"example.com", "example.com.", true},
      {"example.com.", "www.example.com.", true},
      {"a.example,b.example", "b.example", true},
      {"a.example b.example", "b.example", true},
      {" a.example ,\tb.example, c.example ", "c.example", true},
      {"a.example, *", "z.example", true},
      {"under_score.example", "under_score.example", true},
      {"xn--bcher-kva.example", "xn--bcher-kva.example", true},
      // names are no addresses
      {"1.example", "1.1.example", true},
      {"4.example", "1.2.3.4", false},
  });
}

TEST_CASE("ports narrow an entry") {
  check({
      {"example.com:8080", "example.com:8080", true},
      {"example.com:8080", "www.example.com:8080", true},
      {"example.com:8080", "example.com", false},
      {"example.com:80", "http://example.com", true},
      {"example.com:80", "https://example.com", false},
      {"example.com:443", "https://example.com", true},
      {"1.2.3.4:81", "1.2.3.4:81", true},
      {"1.2.3.4:81", "1.2.3.4:82", false},
      {"[::1]:81", "[::1]:81", true},
      {"[::1]:81", "[::1]", false},
  });
}

TEST_CASE("addresses and networks") {
  check({
      {"192.0.2.1", "192.0.2.1", true},
      {"192.0.2.1", "192.0.2.2", false},
      {"192.0.2.1.", "192.0.2.1", true},
      {"192.0.2.1", "0xc0.0.2.1", true},
      {"192.0.2.0/24", "192.0.2.255", true},
      {"192.0.2.0/24", "192.0.3.0", false},
      {"192.0.2.77/24", "192.0.2.1", true},
      {"127.0.0.0/8", "127.255.0.1", true},
      {"127.0.0.0/8", "128.0.0.1", false},
      {"10.0.0.0/9", "10.127.0.1", true},
      {"10.0.0.0/9", "10.128.0.1", false},
      {"192.0.2.4/31", "192.0.2.5", true},
      {"192.0.2.4/31", "192.0.2.6", false},
      {"192.0.2.4/32", "192.0.2.4", true},
      {"192.0.2.4/32", "192.0.2.5", false},
      {"1.2.3.4/0", "200.1.1.1", true},
      {"0.0.0.0/0", "[::1]", false},
      {"0.0.0.0/0", "example.com", false},
      {"::1", "[::1]", true},
      {"[::1]", "[0:0::1]", true},
      {"::1", "[::2]", false},
      {"2001:db8::/32", "[2001:db8:ffff::1]", true},
      {"2001:db8::/32", "[2001:db9::1]", false},
      {"[2001:db8::]/33", "[2001:db8:7fff::]", true},
      {"2001:db8::/33", "[2001:db8:8000::]", false},
      {"::1/128", "[::1]", true},
      {"::1/127", "[::]", true},
      {"::/0", "[2001:db8::1]", true},
      {"::/0", "1.2.3.4", false},
      // mapped addresses are IPv4 addresses
      {"127.0.0.0/8", "[::ffff:127.0.0.1]", true},
      {"::ffff:127.0.0.0/104", "127.1.2.3", true},
      {"::ffff:127.0.0.0/104", "128.1.2.3", false},
      {"::ffff:1.2.3.4", "1.2.3.4", true},
      {"::ffff:0:0/96", "1.2.3.4", true},
      {"::ffff:0:0/95", "1.2.3.4", false},
  });
}

TEST_CASE("what is no entry is refused") {
  for (const std::string_view list : {"a.example,*b",
                                      "*.",
                                      ".",
                                      "..a",
                                      "a*.example",
                                      "192.168.*",
                                      "192.168.",
                                      "10",
                                      "1.2.3.4.5",
                                      "1.2.3.256",
                                      "0x7f.1",
                                      "1.2.3.4/33",
                                      "1.2.3.4/-1",
                                      "1.2.3.4/",
                                      "1.2.3.4/8/8",
                                      "1.2.3.4/4294967304",
                                      "::1/129",
                                      "::g",
                                      "[::1",
                                      "::1]",
                                      "[1.2.3.4]",
                                      "example.com/8",
                                      "example.com:0",
                                      "example.com:65536",
                                      "example.com:x",
                                      "example.com:",
                                      ":80",
                                      "1.2.3.0/24:80",
                                      "/",
                                      "/8",
                                      "http://example.com",
                                      "a%00b",
                                      "a<b"}) {
    INFO(list);
    const auto parsed = bypass_list::parse(list);
    CHECK(!parsed);
    if (!parsed) CHECK(parsed.error().reason() == "bypass_invalid");
  }
  bypass_list list = *bypass_list::parse("a.example");
  CHECK(!list.add("b.example, c:d:e"));
  CHECK(list == *bypass_list::parse("a.example"));
}
