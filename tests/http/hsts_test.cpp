// HTTP Strict Transport Security (RFC 6797).
#include <cohttps/http/hsts.hpp>

#include <catch2/catch_test_macros.hpp>

#include <string>

using namespace cohttps;
using namespace std::chrono_literals;

namespace {
const hsts_policy::time_point start{1'600'000'000s};
}

TEST_CASE("the field Strict-Transport-Security") {
  const auto read = [](std::string_view field) {
    const auto p = detail::parse_hsts(field);
    return p ? std::to_string(p->first.count()) + (p->second ? " below" : "") : "none";
  };
  CHECK(read("max-age=31536000") == "31536000");
  CHECK(read("max-age=\"10\" ; includeSubDomains") == "10 below");
  CHECK(read("INCLUDESUBDOMAINS;MAX-AGE=1;preload;foo=bar") == "1 below");
  CHECK(read("max-age=0") == "0");
  CHECK(read("max-age=99999999999999999999") == "3153600000");
  CHECK(read("includeSubDomains") == "none");
  CHECK(read("max-age=1;max-age=2") == "none");
  CHECK(read("max-age=-1") == "none");
  CHECK(read("max-age=") == "none");
  CHECK(read("max-age=1;includeSubDomains=1") == "none");
  CHECK(read("") == "none");
}

TEST_CASE("hosts are learnt, with those below, and end") {
  hsts_list list;
  list.learn("example.com", "max-age=100", start);
  list.learn("below.org", "max-age=100; includeSubDomains", start);
  CHECK(list.requires_https("example.com", start));
  CHECK(list.requires_https("example.com.", start));
  CHECK_FALSE(list.requires_https("www.example.com", start));
  CHECK_FALSE(list.requires_https("com", start));
  CHECK(list.requires_https("a.b.below.org", start));
  CHECK_FALSE(list.requires_https("notbelow.org", start));
  CHECK(list.requires_https("example.com", start + 99s));
  CHECK_FALSE(list.requires_https("example.com", start + 100s));
  list.learn("example.com", "max-age=0", start);
  CHECK_FALSE(list.requires_https("example.com", start));
  list.learn("127.0.0.1", "max-age=100", start);
  list.learn("::1", "max-age=100", start);
  CHECK(list.size() == 1);
}

TEST_CASE("lists are written and read") {
  hsts_list list;
  REQUIRE(list.add("# preloaded\nBank.example subdomains\n\nshop.example preloaded\r\n"));
  list.learn("learnt.example", "max-age=100", start);
  list.learn("bank.example", "max-age=0", start);  // does not undo what was preloaded
  CHECK(list.requires_https("www.bank.example", start + 1000h));
  const std::string text = list.text(start);
  CHECK(text ==
        "bank.example subdomains preloaded\nlearnt.example 1600000100\n"
        "shop.example preloaded\n");
  hsts_list other;
  REQUIRE(other.add(text));
  CHECK(other.text(start) == text);
  CHECK(other.text(start + 100s).find("learnt") == std::string::npos);
  for (const std::string_view bad : {"a.example x", "a.example 12x", "a.example 1 2"}) {
    const auto added = other.add("ok.example\n" + std::string(bad));
    REQUIRE_FALSE(added);
    CHECK(added.error().message().find("line 2") != std::string::npos);
  }
}
