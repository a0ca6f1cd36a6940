// Rules of revocation, one by one: whose answer it is, about whom, and for how long.
#include "revocation_forge.hpp"
#include "support.hpp"

#include <cohttps/tls/revocation/revocation.hpp>
#include <cohttps/tls/verify/trust_store.hpp>
#include <cohttps/tls/verify/verifier.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace cohttps;
using namespace cohttps::testing;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;

namespace {

using bytes = std::vector<std::uint8_t>;
const auto now = std::chrono::system_clock::now();
const std::string list = "http://crl.test/list.crl", responder = "http://ocsp.test/ask";

bytes text(std::string_view s) { return {s.begin(), s.end()}; }
bytes oid(std::string_view dotted) { return Botan::OID(dotted).BER_encode(); }

tls::certificate_chain chain_of(const issued_certificate& leaf,
                                const certificate_authority& root = test_authority()) {
  return {forge::parse(leaf.certificate_pem), forge::parse(root.certificate_pem())};
}

tls::revocation_check hard(const tls::certificate_chain& chain,
                           const std::shared_ptr<tls::revocation_cache>& cache,
                           std::chrono::seconds later = 0s) {
  return {chain, revocation_mode::hard, false, now + later, cache};
}
void give(tls::revocation_check& check, const bytes& answer) {
  REQUIRE(check.next());
  check.answered(std::as_bytes(std::span(answer)));
}

// The reason that a chain is refused with such staples, or nothing.
std::string refusal(const tls::certificate_chain& chain, std::vector<bytes> staples) {
  tls::trust_store roots;
  REQUIRE(roots.add_pem(test_authority().certificate_pem(), "the test"));
  tls::ocsp_staples parsed;
  for (const auto& each : staples) {
    parsed.emplace_back();
    if (!each.empty()) parsed.back().emplace(each);
  }
  const auto verified = tls::verify_chain(chain, now, roots, parsed);
  return verified ? "" : std::string(verified.error().reason());
}

}  // namespace

TEST_CASE("a certificate that says that it cannot be revoked is not asked about") {
  // RFC 9608: noRevAvail, with NULL as its value.
  const auto leaf = test_authority().issue(
      {.dns = {"localhost"}, .crl_url = list, .others = {{"2.5.29.56", {0x05, 0x00}}}});
  auto check = hard(chain_of(leaf), std::make_shared<tls::revocation_cache>());
  CHECK_FALSE(check.next());
  CHECK(check.outcome().value() == revocation_status::good);
}

TEST_CASE("an answer is about a certificate and its issuer") {
  const auto leaf = test_authority().issue({.dns = {"localhost"}, .crl_url = list});
  const auto cache = std::make_shared<tls::revocation_cache>();
  auto check = hard(chain_of(leaf), cache);
  give(check, make_crl(test_authority()));
  CHECK_FALSE(hard(chain_of(leaf), cache).next());
  const certificate_authority other;
  CHECK(hard(chain_of(leaf, other), cache).next());
}

TEST_CASE("a list counts for as long as it says") {
  const auto leaf = test_authority().issue({.dns = {"localhost"}, .crl_url = list});
  const auto cache = std::make_shared<tls::revocation_cache>();
  auto check = hard(chain_of(leaf), cache);
  give(check, make_crl(test_authority(), {.next_update = 30min}));
  CHECK(check.outcome().value() == revocation_status::good);
  CHECK_FALSE(hard(chain_of(leaf), cache, 29min).next());
  CHECK(hard(chain_of(leaf), cache, 31min).next());
}

TEST_CASE("a list of the same key under another name is not the issuer's") {
  const auto leaf = test_authority().issue({.dns = {"localhost"}, .crl_url = list});
  const Botan::X509_CRL other(
      make_crl(certificate_authority("somebody else"), {.signer = &test_authority().self()}));
  CHECK(tls::check_revocation(other, chain_of(leaf), 0, now) == revocation_status::untrusted);
}

TEST_CASE("a list counts for the certificates that it is about") {
  using forge::tlv;
  const bytes yes{0xff}, no{0x00};
  const auto leaf = test_authority().issue({.dns = {"localhost"}, .crl_url = list});
  const auto bare = test_authority().issue({.dns = {"localhost"}});
  const auto below = test_authority().intermediate({.common_name = "below", .crl_url = list});
  const auto point = [](std::string_view url, std::uint8_t tag = 0x86) {
    return tlv(0xa0, {tlv(0xa0, {tlv(tag, {text(url)})})});
  };
  const auto scope = [](std::initializer_list<bytes> parts) {
    return crl_extension("2.5.29.28", true, tlv(0x30, parts));
  };
  const auto says = [&](const issued_certificate& subject, crl_content content) {
    return tls::check_revocation(Botan::X509_CRL(make_crl(test_authority(), content)),
                                 chain_of(subject), 0, now);
  };
  // What it says of a certificate that is not on the list, and of one that is.
  const auto both = [&](const issued_certificate& subject, const bytes& extensions) {
    return std::pair(says(subject, {.extensions = extensions}),
                     says(subject, {.revoked = {&subject}, .extensions = extensions}));
  };
  using enum revocation_status;
  const std::pair proof(good, revoked), of_others(unknown, unknown), useless(unusable, unusable),
      accusation(unknown, revoked);

  CHECK(both(leaf, {}) == proof);
  CHECK(both(leaf, scope({point(list)})) == proof);
  CHECK(both(leaf, scope({tlv(0xa0, {tlv(0xa0, {tlv(0x86, {text("ldap://x")}),
                                                tlv(0x86, {text(list)})})})})) == proof);
  CHECK(both(leaf, scope({point("http://crl.test/other.crl")})) == of_others);
  CHECK(both(leaf, scope({point(list, 0x82)})) == of_others);  // the same text, as a host's name
  CHECK(both(leaf, scope({tlv(0xa0, {tlv(0xa1, {oid("2.5.4.3")})})})) == of_others);  // relative
  CHECK(both(bare, scope({point(list)})) == of_others);

  CHECK(both(leaf, scope({point(list), tlv(0x81, {yes})})) == proof);
  CHECK(both(leaf, scope({tlv(0x82, {yes})})) == of_others);
  CHECK(both(leaf, scope({tlv(0x82, {no})})) == proof);
  CHECK(both(below.self(), scope({tlv(0x81, {yes})})) == of_others);
  CHECK(both(below.self(), scope({tlv(0x82, {yes})})) == proof);
  CHECK(both(leaf, scope({tlv(0x83, {{1, 0x40}})})) == accusation);
  CHECK(both(leaf, scope({tlv(0x84, {yes})})) == useless);  // of several issuers
  CHECK(both(leaf, scope({tlv(0x85, {yes})})) == useless);  // attribute certificates
  CHECK(both(leaf, scope({tlv(0x86, {yes})})) == useless);  // nobody knows
  CHECK(both(leaf, scope({tlv(0x82, {yes}), tlv(0x81, {yes})})) == useless);  // not in order
  CHECK(both(leaf, scope({tlv(0x81, {{0xff, 0xff}})})) == useless);
  CHECK(both(leaf, crl_extension("2.5.29.28", true, {0x04, 0x00})) == useless);
  CHECK(both(leaf, crl_extension("2.5.29.27", true, tlv(0x02, {{1}}))) == useless);  // delta
  CHECK(both(leaf, crl_extension("2.5.29.27", false, tlv(0x02, {{1}}))) == useless);
  CHECK(both(leaf, crl_extension("1.2.3.4", true, {0x05, 0x00})) == useless);
  CHECK(both(leaf, crl_extension("1.2.3.4", false, {0x05, 0x00})) == proof);

  const auto entry = [&](std::string_view id, bool critical, const bytes& value) {
    return says(
        leaf, {.revoked = {&bare, &leaf}, .entry_extensions = crl_extension(id, critical, value)});
  };
  CHECK(entry("2.5.29.21", false, {0x0a, 0x01, 0x01}) == revoked);
  CHECK(entry("2.5.29.21", true, {0x0a, 0x01, 0x01}) == revoked);
  CHECK(entry("2.5.29.29", true, tlv(0x30, {tlv(0xa4, {tlv(0x30, {})})})) == unusable);
  CHECK(says(leaf, {.key_id = {1, 2, 3}}) == unknown);  // of another key of the same issuer
}

TEST_CASE("a distribution point of some reasons, and one of another issuer") {
  using forge::tlv;
  const auto said = [](const bytes& more) {
    const auto name = tlv(0xa0, {tlv(0xa0, {tlv(0x86, {text(list)})})});
    const auto leaf = test_authority().issue(
        {.dns = {"localhost"}, .others = {{"2.5.29.31", tlv(0x30, {tlv(0x30, {name, more})})}}});
    const Botan::X509_CRL crl(make_crl(
        test_authority(), {.extensions = crl_extension("2.5.29.28", true, tlv(0x30, {name}))}));
    return tls::check_revocation(crl, chain_of(leaf), 0, now);
  };
  CHECK(said({}) == revocation_status::good);
  CHECK(said(tlv(0x81, {{1, 0x40}})) == revocation_status::unknown);
  CHECK(said(tlv(0xa2, {tlv(0x82, {text("x")})})) == revocation_status::unknown);
}

TEST_CASE("a list of other certificates is no answer") {
  const auto leaf = test_authority().issue({.dns = {"localhost"}, .crl_url = list});
  const auto cache = std::make_shared<tls::revocation_cache>();
  auto check = hard(chain_of(leaf), cache);
  give(check, make_crl(test_authority(),
                       {.extensions = crl_extension(
                            "2.5.29.28", true, forge::tlv(0x30, {forge::tlv(0x82, {{0xff}})}))}));
  CHECK_FALSE(check.next());
  REQUIRE_FALSE(check.outcome());
  CHECK_THAT(check.outcome().error().what(),
             ContainsSubstring("it knows nothing of this certificate"));
  CHECK(hard(chain_of(leaf), cache).next());
}

TEST_CASE("lists that the user gave, and certificates that name where theirs is") {
  using forge::tlv;
  const auto leaf = test_authority().issue({.dns = {"localhost"}, .crl_url = list});
  const auto named = [](std::string_view url) {
    return crl_extension("2.5.29.28", true,
                         tlv(0x30, {tlv(0xa0, {tlv(0xa0, {tlv(0x86, {text(url)})})})}));
  };
  const auto outcome = [&](std::vector<crl_content> contents) -> std::string {
    tls::trust_store roots;
    REQUIRE(roots.add_pem(test_authority().certificate_pem(), "the test"));
    std::string pem;
    for (const auto& each : contents) pem += to_pem(make_crl(test_authority(), each));
    if (auto added = roots.add_crls(pem, "the test"); !added)
      return std::string(added.error().reason());
    const auto verified = tls::verify_chain({forge::parse(leaf.certificate_pem)}, now, roots);
    return verified ? "" : std::string(verified.error().reason());
  };
  const crl_content stale{.this_update = -48h, .next_update = -24h};
  CHECK(outcome({{}}).empty());
  CHECK(outcome({{.revoked = {&leaf}}}) == "revoked");
  CHECK(outcome({{.extensions = named("http://crl.test/2")}, {}}).empty());
  CHECK(outcome({{.revoked = {&leaf}, .extensions = named("http://crl.test/2")}}).empty());
  CHECK(outcome({{.extensions = named("http://crl.test/2")},
                 {.revoked = {&leaf}, .extensions = named(list)}}) == "revoked");
  CHECK(outcome({{.revoked = {&leaf}, .extensions = named(list)}, {}}) == "revoked");
  CHECK(outcome({stale}) == "crl_expired");
  CHECK(outcome({stale, {}}).empty());
  CHECK(outcome({{}, stale}).empty());
  CHECK(outcome({{.key_id = {1, 2, 3}}}).empty());
  CHECK(outcome({{}, {.extensions = crl_extension("2.5.29.27", true, tlv(0x02, {{1}}))}}) ==
        "unsupported_crl");
}

TEST_CASE("how much of an answer is taken") {
  const auto leaf =
      test_authority().issue({.dns = {"localhost"}, .ocsp_url = responder, .crl_url = list});
  auto check = hard(chain_of(leaf), std::make_shared<tls::revocation_cache>());
  REQUIRE(check.next());
  CHECK(check.next()->most == 64 * 1024);
  check.failed("no");
  REQUIRE(check.next());
  CHECK(check.next()->most == 16 * 1024 * 1024);
  CHECK(check.next()->content.empty());
}

TEST_CASE("what failed for one certificate is not said of the next one") {
  const auto below =
      test_authority().intermediate({.common_name = "below", .usages = {}, .crl_url = list});
  const auto leaf =
      below.issue({.dns = {"localhost"}, .ocsp_url = responder, .crl_url = list + "2"});
  tls::revocation_check check(
      {forge::parse(leaf.certificate_pem), forge::parse(below.certificate_pem()),
       forge::parse(test_authority().certificate_pem())},
      revocation_mode::hard, false, now, std::make_shared<tls::revocation_cache>());
  REQUIRE(check.next());
  check.failed("refused");
  give(check, make_crl(below));
  REQUIRE(check.next());
  check.failed("refused");
  CHECK_FALSE(check.next());
  CHECK_THAT(check.outcome().error().what(), ContainsSubstring("list.crl: refused"));
  CHECK_THAT(check.outcome().error().what(), !ContainsSubstring(responder));
}

TEST_CASE("answers that no longer hold go before those that do") {
  tls::revocation_cache cache;
  cache.put("kept", revocation_status::good, now, now + 3h);
  for (std::size_t i = 1; i < tls::revocation_cache::most; ++i)
    cache.put(std::to_string(i), revocation_status::good, now, now + 1h);
  cache.put("new", revocation_status::good, now + 2h, now + 3h);
  CHECK(cache.size() == 2);
  CHECK(cache.find("kept", now + 2h) == revocation_status::good);
}

TEST_CASE("staples of the certificates between") {
  const auto below = test_authority().intermediate({.common_name = "below", .usages = {}});
  const auto chain = [&](const issued_certificate& leaf) {
    return tls::certificate_chain{forge::parse(leaf.certificate_pem),
                                  forge::parse(below.certificate_pem())};
  };
  const auto leaf = below.issue({.dns = {"localhost"}});
  const auto demanding = below.issue({.dns = {"localhost"}, .must_staple = true});
  const auto good = make_ocsp(test_authority(), below.self());
  const auto revoked =
      make_ocsp(test_authority(), below.self(), {.says = ocsp_answer::status::revoked});
  CHECK(refusal(chain(leaf), {{}, good}).empty());
  CHECK(refusal(chain(leaf), {{}, revoked}) == "revoked");
  CHECK(refusal(chain(demanding), {{}, good}) == "missing_staple");  // not for the leaf
  CHECK(refusal(chain(demanding), {make_ocsp(below, demanding), good}).empty());
}

TEST_CASE("which certificates demand a staple") {
  const auto demands = [](bytes value) {
    const auto leaf = test_authority().issue(
        {.dns = {"localhost"}, .others = {{"1.3.6.1.5.5.7.1.24", std::move(value)}}});
    return refusal({forge::parse(leaf.certificate_pem)}, {}) == "missing_staple";
  };
  CHECK(demands({0x30, 0x03, 0x02, 0x01, 5}));
  CHECK(demands({0x30, 0x03, 0x02, 0x01, 17}));  // status_request_v2
  CHECK(demands({0x30, 0x06, 0x02, 0x01, 23, 0x02, 0x01, 5}));
  CHECK_FALSE(demands({0x30, 0x03, 0x02, 0x01, 23}));
  CHECK_FALSE(demands({0x30, 0x04, 0x02, 0x02, 5, 0}));  // 1280
  CHECK_FALSE(demands({0x30, 0x00}));
  // What cannot be read is taken in the stricter way.
  CHECK(demands({0x04, 0x01, 23}));
  CHECK(demands({0x30, 0x03, 0x04, 0x01, 23}));
  CHECK(demands({0x30, 0x03, 0x02, 0x05, 23}));
}

TEST_CASE("which addresses in certificates are asked") {
  using forge::tlv;
  const auto access = [](std::string_view id, std::uint8_t tag, std::string_view url) {
    return tls::der::access_url(tlv(0x30, {tlv(0x30, {oid(id), tlv(tag, {text(url)})})}), 1);
  };
  CHECK(access("1.3.6.1.5.5.7.48.1", 0x86, responder) == responder);
  CHECK(access("1.3.6.1.5.5.7.48.1", 0x82, responder).empty());  // the name of a host
  CHECK(access("1.3.6.1.5.5.7.48.2", 0x86, responder).empty());  // the issuer's certificate
  CHECK(access("1.3.6.1.5.5.7.99.1", 0x86, responder).empty());  // something else
  CHECK(access("1.3.6.1.5.5.7.48.1.1", 0x86, responder).empty());
  CHECK(access("1.3.6.1.5.5.7.48.1", 0x86, "ldap://x").empty());

  const auto point = [](std::uint8_t tag, const bytes& more = {}) {
    return tls::der::distribution_url(
        tlv(0x30, {tlv(0x30, {tlv(0xa0, {tlv(0xa0, {tlv(tag, {text(list)})})}), more})}));
  };
  CHECK(point(0x86) == list);
  CHECK(point(0x82).empty());
  CHECK(point(0x86, tlv(0x81, {{1, 0x40}})).empty());               // of some reasons alone
  CHECK(point(0x86, tlv(0xa2, {tlv(0x82, {text("x")})})).empty());  // of another issuer
}
