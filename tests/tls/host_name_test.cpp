#include <cohttps/tls/verify/host_name.hpp>

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <string_view>
#include <vector>

using namespace cohttps::tls;

TEST_CASE("dNSName against host name") {
  struct row {
    std::string_view pattern, host;
    bool matches;
  };
  constexpr row rows[] = {
      {"example.com", "example.com", true},
      {"EXAMPLE.com", "example.COM", true},
      {"example.com", "example.com.", true},
      {"example.com", "www.example.com", false},
      {"www.example.com", "example.com", false},
      {"example.com", "example.org", false},
      {"localhost", "localhost", true},
      {"xn--bcher-kva.example", "XN--BCHER-KVA.example", true},
      {"b\xc3\xbc"
       "cher.example",
       "xn--bcher-kva.example", false},
      {"a_b.example.com", "a_b.example.com", true},

      {"*.example.com", "www.example.com", true},
      {"*.example.com", "WWW.Example.Com", true},
      {"*.example.com", "www.example.com.", true},
      {"*.example.com", "xn--bcher-kva.example.com", true},
      {"*.example.com", "example.com", false},
      {"*.example.com", "a.b.example.com", false},
      {"*.example.com", ".example.com", false},
      {"*.example.com", "*.example.com", false},
      {"*.com", "example.com", false},
      {"*.com", "com", false},
      {"*", "localhost", false},
      {"*.", "localhost.", false},
      {"*.localhost", "a.localhost", false},

      {"w*.example.com", "www.example.com", false},
      {"*w.example.com", "www.example.com", false},
      {"w*w.example.com", "www.example.com", false},
      {"xn--*.example.com", "xn--bcher-kva.example.com", false},
      {"www.*.com", "www.example.com", false},
      {"*.*.com", "www.example.com", false},
      {"**.example.com", "www.example.com", false},

      {"", "", false},
      {"", "example.com", false},
      {"example.com", "", false},
      {".example.com", "www.example.com", false},
      {"example.com.", "example.com", false},
      {"example..com", "example..com", false},
      {"192.0.2.1", "192.0.2.1", false},
      {"*.0.2.1", "192.0.2.1", false},
      {std::string_view("example.com\0.evil", 17), "example.com", false},
      {std::string_view("example.com\0", 12), "example.com", false},
  };
  for (const auto& [pattern, host, matches] : rows) {
    CAPTURE(pattern, host);
    CHECK(matches_host_name(pattern, host) == matches);
  }
}

TEST_CASE("host names") {
  CHECK(is_host_name(std::string(63, 'a') + ".b"));
  CHECK_FALSE(is_host_name(std::string(64, 'a') + ".b"));
  std::string longest;
  for (int i = 0; i < 126; ++i) longest += "a.";
  CHECK(is_host_name(longest + "a"));
  CHECK_FALSE(is_host_name(longest + "aa"));
  CHECK_FALSE(is_host_name("-a.example"));
  CHECK_FALSE(is_host_name("a-.example"));
  CHECK_FALSE(is_host_name("a.example-"));
  CHECK_FALSE(is_host_name("a b"));
  CHECK_FALSE(is_host_name("a.1"));
}

TEST_CASE("addresses") {
  const auto text = [](std::string_view s) {
    const auto address = parse_ip(s);
    return address ? to_string(address->data()) : std::string("-");
  };
  CHECK(text("192.0.2.1") == "192.0.2.1");
  CHECK(text("0.0.0.0") == "0.0.0.0");
  CHECK(text("255.255.255.255") == "255.255.255.255");
  for (const auto* bad : {"", "1", "1.2.3", "1.2.3.4.5", "256.0.0.1", "01.2.3.4", "1.2.3.4.",
                          "0x1.2.3.4", "1..2.3", " 1.2.3.4", "example.com"}) {
    CAPTURE(bad);
    CHECK(text(bad) == "-");
  }
  CHECK(text("::") == "::");
  CHECK(text("::1") == "::1");
  CHECK(text("1::") == "1::");
  CHECK(text("2001:DB8::8a2e:370:7334") == "2001:db8::8a2e:370:7334");
  CHECK(text("1:2:3:4:5:6:7:8") == "1:2:3:4:5:6:7:8");
  CHECK(text("1:2:3:4:5:6:7::") == "1:2:3:4:5:6:7:0");
  CHECK(text("::2:3:4:5:6:7:8") == "0:2:3:4:5:6:7:8");
  // RFC 5952, 4.2: the longest run, the first of equals, and never a single group.
  CHECK(text("2001:db8:0:1:1:1:1:1") == "2001:db8:0:1:1:1:1:1");
  CHECK(text("2001:0:0:1:0:0:0:1") == "2001:0:0:1::1");
  CHECK(text("2001:db8:0:0:1:0:0:1") == "2001:db8::1:0:0:1");
  CHECK(text("1:2:3:4:5:6:0:0") == "1:2:3:4:5:6::");
  CHECK(text("::ffff:192.0.2.1") == "::ffff:c000:201");
  CHECK(text("1:2:3:4:5:6:192.0.2.1") == "1:2:3:4:5:6:c000:201");
  for (const auto* bad : {":", ":::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9",
                          "1:2:3:4:5:6:7:8::", "1::2::3", "1:", ":1", "12345::", "::g", "[::1]",
                          "::1%eth0", "1:2:3:4:5:6:7:192.0.2.1", "::1.2.3", "1:2:3:4:5:6:7:"}) {
    CAPTURE(bad);
    CHECK(text(bad) == "-");
  }
}

TEST_CASE("an address is looked for among addresses, a name among names") {
  const certificate_names names{.dns = {"example.com", "192.0.2.9", "*.0.2.9"},
                                .ip = {{192, 0, 2, 1}, std::vector<std::uint8_t>(16, 0)}};
  CHECK(covers(names, "example.com"));
  CHECK(covers(names, "192.0.2.1"));
  CHECK(covers(names, "::"));
  CHECK_FALSE(covers(names, "::1"));
  CHECK_FALSE(covers(names, "192.0.2.9"));
  CHECK_FALSE(covers(names, "192.0.2.2"));
  CHECK_FALSE(covers(names, "0.0.0.0"));
  CHECK_FALSE(covers(certificate_names{}, "example.com"));
}
