#include <cohttps/proxy/bypass_list.hpp>

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <string_view>

using namespace cohttps;

namespace {

bool matches(std::string_view list, std::string_view to) {
  const auto parsed = bypass_list::parse(list);
  const auto target = url::parse((to.find("://") == to.npos ? "http://" : "") + std::string(to));
  if (!target) FAIL(target.error().what());
  return parsed.matches(*target);
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

TEST_CASE("what is no entry is passed over") {
  for (const std::string_view list : {"*b",
                                      "*.",
                                      ".",
                                      "..a",
                                      "a*.example",
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
    CHECK(bypass_list::parse(list).empty());
    const auto others = bypass_list::parse("a.test; " + std::string(list) + ",b.test");
    CHECK(others == bypass_list::parse("a.test b.test"));
  }
}

TEST_CASE("networks as people write them") {
  check({
      {"10.*", "10.1.2.3", true},
      {"10.*", "11.1.2.3", false},
      {"192.168.*", "192.168.255.1", true},
      {"192.168.*", "192.169.0.1", false},
      {"192.168.1.*", "192.168.1.77", true},
      {"192.168.1.*", "192.168.2.77", false},
      {"10/8", "10.255.0.1", true},
      {"10/8", "11.0.0.1", false},
      {"192.168/16", "192.168.3.4", true},
      {"172.16/12", "172.31.0.1", true},
      {"172.16/12", "172.32.0.1", false},
      {"192.0.2/24", "192.0.2.9", true},
      {"fe80::1%eth0", "[fe80::1]", true},
      {"[fe80::1%25eth0]", "[fe80::1]", true},
      {"a.test;b.test", "b.test", true},
      {"a.test; 10.*;\tb.test", "10.0.0.1", true},
  });
}
