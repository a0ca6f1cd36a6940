#include <cohttps/connect/address_policy.hpp>

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <utility>

using namespace cohttps;

TEST_CASE("public addresses are told from all others") {
  const std::pair<std::string, bool> table[] = {
      // IPv4: each block's first and last address, and what is next to it.
      {"0.0.0.0", false},
      {"0.255.255.255", false},
      {"1.0.0.0", true},
      {"1.1.1.1", true},
      {"8.8.8.8", true},
      {"9.255.255.255", true},
      {"10.0.0.0", false},
      {"10.255.255.255", false},
      {"11.0.0.0", true},
      {"100.63.255.255", true},
      {"100.64.0.0", false},
      {"100.127.255.255", false},
      {"100.128.0.0", true},
      {"126.255.255.255", true},
      {"127.0.0.0", false},
      {"127.0.0.1", false},
      {"127.255.255.255", false},
      {"128.0.0.0", true},
      {"100.100.100.200", false},
      {"168.63.129.15", true},
      {"168.63.129.16", false},
      {"168.63.129.17", true},
      {"::ffff:168.63.129.16", false},
      {"169.253.255.255", true},
      {"169.254.0.0", false},
      {"169.254.169.254", false},
      {"169.254.255.255", false},
      {"169.255.0.0", true},
      {"172.15.255.255", true},
      {"172.16.0.0", false},
      {"172.31.255.255", false},
      {"172.32.0.0", true},
      {"191.255.255.255", true},
      {"192.0.0.0", false},
      {"192.0.0.170", false},
      {"192.0.0.255", false},
      {"192.0.1.0", true},
      {"192.0.2.0", false},
      {"192.0.2.255", false},
      {"192.0.3.0", true},
      {"192.31.196.1", true},  // AS112, which is globally reachable
      {"192.88.98.255", true},
      {"192.88.99.1", false},
      {"192.88.100.0", true},
      {"192.167.255.255", true},
      {"192.168.0.0", false},
      {"192.168.255.255", false},
      {"192.169.0.0", true},
      {"198.17.255.255", true},
      {"198.18.0.0", false},
      {"198.19.255.255", false},
      {"198.20.0.0", true},
      {"198.51.99.255", true},
      {"198.51.100.0", false},
      {"198.51.100.255", false},
      {"198.51.101.0", true},
      {"203.0.112.255", true},
      {"203.0.113.0", false},
      {"203.0.113.255", false},
      {"203.0.114.0", true},
      {"223.255.255.255", true},
      {"224.0.0.0", false},
      {"239.255.255.255", false},
      {"240.0.0.0", false},
      {"255.255.255.254", false},
      {"255.255.255.255", false},
      // IPv6
      {"::", false},
      {"::1", false},
      {"::2", false},
      {"1::", false},
      {"100::", false},
      {"100::ffff", false},
      {"100:0:0:1::1", false},
      {"200::1", false},
      {"1fff:ffff::", false},
      {"2000::1", true},
      {"2001:1::1", false},
      {"2001:2::1", false},
      {"2001:10::1", false},
      {"2001:20::1", false},
      {"2001:1ff:ffff::", false},
      {"2001:200::1", true},
      {"2001:4860:4860::8888", true},
      {"2001:db7:ffff::", true},
      {"2001:db8::", false},
      {"2001:db8:ffff:ffff::", false},
      {"2001:db9::", true},
      {"2606:4700:4700::1111", true},
      {"2620:4f:8000::1", true},
      {"3ffe:ffff::", true},
      {"3fff::1", false},
      {"3fff:fff:ffff::", false},
      {"3fff:1000::", true},
      {"4000::", false},
      {"5f00::1", false},
      {"fbff::", false},
      {"fc00::", false},
      {"fd12:3456:789a::1", false},
      {"fdff:ffff::", false},
      {"fe80::1", false},
      {"fe80::1%2", false},
      {"febf::1", false},
      {"fec0::1", false},
      {"ff02::1", false},
      {"ff0e::1", false},
      {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false},
      // IPv4 inside of IPv6: mapped, compatible, translated, NAT64, 6to4, Teredo
      {"::ffff:8.8.8.8", true},
      {"::ffff:127.0.0.1", false},
      {"::ffff:10.1.2.3", false},
      {"::ffff:169.254.169.254", false},
      {"::8.8.8.8", true},
      {"::127.0.0.1", false},
      {"::ffff:0:8.8.8.8", false},
      {"64:ff9b::8.8.8.8", true},
      {"64:ff9b::10.0.0.1", false},
      {"64:ff9b::127.0.0.1", false},
      {"64:ff9b::1:8.8.8.8", false},
      {"64:ff9b:1::8.8.8.8", false},
      {"64:ff9b:1:a00:0:100::", false},
      {"2002:808:808::1", true},
      {"2002:7f00:1::1", false},
      {"2002:a00:1::1", false},
      {"2002:c0a8:101::", false},
      {"2001:0:808:808:0:0:f7f7:f7f7", true},   // server 8.8.8.8, client 8.8.8.8
      {"2001:0:808:808:0:0:80ff:fffe", false},  // client 127.0.0.1
      {"2001:0:7f00:1:0:0:f7f7:f7f7", false},   // server 127.0.0.1
  };
  for (const auto& [text, is_public] : table) {
    CAPTURE(text);
    const endpoint e = parse_address(text).value();
    CHECK(cohttps::is_public(e) == is_public);
    CHECK(address_policy::public_only().allows(e) == is_public);
    CHECK(address_policy().allows(e));
  }
}

TEST_CASE("a Unix domain socket is not public") {
  const endpoint e = unix_endpoint("/run/docker.sock");
  CHECK_FALSE(address_policy::public_only().allows(e));
  CHECK(address_policy().allows(e));
}

TEST_CASE("a predicate of one's own decides") {
  const address_policy only_https([](const endpoint& e) { return e.port == 443; });
  endpoint e = parse_address("192.0.2.1").value();
  CHECK_FALSE(only_https.allows(e));
  e.port = 443;
  CHECK(only_https.allows(e));
}
