#include <cohttps/url/url.hpp>

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <string_view>

using namespace cohttps;

namespace {

/// The normalised host of "https://<host>/", or the reason of the error in angle brackets.
std::string host_of(std::string_view host) {
  const auto parsed = url::parse("https://" + std::string(host) + "/");
  return parsed ? std::string(parsed->host()) : '<' + std::string(parsed.error().reason()) + '>';
}

struct row {
  std::string_view host, expected;
};

}  // namespace

TEST_CASE("IPv4 addresses in all notations become four decimal numbers") {
  constexpr row table[] = {
      {"1.2.3.4", "1.2.3.4"},
      {"1.2.3.4.", "1.2.3.4"},
      {"0", "0.0.0.0"},
      {"4294967295", "255.255.255.255"},
      {"256", "0.0.1.0"},
      {"1.256", "1.0.1.0"},
      {"1.2.772", "1.2.3.4"},
      {"1.16909060", "<url_host_ipv4>"},
      {"0x7f.1", "127.0.0.1"},
      {"0X7F000001", "127.0.0.1"},
      {"0x", "0.0.0.0"},
      {"0x.0X.0", "0.0.0.0"},
      {"017700000001", "127.0.0.1"},
      {"010.0x10.10.1", "8.16.10.1"},
      {"%31%32%37.1", "127.0.0.1"},
      {"00000000000000000000000001.0.0.1", "1.0.0.1"},
      {"0x00000000000000000000000000ff.1", "255.0.0.1"},
  };
  for (const auto& [host, expected] : table) {
    INFO(host);
    CHECK(host_of(host) == expected);
    if (expected.front() != '<') CHECK(url::parse("https://" + std::string(host))->is_ip_address());
  }
}

TEST_CASE("what ends in a number is an IPv4 address or nothing") {
  for (std::string_view bad :
       {"1.2.3.256", "1.2.3.4.5", "1.2.3.08", "09", "1..2", "a.1", "a.0x", "a.0xf.", "256.1.1.1",
        "4294967296", "0x100000000", "99999999999999999999999", "1.2.3.0x1ffffffffffffffff",
        "1.16777216", ".1", "-1.2", "1.2.65536"}) {
    INFO(bad);
    CHECK(host_of(bad) == "<url_host_ipv4>");
  }
  for (std::string_view name :
       {"1.2.3.4a", "1.0xg", "a1", "1.a", "0x1.example", "1.2.3.4..", "a.1-", "x0"}) {
    INFO(name);
    CHECK(host_of(name) == name);
    CHECK_FALSE(url::parse("https://" + std::string(name))->is_ip_address());
  }
}

TEST_CASE("IPv6 addresses are written by RFC 5952") {
  constexpr row table[] = {
      {"[::]", "[::]"},
      {"[::1]", "[::1]"},
      {"[1::]", "[1::]"},
      {"[0:0:0:0:0:0:0:1]", "[::1]"},
      {"[2001:0DB8::00ff]", "[2001:db8::ff]"},
      {"[1:0:0:2:0:0:0:3]", "[1:0:0:2::3]"},
      {"[1:0:0:2:0:0:3:4]", "[1::2:0:0:3:4]"},
      {"[1:0:2:3:4:5:6:7]", "[1:0:2:3:4:5:6:7]"},
      {"[1:2:3:4:5:6:7::]", "[1:2:3:4:5:6:7:0]"},
      {"[::2:3:4:5:6:7:8]", "[0:2:3:4:5:6:7:8]"},
      {"[0:f:0:0:f:f:0:0]", "[0:f::f:f:0:0]"},
      {"[::1.2.3.4]", "[::102:304]"},
      {"[::ffff:192.0.2.128]", "[::ffff:c000:280]"},
      {"[1:2:3:4:5:6:255.0.0.1]", "[1:2:3:4:5:6:ff00:1]"},
      {"[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]", "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]"},
  };
  for (const auto& [host, expected] : table) {
    INFO(host);
    CHECK(host_of(host) == expected);
  }
  const auto parsed = url::parse("https://[0::1]:8443/");
  REQUIRE(parsed);
  CHECK(parsed->host() == "[::1]");
  CHECK(parsed->host_for_connect() == "::1");
  CHECK(parsed->authority() == "[::1]:8443");
  CHECK(parsed->is_ip_address());
}

TEST_CASE("malformed IPv6 addresses are refused") {
  for (std::string_view bad : {"[]",
                               "[",
                               "[:]",
                               "[:1]",
                               "[1:]",
                               "[:::]",
                               "[::1::]",
                               "[1:2:3:4:5:6:7]",
                               "[1:2:3:4:5:6:7:8:9]",
                               "[1:2:3:4:5:6:7::8]",
                               "[1::2:3:4:5:6:7:8]",
                               "[12345::]",
                               "[g::]",
                               "[::1%25eth0]",
                               "[::%31]",
                               "[::1",
                               "[::1]x",
                               "[::1.2.3]",
                               "[::1.2.3.4.5]",
                               "[::1.2.3.4.]",
                               "[::1.2.3.256]",
                               "[::01.2.3.4]",
                               "[::1.2..4]",
                               "[::.1.2.3]",
                               "[::1.2.3.4:5]",
                               "[1:2:3:4:5:6:7:1.2.3.4]",
                               "[1.2.3.4]",
                               "[::a.2.3.4]",
                               "[::1.2.3.a]",
                               "[::1.2.3.]",
                               "[example.com]",
                               "[::1 ]",
                               "[1:2:3:4:5:6:7:8::]"}) {
    INFO(bad);
    CHECK(host_of(bad) == "<url_host_ipv6>");
  }
}

TEST_CASE("domains are lower case, percent-decoded, and hold no forbidden character") {
  using namespace std::string_literals;
  CHECK(host_of("EXAMPLE.Com") == "example.com");
  CHECK(host_of("ex%61mple%2Ecom") == "example.com");
  CHECK(host_of("%45xample") == "example");
  CHECK(host_of("a_b-.~!$&'()*+,;=`{}\"") == "a_b-.~!$&'()*+,;=`{}\"");
  CHECK(host_of(".") == ".");
  CHECK(host_of("a..b") == "a..b");
  CHECK(host_of(std::string(300, 'a')) == std::string(300, 'a'));
  for (char c = 1; c < 0x7f; ++c) {
    const bool forbidden =
        c <= 0x20 || std::string_view("#/:<>?@[\\]^|%").find(c) != std::string_view::npos;
    constexpr char digits[] = "0123456789abcdef";
    const std::string encoded = {'a', '%', digits[c >> 4], digits[c & 15], 'b'};
    INFO(encoded);
    CHECK((host_of(encoded) == "<url_host_forbidden_character>") == forbidden);
  }
  for (std::string_view bad :
       {"a%7Fb", "a%00b", "a%b", "a%zzb", "a%", "a%2", "a b", "a<b", "a^b", "a|b", "a]b", "a[b"}) {
    INFO(bad);
    CHECK(host_of(bad) == "<url_host_forbidden_character>");
  }
  CHECK(host_of("a\0b"s) == "<url_host_forbidden_character>");
}

TEST_CASE("ASCII names are not judged by what their xn-- labels decode to") {
  for (std::string_view name :
       {"xn--", "xn--a", "xn--pokxncvks.example", "xn--zca", "xn--8i7caa", "2.xn--mgbb"}) {
    INFO(name);
    CHECK(host_of(name) == name);
  }
  CHECK(host_of("XN--PokxNcvks") == "xn--pokxncvks");
}
