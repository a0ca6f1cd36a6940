// Which paths of certificates are found and accepted, and what is said of those that are not.
#include "support.hpp"

#include <cohttps/tls/verify/certificate.hpp>
#include <cohttps/tls/verify/name_constraints.hpp>
#include <cohttps/tls/verify/path_builder.hpp>
#include <cohttps/tls/verify/trust_store.hpp>
#include <cohttps/tls/verify/verifier.hpp>

#include <botan/data_src.h>
#include <botan/der_enc.h>
#include <catch2/catch_test_macros.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace cohttps;
using namespace cohttps::testing;
using namespace std::chrono_literals;

namespace {

using bytes = std::vector<std::uint8_t>;

/// "ok", or the reason; the message goes to `message`.
std::string verify(const std::string& chain_pem, const std::string& root_pem,
                   std::string* message = nullptr, const std::string& host = "localhost") {
  tls::certificate_chain chain;
  constexpr std::string_view begin = "-----BEGIN CERTIFICATE-----";
  for (auto at = chain_pem.find(begin); at != std::string::npos;
       at = chain_pem.find(begin, at + 1)) {
    Botan::DataSource_Memory source(chain_pem.substr(at));
    chain.emplace_back(source);
  }
  tls::trust_store roots;
  REQUIRE(roots.add_pem(root_pem, "roots"));
  const auto outcome = tls::verify(chain, host, std::chrono::system_clock::now(), roots);
  if (message) *message = outcome ? "" : outcome.error().message();
  return outcome ? "ok" : std::string(outcome.error().reason());
}
std::string verify(const issued_certificate& leaf, std::string* message = nullptr) {
  return verify(leaf.chain_pem, test_authority().certificate_pem(), message);
}

bytes tlv(std::uint8_t tag, const bytes& content) {
  bytes out{tag};
  REQUIRE(content.size() < 256);
  if (content.size() >= 128) out.push_back(0x81);
  out.push_back(static_cast<std::uint8_t>(content.size()));
  out.insert(out.end(), content.begin(), content.end());
  return out;
}
bytes join(std::initializer_list<bytes> parts) {
  bytes all;
  for (const auto& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}
bytes text(std::string_view s) { return {s.begin(), s.end()}; }

}  // namespace

TEST_CASE("one odd name does not void a certificate that names the host") {
  const auto& root = test_authority();
  for (const std::string odd : {"a_b.example.com", "_dmarc.example.com", "*.test", "*.com", "*",
                                "www.example.com.", "127.0.0.1", "2001:db8::1", "a..b", "", ".",
                                "-", "w w.example.com", "a@b.example", "https://example.com/",
                                "b\xc3\xbc"
                                "cher.example"}) {
    CAPTURE(odd);
    CHECK(verify(root.issue({.dns = {odd, "localhost"}})) == "ok");
    CHECK(verify(root.intermediate({.dns = {odd}, .common_name = "odd", .usages = {}})
                     .issue({.dns = {"localhost"}})) == "ok");
  }
  for (const std::string odd : {"http://a b.test/", "http://a_b.test/", "http:\\\\a.test\\^", "",
                                "ldap:///CN=x y,DC=z?list", "a relative one"}) {
    CAPTURE(odd);
    CHECK(verify(root.issue({.dns = {"localhost"}, .ocsp_url = odd, .crl_url = odd})) == "ok");
  }
}

TEST_CASE("an entry of a list of names that is malformed voids itself alone") {
  const auto& root = test_authority();
  const bytes host = tlv(0x82, text("localhost"));
  const auto below = [&](const bytes& list, certificate_request authority) {
    authority.common_name = "between";
    authority.usages = {};
    return verify(root.intermediate(authority).issue(
        {.common_name = "leaf", .others = {{"2.5.29.17", tlv(0x30, list)}}}));
  };
  for (const bytes& odd : {
           tlv(0x87, {}),
           tlv(0x87, {127, 0, 0}),
           tlv(0x87, {127, 0, 0, 1, 255, 0, 0, 0}),
           tlv(0x87, bytes(17)),
           tlv(0xa3, {}),
           tlv(0xa4, {0x05, 0x00}),
           tlv(0x89, text("x")),
           tlv(0x0c, text("x")),
           tlv(0xa2, tlv(0x16, text("localhost"))),
           tlv(0x81, text("a b@@")),
           tlv(0x88, {}),
       }) {
    CAPTURE(odd);
    CHECK(below(join({odd, host}), {}) == "ok");
    CHECK(below(join({host, odd}), {}) == "ok");
    // What an authority may vouch for has to be certain.
    for (const auto which : {std::uint8_t{0xa0}, std::uint8_t{0xa1}})
      CHECK(below(join({odd, host}),
                  {.others = {{"2.5.29.30",
                               tlv(0x30, tlv(which, tlv(0x30, tlv(0x87, bytes(8)))))}}}) ==
            (odd[0] == 0x87 ? "name_constraints" : "ok"));
  }
  CHECK(below(join({host, {0x82, 0x20, 'a'}}), {}) != "ok");  // the list is cut off
  CHECK(below(tlv(0x87, {127, 0, 0}), {}) == "no_host_name");
}

TEST_CASE("a malformed address of the issuer is as good as none, unless it is critical") {
  for (const bytes& odd : {bytes{0x30, 0x05}, bytes{0x04, 0x00}, bytes{}, tlv(0x30, {0x02, 1, 0})})
    CHECK(verify(test_authority().issue(
              {.dns = {"localhost"}, .others = {{"1.3.6.1.5.5.7.1.1", odd}}})) == "ok");
  std::string message;
  const certificate_authority other("other");
  CHECK(verify(other.renamed("nobody").issue(
                   {.dns = {"localhost"}, .others = {{"1.3.6.1.5.5.7.1.1", {0x30, 0x05}}}}),
               &message) == "unknown_issuer");
}

TEST_CASE("a name with an underscore is asked for, and proved") {
  const auto leaf = test_authority().issue({.dns = {"a_b.example.com"}});
  CHECK(verify(leaf.chain_pem, test_authority().certificate_pem(), nullptr, "a_b.example.com") ==
        "ok");
}

TEST_CASE("where a name lies, seen from a subtree") {
  using enum tls::placement;
  using enum tls::name_form;
  const struct {
    tls::name_form form;
    std::string name, subtree;
    tls::placement expected;
  } rows[] = {
      {dns, "example.com", "example.com", inside},
      {dns, "WWW.example.com", "Example.COM", inside},
      {dns, "wexample.com", "example.com", outside},
      {dns, "com", "example.com", outside},
      {dns, "a_b.example.com", "example.com", inside},
      {dns, "anything.test", "", inside},
      {dns, "example.com", ".example.com", outside},
      {dns, "www.example.com", ".example.com", inside},
      {dns, "*.example.com", "example.com", inside},
      {dns, "*.com", "example.com", unclear},  // may be example.com
      {dns, "*.com", "www.example.com", outside},
      {dns, "*.com", ".example.com", outside},
      {dns, "*", "com", unclear},
      {dns, "w*.com", "example.com", unclear},
      {dns, "a.*.com", "example.com", unclear},
      {dns, "example.com.", "example.com", inside},
      {dns, ".example.com", "example.com", unclear},
      {dns, "w w.example.com", "example.com", unclear},
      {dns, "w w.example.com", "test", outside},
      {dns, "www.example.com", "*.example.com", unclear},
      {dns, "www.example.com", "exa mple.com", unclear},
      {dns, "www.example.com", ".", unclear},
      {email, "a@example.com", "example.com", inside},
      {email, "a@www.example.com", "example.com", outside},
      {email, "a@www.example.com", ".example.com", inside},
      {email, "a@example.com", ".example.com", outside},
      {email, "a@EXAMPLE.com", "a@example.com", inside},
      {email, "A@example.com", "a@example.com", outside},
      {email, "example.com", "example.com", unclear},
      {email, "a@example.com", "", unclear},
      {uri, "https://example.com/x", "example.com", inside},
      {uri, "https://user@example.com:80?x", "example.com", inside},
      {uri, "https://www.example.com", "example.com", outside},
      {uri, "https://www.example.com", ".example.com", inside},
      {uri, "https://evil.test/@example.com", "example.com", outside},
      {uri, "https://127.0.0.1/", "example.com", unclear},
      {uri, "https://[::1]/", "example.com", unclear},
      {uri, "urn:example.com", "example.com", unclear},
      {address, {"\x0a\x00\x00\x01", 4}, {"\x0a\x00\x00\x00\xff\x00\x00\x00", 8}, inside},
      {address, {"\x0b\x00\x00\x01", 4}, {"\x0a\x00\x00\x00\xff\x00\x00\x00", 8}, outside},
      {address, {"\x0b\x00\x00\x01", 4}, {"\x0a\x00\x00\x00\xfe\x00\x00\x00", 8}, inside},
      {address, {"\x0a\x00\x00\x01", 4}, {"\x0a\x00\x00\x00\xff\x00\xff\x00", 8}, unclear},
      {address, {"\x0a\x00\x00\x01", 4}, {"\x0a\x00\x00\x00\xfd\x00\x00\x00", 8}, unclear},
      {address, {"\x0a\x00\x00\x01", 4}, {"\x0a\x00\x00\x00", 4}, unclear},
      {address, std::string(16, '\0'), {"\x0a\x00\x00\x00\xff\x00\x00\x00", 8}, outside},
      {address, std::string(16, '\0'), std::string(32, '\0'), inside},
      {address, std::string(5, '\0'), std::string(8, '\0'), unclear},
      {tls::name_form(0xa0), "x", "x", unclear},  // otherName
  };
  for (const auto& row : rows) {
    CAPTURE(row.name, row.subtree);
    CHECK(tls::place({row.form, text(row.name)}, {row.form, text(row.subtree)}) == row.expected);
  }
}

TEST_CASE("an authority's name constraints") {
  const auto& root = test_authority();
  const auto below = [&](const bytes& constraints, certificate_request leaf) {
    std::string message;
    const auto reason =
        verify(root.intermediate({.common_name = "bounded",
                                  .usages = {},
                                  .others = {{"2.5.29.30", tlv(0x30, constraints)}}})
                   .issue(leaf),
               &message);
    return reason == "ok" ? reason : message;
  };
  const auto says = [](const std::string& message, std::string_view part) {
    CAPTURE(message, part);
    CHECK(message.find(part) != std::string::npos);
  };
  const auto subtree = [](std::uint8_t tag, std::string_view name) {
    return tlv(0x30, tlv(tag, text(name)));
  };
  const certificate_request leaf{.dns = {"localhost"}};
  CHECK(below(tlv(0xa0, subtree(0x82, "localhost")), leaf) == "ok");
  CHECK(below(tlv(0xa0, subtree(0x82, "")), leaf) == "ok");
  CHECK(below(tlv(0xa0, join({subtree(0x82, "*.x y"), subtree(0x82, "localhost")})), leaf) == "ok");
  CHECK(below(tlv(0xa1, subtree(0x82, "example.com")), leaf) == "ok");
  CHECK(below(tlv(0xa0, subtree(0x81, "example.com")), leaf) == "ok");  // has no such name
  CHECK(below(tlv(0xa0, subtree(0x88, "x")), leaf) == "ok");
  says(below(tlv(0xa0, subtree(0x82, "*.local")), leaf),
       "CN=\"bounded\"");  // not understood, so it permits nothing
  says(below(tlv(0xa0, subtree(0x82, "example.com")), leaf),
       "forbid localhost in the certificate CN=\"localhost\"");
  says(below(tlv(0xa1, subtree(0x82, "localhost")), leaf), "forbid localhost");
  says(below(tlv(0xa1, subtree(0x82, "x y")), leaf), "forbid localhost");
  says(below(tlv(0xa1, subtree(0x82, "")), leaf), "forbid localhost");
  says(below(tlv(0xa0, tlv(0x30, join({tlv(0x82, text("localhost")), {0x81, 1, 5}}))), leaf),
       "its name constraints are malformed");
  says(below({}, leaf), "its name constraints are malformed");
  says(below(tlv(0xa0, {}), leaf), "its name constraints are malformed");
  says(below(tlv(0xa0, subtree(0x82, "localhost")), {.dns = {"localhost", "other.test"}}),
       "forbid other.test");
  says(below(tlv(0xa0, subtree(0x82, "localhost")), {.dns = {"localhost", ".localhost"}}),
       "forbid .localhost");
  says(below(tlv(0xa0, subtree(0x87, "\x0a")), {.dns = {"localhost"}, .ip = {"10.0.0.1"}}),
       "forbid 10.0.0.1 in the certificate");
  says(below(tlv(0xa0, tlv(0x30, tlv(0xa4, tlv(0x30, tlv(0x31, {}))))), leaf),
       "forbid the subject of the certificate CN=\"localhost\"");
}

TEST_CASE("a policy that an authority demands") {
  const auto& root = test_authority();
  const bytes demand = tlv(0x30, tlv(0x80, {0}));
  const auto policies = [](std::initializer_list<std::uint8_t> last) {
    bytes all;
    for (const auto each : last) {
      const auto one = tlv(
          0x30, each == 0 ? bytes{0x06, 4, 0x55, 0x1d, 0x20, 0} : bytes{0x06, 3, 0x55, 0x1d, each});
      all.insert(all.end(), one.begin(), one.end());
    }
    return tlv(0x30, all);
  };
  using extensions = std::vector<std::pair<std::string, bytes>>;
  const auto check = [&](extensions authority, extensions end) {
    return verify(root.intermediate({.common_name = "strict", .usages = {}, .others = authority})
                      .issue({.dns = {"localhost"}, .others = end}));
  };
  CHECK(check({{"2.5.29.36", demand}}, {}) == "policy");
  CHECK(check({{"2.5.29.36", demand}, {"2.5.29.32", policies({100})}}, {}) == "policy");
  CHECK(check({{"2.5.29.36", demand}, {"2.5.29.32", policies({100})}},
              {{"2.5.29.32", policies({101})}}) == "policy");
  CHECK(check({{"2.5.29.36", demand}, {"2.5.29.32", policies({100, 102})}},
              {{"2.5.29.32", policies({101, 102})}}) == "ok");
  CHECK(check({{"2.5.29.36", demand}, {"2.5.29.32", policies({0})}},
              {{"2.5.29.32", policies({101})}}) == "ok");
  CHECK(check({{"2.5.29.36", demand}, {"2.5.29.32", policies({100})}},
              {{"2.5.29.32", policies({0})}}) == "ok");
  CHECK(check({{"2.5.29.36", demand}, {"2.5.29.32", policies({100})}, {"2.5.29.54", {0x02, 1, 0}}},
              {{"2.5.29.32", policies({0})}}) == "policy");  // anyPolicy is inhibited
  const bytes mapping = tlv(0x30, tlv(0x30, {0x06, 3, 0x55, 0x1d, 100, 0x06, 3, 0x55, 0x1d, 101}));
  CHECK(check({{"2.5.29.36", demand}, {"2.5.29.32", policies({100})}, {"2.5.29.33", mapping}},
              {{"2.5.29.32", policies({101})}}) == "ok");
  CHECK(check({{"2.5.29.36", demand}, {"2.5.29.32", policies({100})}, {"2.5.29.33", mapping}},
              {{"2.5.29.32", policies({100})}}) == "policy");
  CHECK(check({{"2.5.29.36", tlv(0x30, tlv(0x80, {5}))}}, {}) == "ok");
  CHECK(check({}, {{"2.5.29.36", demand}}) == "policy");
}

TEST_CASE("paths through authorities that vouch for each other") {
  // The bridge of RFC 4158, 2.4.2, and the ring of 2.3.
  using edge = std::pair<std::string, std::string>;
  const std::vector<edge> edges{
      {"F", "H"},      {"F", "G"},      {"G", "F"},      {"H", "I"},      {"I", "H"},
      {"G", "I"},      {"W", "F"},      {"W", "G"},      {"J", "K"},      {"L", "N"},
      {"L", "M"},      {"X", "J"},      {"X", "L"},      {"B", "E"},      {"A", "B"},
      {"C", "B"},      {"A", "C"},      {"C", "A"},      {"Y", "A"},      {"Y", "C"},
      {"R", "S"},      {"O", "R"},      {"O", "Q"},      {"P", "S"},      {"Z", "O"},
      {"Z", "P"},      {"W", "bridge"}, {"bridge", "W"}, {"X", "bridge"}, {"bridge", "X"},
      {"Y", "bridge"}, {"bridge", "Y"}, {"Z", "bridge"}, {"bridge", "Z"}};
  std::map<std::string, certificate_authority> authorities;
  for (const auto& [from, to] : edges)
    for (const auto& name : {from, to})
      if (!authorities.contains(name)) authorities.emplace(name, certificate_authority(name));
  const auto reason = [&](const std::string& last, const std::set<edge>& expired) {
    std::string chain = authorities.at(last).issue({.dns = {"localhost"}}).certificate_pem;
    for (const auto& [from, to] : edges)
      chain += authorities.at(from)
                   .issue({.common_name = to,
                           .not_before = -48h,
                           .not_after = expired.contains({from, to}) ? -24h : 24h,
                           .usages = {},
                           .existing_key = authorities.at(to).self().key,
                           .authority = true})
                   .certificate_pem;
    return verify(chain, authorities.at("Z").certificate_pem());
  };
  CHECK(reason("N", {}) == "ok");
  CHECK(reason("B", {}) == "ok");
  CHECK(reason("S", {}) == "ok");
  CHECK(reason("I", {}) == "ok");
  CHECK(reason("N", {{"X", "bridge"}}) == "ok");
  CHECK(reason("B", {{"Y", "A"}, {"C", "B"}}) == "ok");
  CHECK(reason("N", {{"bridge", "X"}}) == "certificate_expired");
  CHECK(reason("N", {{"Z", "bridge"}}) == "certificate_expired");
}

TEST_CASE("long paths") {
  const certificate_authority root("long root");
  certificate_authority last = root;
  std::string chain;
  for (std::size_t authorities = 1; authorities <= 40; ++authorities) {
    last = last.intermediate(
        {.common_name = "authority " + std::to_string(authorities), .usages = {}});
    const auto leaf = last.issue({.dns = {"localhost"}});
    // Forty certificates that are sent, and the root.
    if (authorities == 15 || authorities == 39) {
      CHECK(verify(leaf.chain_pem, root.certificate_pem()) == "ok");
      CHECK(verify(leaf.chain_pem + root.certificate_pem(), root.certificate_pem()) == "ok");
    }
    if (authorities != 40) continue;
    std::string message;
    CHECK(verify(leaf.chain_pem, root.certificate_pem(), &message) == "path_too_long");
    CHECK(message.find("more than 40 certificates away from a trusted root") != std::string::npos);
  }
}

TEST_CASE("the work of finding a path is bounded") {
  // Thirty authorities of one name, each of which may be the issuer of each other.
  const certificate_authority root("root");
  const certificate_authority inner("inner");
  std::string chain = inner.renamed("inner").issue({.dns = {"localhost"}}).certificate_pem;
  for (int i = 0; i < 30; ++i)
    chain += inner.issue({.common_name = "inner", .usages = {}, .authority = true}).certificate_pem;
  CHECK(verify(chain, root.certificate_pem()) == "too_many_paths");
}

TEST_CASE(
    "where the work was used up, that is the error, whatever the paths that were tried lack") {
  // Each of the certificates leads to a root of the name, which signed none of them.
  const certificate_authority root("inner");
  const certificate_authority inner("other inner");
  const auto renamed = inner.renamed("inner");
  std::string chain = renamed.issue({.dns = {"localhost"}}).certificate_pem;
  for (int i = 0; i < 30; ++i)
    chain +=
        renamed.issue({.common_name = "inner", .usages = {}, .authority = true}).certificate_pem;
  CHECK(verify(chain, root.certificate_pem()) == "too_many_paths");
}

TEST_CASE("what is wrong with a certificate, and with which one") {
  const auto& root = test_authority();
  const struct {
    std::string_view what;
    issued_certificate leaf;
    std::string_view reason, names, says;
  } rows[] = {
      {"forged under a trusted name",
       certificate_authority("cohttps test root").issue({.dns = {"localhost"}}), "bad_signature",
       "CN=\"localhost\" (", "is not signed by the authority that it names"},
      {"signed with a key of another kind than the trusted one of that name",
       certificate_authority("cohttps test root", key_kind::rsa_2048).issue({.dns = {"localhost"}}),
       "bad_signature", "CN=\"localhost\" (", "is not signed by the authority that it names"},
      {"an address as a name", root.issue({.dns = {"127.0.0.1"}}), "bad_host_name",
       "CN=\"127.0.0.1\" (", "as a DNS name; addresses belong in an iPAddress entry"},
      {"a malformed extension",
       root.issue({.dns = {"localhost"}, .others = {{"2.5.29.31", {0x04, 0x01, 0xab}}}}),
       "malformed_extension", "CN=\"localhost\" (", "whose value is 0401ab"},
      {"an authority's malformed extension",
       root.intermediate(
               {.common_name = "odd", .usages = {}, .others = {{"2.5.29.31", {0x30, 0x05}}}})
           .issue({.dns = {"localhost"}}),
       "malformed_extension", "CN=\"odd\" (", "whose value is 3005"},
      {"an unknown extension", root.issue({.dns = {"localhost"}, .unknown_critical = true}),
       "unknown_critical_extension", "CN=\"localhost\" (", "1.3.6.1.4.1.55555.1"},
      {"a weak key of an intermediate",
       root.intermediate({.common_name = "weak", .usages = {}, .key = key_kind::rsa_1024})
           .issue({.dns = {"localhost"}}),
       "weak_key", "CN=\"weak\" (", "2048"},
      {"a leaf that signs",
       root.impostor({.common_name = "impostor"}).issue({.dns = {"localhost"}}),
       "basic_constraints", "CN=\"impostor\" (", "signed another one"},
      {"too long below one",
       root.intermediate({.common_name = "short", .usages = {}, .path = 0})
           .intermediate({.common_name = "deep", .usages = {}})
           .issue({.dns = {"localhost"}}),
       "path_length", "CN=\"short\" (", "path length constraint"},
      {"an authority as a server", root.issue({.dns = {"localhost"}, .authority = true}),
       "wrong_usage", "CN=\"localhost\" (", "digitalSignature"},
      {"for clients", root.issue({.dns = {"localhost"}, .usages = {"1.3.6.1.5.5.7.3.2"}}),
       "wrong_usage", "CN=\"localhost\" (", "serverAuth"},
      {"another host", root.issue({.dns = {"other.test"}}), "wrong_host", "CN=\"other.test\" (",
       "ask for the server by one of its names"},
  };
  for (const auto& row : rows) {
    std::string message;
    CAPTURE(row.what);
    CHECK(verify(row.leaf, &message) == row.reason);
    CAPTURE(message);
    CHECK(message.starts_with("the certificate " + std::string(row.names)));
    CHECK(message.find(row.says) != std::string::npos);
    CHECK(message.find("--") == std::string::npos);
  }
}
