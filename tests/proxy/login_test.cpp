#include <cohttps/proxy/login.hpp>

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <string_view>

using namespace cohttps;

namespace {

const digest_hashes known{nullptr, [](std::string_view t) { return '<' + std::string(t) + '>'; },
                          nullptr};

proxy_login login(std::string_view via) {
  return {*proxy::parse(via), known, [] { return std::string("cnonce"); }};
}

std::string shown(proxy_login& l) { return l.authorization(method::connect, "h:443").value(); }

std::string challenged(proxy_login& l, std::string_view value) {
  const auto again = l.challenged({{"Proxy-Authenticate", value}});
  if (!again) CHECK(again.error().category() == error_category::policy);
  return again ? "again" : std::string(again.error().reason());
}

constexpr std::string_view digest_one = "Digest realm=r, nonce=one, algorithm=SHA-256, qop=auth";
constexpr std::string_view digest_two = "Digest realm=r, nonce=two, algorithm=SHA-256, qop=auth";
constexpr std::string_view stale =
    "Digest realm=r, nonce=three, algorithm=SHA-256, qop=auth, stale=true";

}  // namespace

TEST_CASE("without credentials nothing is shown") {
  auto l = login("h");
  CHECK(shown(l).empty());
  const auto failed = l.challenged({{"Proxy-Authenticate", "Basic realm=x, Negotiate"}});
  REQUIRE(!failed);
  CHECK(failed.error().reason() == "proxy_authentication_required");
  CHECK(failed.error().message().find("(it offers basic, negotiate)") != std::string::npos);
}

TEST_CASE("Basic at once, Digest when asked for") {
  auto l = login("u:p@h");
  CHECK(shown(l) == "Basic dTpw");
  CHECK(challenged(l, std::string("Basic realm=x, ") + std::string(digest_one)) == "again");
  const std::string first = shown(l), second = shown(l);
  CHECK(first.starts_with("Digest username=\"u\", realm=\"r\", uri=\"h:443\", nonce=\"one\""));
  CHECK(first.find("<CONNECT:h:443>") != std::string::npos);
  CHECK(first.find("nc=00000001, cnonce=\"cnonce\"") != std::string::npos);
  CHECK(second.find("nc=00000002") != std::string::npos);
}

TEST_CASE("no password is shown before Digest is asked for where nothing else is to be used") {
  proxy_login l(proxy::parse("u:s3cret@h")->with_digest(), known,
                [] { return std::string("cnonce"); });
  CHECK(shown(l).empty());
  const auto refused = l.challenged({{"Proxy-Authenticate", "Basic realm=x"}});
  REQUIRE(!refused);
  CHECK(refused.error().reason() == "proxy_authentication_failed");
  CHECK(refused.error().message().ends_with(
      "(it offers basic), and proxy::with_digest has the password shown by Digest alone"));
  CHECK(shown(l).empty());
  CHECK(challenged(l, std::string("Basic realm=x, ") + std::string(digest_one)) == "again");
  CHECK(shown(l).starts_with("Digest username=\"u\""));
}

TEST_CASE("refusals end it") {
  struct row {
    std::vector<std::string_view> challenges;
    std::string_view end;
  };
  const std::vector<row> table = {
      {{"Basic realm=x"}, "proxy_authentication_failed"},
      {{"Negotiate"}, "proxy_authentication_failed"},
      {{""}, "proxy_authentication_failed"},
      {{"=malformed"}, "proxy_authentication_failed"},
      {{"Digest realm=r, nonce=n, algorithm=SHA-1"}, "proxy_authentication_failed"},
      {{digest_one, digest_two}, "proxy_authentication_failed"},
      {{digest_one, stale}, "again"},
      {{digest_one, stale, stale}, "proxy_authentication_failed"},
      {{stale, stale}, "again"},
      {{stale, stale, stale}, "proxy_authentication_failed"},
      {{digest_one, "Basic realm=x"}, "proxy_authentication_failed"},
  };
  for (const auto& [challenges, end] : table) {
    auto l = login("alice:s3cret@h");
    std::string last;
    for (const std::string_view c : challenges) {
      shown(l);
      last = challenged(l, c);
    }
    INFO(challenges.size() << ' ' << challenges.front());
    CHECK(last == end);
  }
}

TEST_CASE("an operation that begins has tries of its own, and remembers the nonce") {
  auto l = login("u:p@h");
  CHECK(challenged(l, digest_one) == "again");
  shown(l);
  l.begin();
  CHECK(shown(l).find("nonce=\"one\"") != std::string::npos);
  // A proxy that forgot its nonces need not know that they were its own.
  CHECK(challenged(l, digest_two) == "again");
  CHECK(shown(l).find("nonce=\"two\"") != std::string::npos);
  CHECK(challenged(l, digest_one) == "proxy_authentication_failed");
}

TEST_CASE("no error of a login shows credentials") {
  for (const std::string_view value : {std::string_view("Basic realm=\"s3cret\""), digest_one}) {
    auto l = login("alice:s3cret@h");
    challenged(l, digest_one);
    const auto failed = l.challenged({{"Proxy-Authenticate", value}});
    REQUIRE(!failed);
    CHECK(failed.error().message().find("alice") == std::string::npos);
    CHECK(failed.error().message().find("s3cret") == std::string::npos);
  }
}
