// Asking issuers, as a machine: what is fetched, and what follows from the answers.
#include "revocation_forge.hpp"

#include <cohttps/tls/revocation/revocation.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <vector>

using namespace cohttps;
using namespace cohttps::testing;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using answer_status = ocsp_answer::status;

namespace {

using time_point = tls::revocation_check::time_point;
const time_point now = std::chrono::system_clock::now();

const certificate_authority& root() {
  static const certificate_authority made;
  return made;
}

struct path {
  explicit path(certificate_request request) : leaf(root().issue(complete(std::move(request)))) {
    chain = {forge::parse(leaf.certificate_pem), forge::parse(root().certificate_pem())};
  }
  static certificate_request complete(certificate_request request) {
    request.dns = {"localhost"};
    return request;
  }
  tls::revocation_check check(revocation_mode mode, time_point at = now, bool stapled = false) {
    return {chain, mode, stapled, at, cache};
  }
  issued_certificate leaf;
  tls::certificate_chain chain;
  std::shared_ptr<tls::revocation_cache> cache = std::make_shared<tls::revocation_cache>();
};

const std::string responder = "http://ocsp.test/ask";
const std::string list = "http://crl.test/list.crl";

void give(tls::revocation_check& check, const std::vector<std::uint8_t>& bytes) {
  check.answered(std::as_bytes(std::span(bytes)));
}
std::string reason(const tls::revocation_check& check) {
  const auto outcome = check.outcome();
  if (outcome) return *outcome == revocation_status::good ? "good" : "unknown";
  CHECK(outcome.error().category() == error_category::certificate);
  return std::string(outcome.error().reason());
}

}  // namespace

TEST_CASE("a responder is asked, and its answer counts") {
  path p({.ocsp_url = responder, .crl_url = list});
  const auto mode = GENERATE(revocation_mode::soft, revocation_mode::hard);
  auto check = p.check(mode);
  const auto* wanted = check.next();
  REQUIRE(wanted);
  CHECK(wanted->url == responder);
  CHECK(wanted->content_type == "application/ocsp-request");
  CHECK(wanted->content.size() > 50);
  CHECK(wanted->most == 64 * 1024);
  SECTION("good") {
    give(check, make_ocsp(root(), p.leaf));
    CHECK_FALSE(check.next());
    CHECK(reason(check) == "good");
    SECTION("and kept") {
      auto again = p.check(mode, now + 59min);
      CHECK_FALSE(again.next());
      CHECK(reason(again) == "good");
      CHECK(p.check(mode, now + 61min).next());
      CHECK(p.check(mode, now - 1min).next());
    }
  }
  SECTION("good for half an hour more") {
    give(check, make_ocsp(root(), p.leaf, {.next_update = 30min}));
    CHECK(p.check(revocation_mode::hard, now + 1min).next());
  }
  SECTION("revoked") {
    give(check, make_ocsp(root(), p.leaf, {.says = answer_status::revoked}));
    CHECK_FALSE(check.next());
    CHECK(reason(check) == "revoked");
    CHECK(check.outcome().error().alert() == "certificate_revoked");
    CHECK(p.check(mode).next());  // and the next one asks again
  }
}

TEST_CASE("when the responder is of no help, the list is fetched") {
  path p({.ocsp_url = responder, .crl_url = list});
  auto check = p.check(revocation_mode::hard);
  REQUIRE(check.next());
  const auto stranger = certificate_authority("a stranger");
  const auto other = root().issue({.dns = {"localhost"}});
  SECTION("no answer") { check.failed("connection refused"); }
  SECTION("garbage") { give(check, {1, 2, 3}); }
  SECTION("nothing") { give(check, {}); }
  SECTION("unknown") { give(check, make_ocsp(root(), p.leaf, {.says = answer_status::unknown})); }
  SECTION("out of date") {
    give(check, make_ocsp(root(), p.leaf, {.this_update = -48h, .next_update = -24h}));
  }
  SECTION("forged") { give(check, make_ocsp(root(), p.leaf, {.signer = &stranger.self()})); }
  SECTION("forged, and says revoked") {
    give(check,
         make_ocsp(root(), p.leaf, {.says = answer_status::revoked, .signer = &stranger.self()}));
  }
  SECTION("later") { give(check, make_ocsp(root(), p.leaf, {.outer = 3})); }
  SECTION("about another") { give(check, make_ocsp(root(), p.leaf, {.about = &other})); }
  const auto* wanted = check.next();
  REQUIRE(wanted);
  CHECK(wanted->url == list);
  CHECK(wanted->content.empty());
  give(check, make_crl(root()));
  CHECK_FALSE(check.next());
  CHECK(reason(check) == "good");
}

TEST_CASE("lists") {
  path p({.crl_url = list});
  const auto other = root().issue({.dns = {"localhost"}});
  const auto stranger = certificate_authority("a stranger");
  const auto outcome = [&](const std::vector<std::uint8_t>& bytes) {
    auto check = p.check(revocation_mode::hard);
    REQUIRE(check.next());
    give(check, bytes);
    CHECK_FALSE(check.next());
    return reason(check);
  };
  CHECK(outcome(make_crl(root(), {.revoked = {&p.leaf}})) == "revoked");
  CHECK(outcome(make_crl(root(), {.revoked = {&other, &p.leaf}})) == "revoked");
  CHECK(outcome(make_crl(root(), {.this_update = -48h, .next_update = -24h})) ==
        "revocation_unknown");
  CHECK(outcome(make_crl(root(), {.this_update = 24h, .next_update = 48h})) ==
        "revocation_unknown");
  CHECK(outcome(make_crl(root(), {.revoked = {&p.leaf}, .signer = &other})) ==
        "revocation_unknown");
  CHECK(outcome(make_crl(stranger)) == "revocation_unknown");
  CHECK(outcome({}) == "revocation_unknown");
  const auto pem = to_pem(make_crl(root()));
  CHECK(outcome({pem.begin(), pem.end()}) == "good");
}

TEST_CASE("nobody answers") {
  path p({.ocsp_url = responder, .crl_url = list});
  const auto ask = [&](revocation_mode mode, time_point at) {
    auto check = p.check(mode, at);
    int asked = 0;
    for (; check.next(); ++asked) check.failed("connection refused");
    return std::pair(asked, reason(check));
  };
  CHECK(ask(revocation_mode::hard, now) == std::pair(2, std::string("revocation_unknown")));
  // Who can do without an answer does not wait for it each time.
  CHECK(ask(revocation_mode::soft, now + 1min) == std::pair(0, std::string("unknown")));
  auto soon = p.check(revocation_mode::soft, now + 2min);
  CHECK_FALSE(soon.next());
  REQUIRE(soon.overlooked().size() == 1);
  CHECK_THAT(soon.overlooked()[0].what(), ContainsSubstring("a while ago"));
  CHECK(ask(revocation_mode::soft, now + 6min) == std::pair(2, std::string("unknown")));
  CHECK(ask(revocation_mode::hard, now + 7min) == std::pair(2, std::string("revocation_unknown")));

  auto check = p.check(revocation_mode::hard, now + 20min);
  while (check.next()) check.failed("connection refused");
  const auto failure = check.outcome().error();
  CHECK_THAT(failure.what(), ContainsSubstring(responder + ": connection refused") &&
                                 ContainsSubstring(list + ": connection refused") &&
                                 ContainsSubstring("tls_options::revocation"));
}

TEST_CASE("a certificate that names nobody to ask") {
  path p({});
  for (int i = 0; i < 2; ++i) {
    auto soft = p.check(revocation_mode::soft);
    CHECK_FALSE(soft.next());
    CHECK(reason(soft) == "unknown");
    REQUIRE(soft.overlooked().size() == 1);
    CHECK_THAT(soft.overlooked()[0].what(),
               ContainsSubstring("names no http address") && !ContainsSubstring("demands to know"));
  }
  auto hard = p.check(revocation_mode::hard);
  CHECK_FALSE(hard.next());
  CHECK(reason(hard) == "revocation_unknown");
  CHECK(hard.overlooked().empty());
  CHECK_THAT(hard.outcome().error().what(), ContainsSubstring("names no http address"));
  path far({.ocsp_url = "https://ocsp.test/", .crl_url = "ldap://crl.test/"});
  CHECK_FALSE(far.check(revocation_mode::hard).next());
}

TEST_CASE("each certificate below the root is asked about, in turn") {
  const auto below = root().intermediate(
      {.common_name = "below", .usages = {}, .crl_url = "http://crl.test/root.crl"});
  const auto leaf = below.issue({.dns = {"localhost"}, .crl_url = list});
  const tls::certificate_chain chain{forge::parse(leaf.certificate_pem),
                                     forge::parse(below.certificate_pem()),
                                     forge::parse(root().certificate_pem())};
  const auto cache = std::make_shared<tls::revocation_cache>();
  tls::revocation_check check(chain, revocation_mode::hard, false, now, cache);
  REQUIRE(check.next());
  CHECK(check.next()->url.ends_with(".crl"));
  give(check, make_crl(below));
  const auto* second = check.next();
  REQUIRE(second);
  CHECK(second->url == "http://crl.test/root.crl");
  SECTION("good") {
    give(check, make_crl(root()));
    CHECK_FALSE(check.next());
    CHECK(reason(check) == "good");
    CHECK(cache->size() == 2);
  }
  SECTION("the authority was revoked") {
    give(check, make_crl(root(), {.revoked = {&below.self()}}));
    CHECK(reason(check) == "revoked");
    CHECK_THAT(check.outcome().error().what(), ContainsSubstring("CN=\"below\""));
  }
  SECTION("what was stapled need not be asked") {
    tls::revocation_check stapled(chain, revocation_mode::hard, true, now,
                                  std::make_shared<tls::revocation_cache>());
    CHECK(stapled.next()->url == "http://crl.test/root.crl");
  }
}

TEST_CASE("the cache of answers is bounded") {
  tls::revocation_cache cache;
  for (int i = 0; i < 5000; ++i)
    cache.put(std::to_string(i), revocation_status::good, now, now + 1h);
  CHECK(cache.size() <= tls::revocation_cache::most);
}

TEST_CASE("addresses in certificates, malformed in every way") {
  path p({.ocsp_url = responder, .crl_url = list});
  const auto access = *tls::extension(p.chain[0], {1, 3, 6, 1, 5, 5, 7, 1, 1});
  const auto points = *tls::extension(p.chain[0], {2, 5, 29, 31});
  CHECK(tls::der::access_url(access, 1) == responder);
  CHECK(tls::der::access_url(access, 2).empty());
  CHECK(tls::der::distribution_url(points) == list);
  for (const auto& whole : {access, points})
    for (std::size_t i = 0; i < whole.size(); ++i)
      for (const int change : {1, 0x80, 0xff}) {
        auto bytes = whole;
        bytes[i] = static_cast<std::uint8_t>(bytes[i] ^ change);
        (void)tls::der::access_url(bytes, 1);  // no more is asked than that it comes back
        (void)tls::der::distribution_url(bytes);
        const auto cut = std::span(whole).first(i);
        CHECK(tls::der::access_url(cut, 1).empty());
        CHECK(tls::der::distribution_url(cut).empty());
      }
}
