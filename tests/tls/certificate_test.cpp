// Which certificates a handshake accepts, and what it says of the others.
#include "support.hpp"

#include <cohttps/tls/verify/trust_store.hpp>
#include <cohttps/tls/verify/verifier.hpp>

#include <botan/data_src.h>
#include <botan/x509cert.h>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <chrono>
#include <string>
#include <vector>

using namespace cohttps;
using namespace cohttps::testing;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;

namespace {

// The outcome of a handshake with a server that has `leaf` and sends `chain`.
struct outcome {
  std::string reason;  // "ok" when there is none
  std::string message;
  std::string alert;            // of the error
  std::string alert_to_server;  // that the server got
  std::string category;
};

outcome shake(const issued_certificate& leaf, const std::string& chain, bool tls13 = true,
              std::string host = "localhost", tls_context context = context_trusting()) {
  tls_server_peer server(leaf, {.chain_pem = chain, .tls13 = tls13});
  auto wire = make_wire(server, std::move(host), std::move(context));
  outcome out;
  if (wire.connect()) {
    CHECK(wire.client.info().verified);
    out.reason = "ok";
    return out;
  }
  REQUIRE(wire.failure);
  CHECK_FALSE(wire.client.handshake_done());
  CHECK(wire.plaintext.empty());
  out.reason = wire.failure->reason();
  out.message = wire.failure->what();
  out.alert = wire.failure->alert();
  out.category = to_string(wire.failure->category());
  if (!server.alerts.empty()) out.alert_to_server = server.alerts.front();
  // Sticky: every later call fails the same way.
  CHECK(wire.receive(std::as_bytes(std::span("\x17", 1))).error().reason() == out.reason);
  CHECK(wire.client.send({}).error().reason() == out.reason);
  CHECK(wire.client.end_of_stream().error().reason() == out.reason);
  return out;
}

outcome shake(const issued_certificate& leaf, bool tls13 = true) {
  return shake(leaf, leaf.chain_pem, tls13);
}

}  // namespace

TEST_CASE("a good chain is accepted") {
  const bool tls13 = GENERATE(true, false);
  const auto& root = test_authority();
  CHECK(shake(localhost_certificate(), tls13).reason == "ok");
  const auto below = root.intermediate();
  CHECK(shake(below.issue({.dns = {"localhost"}}), tls13).reason == "ok");
  CHECK(shake(root.issue({.dns = {"localhost"}, .usages = {}}), tls13).reason == "ok");
  CHECK(shake(root.issue({.dns = {"localhost"}, .key = key_kind::rsa_2048}), tls13).reason == "ok");
  CHECK(shake(root.issue({.dns = {"localhost"}, .key = key_kind::p384, .hash = "SHA-384"}), tls13)
            .reason == "ok");
  // The root, sent along though it need not be, and certificates that have nothing to do with it.
  const auto leaf = below.issue({.dns = {"localhost"}});
  CHECK(shake(leaf, leaf.chain_pem + root.certificate_pem(), tls13).reason == "ok");
  CHECK(shake(leaf,
              leaf.certificate_pem + certificate_authority("other").certificate_pem() +
                  below.certificate_pem(),
              tls13)
            .reason == "ok");
}

TEST_CASE("validity") {
  const bool tls13 = GENERATE(true, false);
  const auto& root = test_authority();
  const auto expired =
      shake(root.issue({.dns = {"localhost"}, .not_before = -48h, .not_after = -24h}), tls13);
  CHECK(expired.reason == "certificate_expired");
  CHECK(expired.category == "certificate");
  CHECK(expired.alert == "certificate_expired");
  CHECK(expired.alert_to_server == "certificate_expired");
  CHECK_THAT(expired.message, ContainsSubstring("CN=\"localhost\"") &&
                                  ContainsSubstring("cohttps test root") &&
                                  ContainsSubstring("has expired") && ContainsSubstring("renew"));

  const auto early = shake(root.issue({.dns = {"localhost"}, .not_before = 24h}), tls13);
  CHECK(early.reason == "certificate_not_yet_valid");
  CHECK_THAT(early.message, ContainsSubstring("not valid yet") && ContainsSubstring("clock"));

  // An authority that has expired vouches for nothing.
  const auto old = root.intermediate({.common_name = "old", .not_after = -1min, .usages = {}});
  const auto below = shake(old.issue({.dns = {"localhost"}}), tls13);
  CHECK(below.reason == "certificate_expired");
  CHECK_THAT(below.message, ContainsSubstring("certificate CN=\"old\""));
}

TEST_CASE("the time is the one given") {
  const auto leaf =
      test_authority().issue({.dns = {"localhost"}, .not_before = -1h, .not_after = 1h});
  for (const auto& [offset, reason] : {std::pair(-2h, "certificate_not_yet_valid"),
                                       std::pair(2h, "certificate_expired"), std::pair(0h, "ok")}) {
    tls_server_peer server(leaf);
    auto wire = make_wire(server);
    REQUIRE(wire.check(wire.client.start(std::chrono::system_clock::now() + offset)));
    wire.shuttle();
    CHECK((wire.failure ? wire.failure->reason() : "ok") == reason);
  }
}

TEST_CASE("trust") {
  const bool tls13 = GENERATE(true, false);
  const auto& root = test_authority();
  const certificate_authority stranger("a stranger");

  const auto unknown = shake(stranger.issue({.dns = {"localhost"}}), tls13);
  CHECK(unknown.reason == "unknown_issuer");
  CHECK(unknown.alert == "unknown_ca");
  CHECK(unknown.alert_to_server == "unknown_ca");
  CHECK_THAT(unknown.message, ContainsSubstring("issued by CN=\"a stranger\"") &&
                                  ContainsSubstring("tls_options::root_file"));

  const auto leaf = stranger.issue({.dns = {"localhost"}});
  const auto with_root = shake(leaf, leaf.chain_pem + stranger.certificate_pem(), tls13);
  CHECK(with_root.reason == "unknown_issuer");
  CHECK_THAT(with_root.message, ContainsSubstring("certificate CN=\"a stranger\""));

  const auto self = shake(root.issue({.dns = {"localhost"}, .self_signed = true}), tls13);
  CHECK(self.reason == "self_signed");
  CHECK_THAT(self.message, ContainsSubstring("self-signed"));

  // Of the same name as the trusted root, with another key.
  const certificate_authority impostor;
  const auto forged = shake(impostor.issue({.dns = {"localhost"}}), tls13);
  CHECK((forged.reason == "bad_signature" || forged.reason == "unknown_issuer"));

  const auto orphan = root.intermediate().issue({.dns = {"localhost"}});
  const auto missing = shake(orphan, orphan.certificate_pem, tls13);
  CHECK(missing.reason == "missing_intermediate");
  CHECK_THAT(missing.message,
             ContainsSubstring("cohttps test intermediate") && ContainsSubstring("did not send"));

  const auto far = stranger.intermediate().issue({.dns = {"localhost"}});
  CHECK(shake(far, tls13).reason == "unknown_issuer");
}

TEST_CASE("what is named as trusted is trusted, and nothing that it did not sign") {
  const auto& root = test_authority();
  const auto self = root.issue({.dns = {"localhost"}, .self_signed = true});
  CHECK(shake(localhost_certificate(), localhost_certificate().chain_pem, true, "localhost",
              context_trusting(self.certificate_pem))
            .reason == "unknown_issuer");
#if BOTAN_VERSION_CODE >= BOTAN_VERSION_CODE_FOR(3, 11, 1)
  CHECK(shake(self, self.chain_pem, true, "localhost", context_trusting(self.certificate_pem))
            .reason == "ok");
  const auto below = root.intermediate();
  const auto leaf = below.issue({.dns = {"localhost"}});
  CHECK(shake(leaf, leaf.certificate_pem, true, "localhost",
              context_trusting(below.certificate_pem()))
            .reason == "ok");
#endif
}

TEST_CASE("usage, basic constraints, path length and name constraints") {
  const bool tls13 = GENERATE(true, false);
  const auto& root = test_authority();
  const auto client_only =
      shake(root.issue({.dns = {"localhost"}, .usages = {"1.3.6.1.5.5.7.3.2"}}), tls13);
  CHECK(client_only.reason == "wrong_usage");
  CHECK_THAT(client_only.message, ContainsSubstring("serverAuth"));

  {
    // Sign with an authority of the name "cohttps test root", but present a leaf as the issuer.
    certificate_authority short_path =
        root.intermediate({.common_name = "short", .usages = {}, .path = 0});
    const auto too_deep = short_path.intermediate({.common_name = "deep", .usages = {}})
                              .issue({.dns = {"localhost"}});
    const auto outcome = shake(too_deep, tls13);
    CHECK(outcome.reason == "path_length");
    CHECK_THAT(outcome.message, ContainsSubstring("path length"));
  }

  const auto constrained =
      root.intermediate({.common_name = "constrained", .usages = {}, .permitted = {"example.com"}});
  const auto outside = shake(constrained.issue({.dns = {"localhost"}}), tls13);
  CHECK(outside.reason == "name_constraints");
  CHECK_THAT(outside.message, ContainsSubstring("name constraints"));
  const auto inside = constrained.issue({.dns = {"www.example.com"}});
  CHECK(shake(inside, inside.chain_pem, tls13, "www.example.com").reason == "ok");

  CHECK(shake(root.issue({.dns = {"localhost"}, .unknown_critical = true}), tls13).reason ==
        "unknown_critical_extension");
}

TEST_CASE("a certificate that is not an authority's signs nothing") {
  const bool tls13 = GENERATE(true, false);
  const auto impostor = test_authority().impostor({.dns = {"impostor.example"}});
  const auto outcome = shake(impostor.issue({.dns = {"localhost"}}), tls13);
  CHECK(outcome.reason == "basic_constraints");
  CHECK(outcome.category == "certificate");
}

TEST_CASE("weak keys and signatures") {
  const bool tls13 = GENERATE(true, false);
  const auto& root = test_authority();
  const auto weak = shake(root.issue({.dns = {"localhost"}, .key = key_kind::rsa_1024}), tls13);
  CHECK(weak.reason == "weak_key");
  CHECK(weak.category == "certificate");
  CHECK_THAT(weak.message, ContainsSubstring("2048") && ContainsSubstring("CN=\"localhost\""));

  const certificate_authority weak_root("weak root", key_kind::rsa_1024);
  const auto below = weak_root.issue({.dns = {"localhost"}});
  const auto outcome = shake(below, below.chain_pem, tls13, "localhost",
                             context_trusting(weak_root.certificate_pem()));
  CHECK(outcome.reason == "weak_key");
  CHECK_THAT(outcome.message, ContainsSubstring("certificate CN=\"weak root\""));

  const auto sha1 = shake(root.issue({.dns = {"localhost"}, .hash = "SHA-1"}), tls13);
  CHECK(sha1.reason == "weak_signature");
  CHECK_THAT(sha1.message, ContainsSubstring("SHA-1"));
}

TEST_CASE("whose it is") {
  const bool tls13 = GENERATE(true, false);
  const auto leaf = test_authority().issue(
      {.dns = {"a.example", "b.example", "*.c.example", "d.example", "e.example"},
       .ip = {"192.0.2.1", "2001:db8::1"}});
  const auto ask = [&](std::string host) {
    return shake(leaf, leaf.chain_pem, tls13, std::move(host));
  };
  CHECK(ask("a.example").reason == "ok");
  CHECK(ask("A.Example.").reason == "ok");
  CHECK(ask("x.c.example").reason == "ok");
  CHECK(ask("192.0.2.1").reason == "ok");
  CHECK(ask("2001:db8::1").reason == "ok");
  CHECK(ask("2001:0DB8:0::0:1").reason == "ok");
  CHECK(ask("c.example").reason == "wrong_host");
  CHECK(ask("192.0.2.2").reason == "wrong_address");
  CHECK(ask("2001:db8::2").reason == "wrong_address");
  const auto wrong = ask("x.example");
  CHECK(wrong.reason == "wrong_host");
  CHECK(wrong.alert_to_server == "bad_certificate");
  CHECK_THAT(wrong.message,
             ContainsSubstring("a.example, b.example, *.c.example, d.example and 3 more") &&
                 ContainsSubstring("not for x.example"));
}

TEST_CASE("the common name is not a name of a host") {
  const auto leaf = test_authority().issue({.common_name = "localhost"});
  const auto outcome = shake(leaf);
  CHECK(outcome.reason == "no_host_name");
  CHECK_THAT(outcome.message, ContainsSubstring("common name does not count"));
}

TEST_CASE("a certificate that demands a staple does without none") {
  const bool tls13 = GENERATE(true, false);
  const auto outcome =
      shake(test_authority().issue({.dns = {"localhost"}, .must_staple = true}), tls13);
  CHECK(outcome.reason == "missing_staple");
  CHECK_THAT(outcome.message, ContainsSubstring("OCSP"));
}

TEST_CASE("certificates that lead nowhere are passed over") {
  const auto& root = test_authority();
  const auto leaf = root.intermediate().issue({.dns = {"localhost"}});
  std::string chain = leaf.certificate_pem;
  for (int i = 0; i < 10; ++i)
    chain += certificate_authority("extra " + std::to_string(i)).certificate_pem();
  for (int i = 0; i < 10; ++i) chain += certificate_authority("extra").certificate_pem();
  CHECK(shake(leaf, chain + leaf.chain_pem).reason == "ok");
}

TEST_CASE("no verification, on demand and visibly") {
  const bool tls13 = GENERATE(true, false);
  const auto context =
      tls_context::create({.system_roots = false, .danger = tls::danger::accept_any_certificate{}})
          .value();
  const auto leaf =
      certificate_authority("a stranger").issue({.dns = {"other.example"}, .not_after = -1min});
  tls_server_peer server(leaf, {.tls13 = tls13});
  auto wire = make_wire(server, "localhost", context);
  REQUIRE(wire.connect());
  const auto& info = wire.client.info();
  CHECK_FALSE(info.verified);
  CHECK(info.peer_chain.size() == 1);
  REQUIRE(info.overlooked.size() == 2);
  CHECK(info.overlooked[0].category() == error_category::certificate);
  CHECK(info.overlooked[0].phase() == phase::handshake);
  CHECK(info.overlooked[0].reason() == "unknown_issuer");
  CHECK_THAT(info.overlooked[0].what(), ContainsSubstring("a stranger"));
  CHECK(info.overlooked[1].reason() == "wrong_host");
}

TEST_CASE("what would have been refused without the danger is told") {
  const auto& root = test_authority();
  struct row {
    std::string why;
    issued_certificate leaf;
  };
  for (const auto& [why, leaf] :
       {row{"", root.issue({.dns = {"localhost"}})},
        row{"certificate_expired", root.issue({.dns = {"localhost"}, .not_after = -1min})},
        row{"wrong_host", root.issue({.dns = {"other.example"}})}}) {
    CAPTURE(why);
    const auto context = tls_context::create({.system_roots = false,
                                              .root_pem = root.certificate_pem(),
                                              .danger = tls::danger::accept_any_certificate{}})
                             .value();
    tls_server_peer server(leaf);
    auto wire = make_wire(server, "localhost", context);
    REQUIRE(wire.connect());
    const auto& info = wire.client.info();
    CHECK_FALSE(info.verified);
    REQUIRE(info.overlooked.size() == (why.empty() ? 0 : 1));
    if (!why.empty()) CHECK(info.overlooked[0].reason() == why);
  }
}

TEST_CASE("what is told of the peer's chain") {
  const auto& root = test_authority();
  const auto leaf = root.intermediate().issue({.dns = {"localhost"}, .ip = {"127.0.0.1", "::1"}});
  tls_server_peer server(leaf);
  auto wire = make_wire(server);
  REQUIRE(wire.connect());
  const auto& chain = wire.client.info().peer_chain;
  REQUIRE(chain.size() == 2);
  CHECK(chain[0].subject == "CN=\"localhost\"");
  CHECK(chain[0].issuer == "CN=\"cohttps test intermediate\"");
  CHECK(chain[0].names == std::vector<std::string>{"localhost", "127.0.0.1", "::1"});
  CHECK(chain[0].sha256.size() == 64);
  CHECK(chain[0].sha256.find_first_not_of("0123456789abcdef") == std::string::npos);
  CHECK(chain[0].not_before.size() == 20);
  CHECK(chain[0].not_before.back() == 'Z');
  const auto length = chain[0].valid_until - chain[0].valid_from;
  CHECK(length == 24h * 90 + 1h);
  CHECK(chain[1].subject == "CN=\"cohttps test intermediate\"");
}

TEST_CASE("names that differ in their encoding alone lead to the root") {
  // RFC 5280, 7.1: letters compare without case, so the index by encoded name does not find it.
  const certificate_authority lower("same root");
  const auto leaf = lower.renamed("SAME Root").issue({.dns = {"localhost"}});
  CHECK(shake(leaf, leaf.chain_pem, true, "localhost", context_trusting(lower.certificate_pem()))
            .reason == "ok");
}

TEST_CASE("name constraints and IPv6 addresses") {
  const auto constrained = test_authority().intermediate(
      {.common_name = "constrained", .usages = {}, .permitted = {"example.com"}});
  const auto leaf = constrained.issue({.dns = {"www.example.com"}, .ip = {"2001:db8::1"}});
  const auto outcome = shake(leaf, leaf.chain_pem, true, "www.example.com");
  CHECK(outcome.reason == "ok");  // names of hosts are constrained, addresses are not
}

TEST_CASE("of many roots only those that a chain names are looked at") {
  tls::trust_store roots;
  for (int i = 0; i < 5; ++i)
    REQUIRE(
        roots.add_pem(certificate_authority("root " + std::to_string(i)).certificate_pem(), "x"));
  REQUIRE(roots.add_pem(test_authority().certificate_pem(), "x"));
  CHECK(roots.size() == 6);
  Botan::DataSource_Memory source(localhost_certificate().certificate_pem);
  const tls::certificate_chain chain{Botan::X509_Certificate(source)};
  CHECK(roots.named_by(chain)->all_subjects().size() == 1);
  CHECK(roots.all().all_subjects().size() == 6);
  CHECK(tls::verify(chain, "localhost", std::chrono::system_clock::now(), roots));
}
