#include <cohttps/http/method.hpp>

#include <catch2/catch_test_macros.hpp>

#include <string>

using namespace cohttps;

TEST_CASE("a method is a token, compared with case") {
  CHECK(method().text() == "GET");
  CHECK(method::delete_.text() == "DELETE");
  CHECK(method::parse("GET").value() == method::get);
  CHECK(method::parse("get").value() != method::get);
  CHECK(method::parse("VERSION-CONTROL").value().text() == "VERSION-CONTROL");
  CHECK(method::parse(std::string(method::max_size, 'A')).has_value());

  for (const std::string& bad :
       {std::string(), std::string("GET "), std::string("GE T"), std::string("GET\r\n"),
        std::string("G\0T", 3), std::string("G\xc3\x89T"), std::string("G:T"),
        std::string(method::max_size + 1, 'A')}) {
    CAPTURE(bad);
    const auto parsed = method::parse(bad);
    REQUIRE_FALSE(parsed.has_value());
    CHECK(parsed.error().category() == error_category::usage);
    CHECK(parsed.error().reason() == "invalid_method");
    CHECK(parsed.error().message().find('\r') == std::string::npos);
  }
}

TEST_CASE("safe and idempotent are what RFC 9110 says, and false where it says nothing") {
  struct row {
    method m;
    bool safe, idempotent;
  };
  for (const row& r :
       {row{method::get, true, true}, row{method::head, true, true},
        row{method::options, true, true}, row{method::trace, true, true},
        row{method::put, false, true}, row{method::delete_, false, true},
        row{method::post, false, false}, row{method::patch, false, false},
        row{method::connect, false, false}, row{method::parse("PROPFIND").value(), false, false},
        row{method::parse("get").value(), false, false}}) {
    CAPTURE(r.m.text());
    CHECK(r.m.is_safe() == r.safe);
    CHECK(r.m.is_idempotent() == r.idempotent);
  }
}

static_assert(method::get == method());
static_assert(method::post.text() == "POST");
