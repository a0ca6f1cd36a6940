// The misuse matrix, revocation: by lists that the user gave, and by what the server staples.
#include "misuse.hpp"
#include "revocation_forge.hpp"
#include "servers/process.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

using namespace cohttps;
using namespace cohttps::testing;
using namespace std::chrono_literals;
using status = ocsp_answer::status;

namespace {

const issued_certificate& plain() { return localhost_certificate(); }
const issued_certificate& demanding() {
  static const auto made = test_authority().issue({.dns = {"localhost"}, .must_staple = true});
  return made;
}

// A client with the list in a file.
struct listed {
  explicit listed(const std::vector<std::uint8_t>& crl) {
    const auto* text = reinterpret_cast<const char*>(crl.data());
    options.crl_files = {folder.write("list.crl", std::string_view(text, crl.size())).string()};
  }
  temporary_folder folder;
  tls_options options;
};

struct stapled {
  revocation_status status;
  std::string failure;  // its reason
};
stapled staple(const issued_certificate& certificate, const std::vector<std::uint8_t>& answer,
               bool tls13 = true) {
  tls_server_peer server(certificate, {.tls13 = tls13, .staple = answer});
  auto wire = make_wire(server);
  if (!wire.connect()) return {revocation_status::none, std::string(wire.failure->reason())};
  return {wire.client.info().staple, {}};
}

}  // namespace

TEST_CASE("misuse: revoked by a list") {
  const auto& root = test_authority();
  const auto other = root.issue({.dns = {"localhost"}});
  const listed list(make_crl(root, {.revoked = {&plain()}}));
  check({.name = "on the list",
         .certificate = plain(),
         .reason = "revoked",
         .says = "was revoked by its issuer",
         .advises = "the server needs a new one",
         .alert = "certificate_revoked",
         .trust = list.options});
  check({.name = "not on it", .certificate = other, .reason = "ok", .trust = list.options});
  const auto below = root.intermediate();
  const auto leaf = below.issue({.dns = {"localhost"}});
  const listed above(make_crl(root, {.revoked = {&below.self()}}));
  check({.name = "the issuer on it",
         .certificate = leaf,
         .reason = "revoked",
         .says = "CN=\"cohttps test intermediate\"",
         .trust = above.options});
  const listed stale(make_crl(root, {.this_update = -48h, .next_update = -24h}));
  check({.name = "an old list",
         .certificate = plain(),
         .reason = "crl_expired",
         .says = "may have been revoked",
         .advises = "fetch a new one",
         .trust = stale.options});
  const listed early(make_crl(root, {.this_update = 24h, .next_update = 48h}));
  check({.name = "a list from the future",
         .certificate = plain(),
         .reason = "crl_expired",
         .says = "is not valid yet",
         .trust = early.options});
  const listed forged(make_crl(root, {.signer = &other}));
  check({.name = "a forged list",
         .certificate = plain(),
         .reason = "bad_crl",
         .says = "forged or damaged",
         .trust = forged.options});
}

TEST_CASE("misuse: revoked by a staple") {
  const auto& root = test_authority();
  for (const auto* certificate : {&plain(), &demanding()})
    check({.name = "revoked",
           .certificate = *certificate,
           .reason = "revoked",
           .says = "was revoked by its issuer",
           .alert = "certificate_revoked",
           .staple = make_ocsp(root, *certificate, {.says = status::revoked})});
}

TEST_CASE("misuse: a certificate that demands a staple") {
  const auto& root = test_authority();
  const auto other = root.issue({.dns = {"localhost"}});
  const auto demands = [&](std::string name, std::vector<std::uint8_t> answer, std::string says) {
    check({.name = std::move(name),
           .certificate = demanding(),
           .reason = "missing_staple",
           .says = says,
           .advises = "the server has to",
           .staple = std::move(answer)});
  };
  demands("none", {}, "sent none");
  demands("out of date", make_ocsp(root, demanding(), {.this_update = -48h, .next_update = -24h}),
          "out of date");
  demands("from the future", make_ocsp(root, demanding(), {.this_update = 24h, .next_update = 48h}),
          "not valid yet");
  demands("of somebody else", make_ocsp(root, demanding(), {.signer = &other}), "did not sign");
  demands("of somebody else, attached",
          make_ocsp(root, demanding(), {.signer = &other, .attached = true}), "did not sign");
  demands("damaged", make_ocsp(root, demanding(), {.broken_signature = true}), "did not sign");
  demands("unknown", make_ocsp(root, demanding(), {.says = status::unknown}), "does not know");
  demands("about another", make_ocsp(root, demanding(), {.about = &other}), "does not know");
  demands("a responder's excuse", make_ocsp(root, demanding(), {.outer = 3}), "cannot be used");
  check({.name = "good",
         .certificate = demanding(),
         .reason = "ok",
         .staple = make_ocsp(root, demanding())});
}

TEST_CASE("the state of a staple is told") {
  const bool tls13 = GENERATE(true, false);
  const auto& root = test_authority();
  const auto other = root.issue({.dns = {"localhost"}});
  const auto told = [&](const std::vector<std::uint8_t>& answer) {
    const auto met = staple(plain(), answer, tls13);
    CHECK(met.failure.empty());
    return met.status;
  };
  const auto says = [&](const ocsp_answer& answer) { return make_ocsp(root, plain(), answer); };
  CAPTURE(tls13);
  CHECK(told({}) == revocation_status::none);
  CHECK(told(says({.this_update = -48h, .next_update = -24h})) == revocation_status::expired);
  CHECK(told(says({.this_update = -24h * 9, .next_update = std::nullopt})) ==
        revocation_status::expired);
  CHECK(told(says({.this_update = 24h})) == revocation_status::not_yet_valid);
  CHECK(told(says({.signer = &other})) == revocation_status::untrusted);
  CHECK(told(says({.broken_signature = true})) == revocation_status::untrusted);
  CHECK(told(says({.says = status::unknown})) == revocation_status::unknown);
  CHECK(told(says({.about = &other})) == revocation_status::unknown);
  CHECK(told(says({.outer = 6})) == revocation_status::unusable);
  CHECK(told(says({})) == revocation_status::good);
  // Without a nonce all of them are: responders make them ahead of time (RFC 6960, 4.4.1).
  CHECK(told(says({.next_update = std::nullopt})) == revocation_status::good);
  // Of a responder that the issuer named.
  const auto delegate = root.issue({.common_name = "responder", .usages = {"1.3.6.1.5.5.7.3.9"}});
  CHECK(told(says({.signer = &delegate, .attached = true})) == revocation_status::good);
  const auto stranger = certificate_authority("a stranger")
                            .issue({.common_name = "responder", .usages = {"1.3.6.1.5.5.7.3.9"}});
  CHECK(told(says({.signer = &stranger, .attached = true})) == revocation_status::untrusted);
}

TEST_CASE("a forged staple does not revoke") {
  const auto& root = test_authority();
  const auto other = root.issue({.dns = {"localhost"}});
  const auto answer = make_ocsp(root, plain(), {.says = status::revoked, .signer = &other});
  CHECK(staple(plain(), answer).failure.empty());
}
