// What verification remembers, and what it must not.
#include "revocation_forge.hpp"
#include "support.hpp"

#include <cohttps/tls/context_state.hpp>
#include <cohttps/tls/verify/verification_cache.hpp>

#include <botan/data_src.h>
#include <botan/ocsp.h>
#include <botan/pubkey.h>
#include <botan/system_rng.h>
#include <catch2/catch_test_macros.hpp>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

using namespace cohttps;
using namespace cohttps::testing;
using namespace std::chrono_literals;

namespace {

tls::certificate_chain parse(const std::string& pem) {
  Botan::DataSource_Memory source(pem);
  tls::certificate_chain chain;
  for (auto at = pem.find("BEGIN CERT"); at != pem.npos; at = pem.find("BEGIN CERT", at + 1))
    chain.emplace_back(source);
  return chain;
}

struct fixture {
  std::chrono::system_clock::time_point now = std::chrono::system_clock::now();
  certificate_authority root;
  certificate_authority intermediate = root.intermediate();
  tls::trust_store roots;
  tls::trust_store none;  // a chain that passes with it was remembered
  tls::chain_cache cache;

  fixture() { REQUIRE(roots.add_pem(root.certificate_pem(), "root")); }
  tls::certificate_chain issue(const certificate_request& request) const {
    return parse(intermediate.issue(request).chain_pem);
  }
};

}  // namespace

TEST_CASE_METHOD(fixture, "a chain that was found good is not looked at again, for a while") {
  const auto chain = issue({.dns = {"a.example", "b.example"}});
  REQUIRE(cache.verify(chain, "a.example", now, roots, {}));
  CHECK(cache.size() == 1);
  CHECK(cache.verify(chain, "a.example", now, none, {}));
  CHECK(cache.verify(chain, "a.example", now + 9min, none, {}));
  CHECK_FALSE(cache.verify(chain, "a.example", now + 10min, none, {}));
  CHECK_FALSE(cache.verify(chain, "a.example", now - 1s, none, {}));

  CHECK_FALSE(cache.verify(chain, "b.example", now, none, {}));       // another host
  CHECK_FALSE(cache.verify({chain[0]}, "a.example", now, none, {}));  // not the whole chain
  CHECK_FALSE(cache.verify({chain[0], chain[1], chain[1]}, "a.example", now, none, {}));
  CHECK_FALSE(cache.verify({chain[1], chain[0]}, "a.example", now, none, {}));
  const auto other = parse(root.intermediate().issue({.dns = {"x.example"}}).chain_pem);
  CHECK_FALSE(cache.verify({chain[0], other[1]}, "a.example", now, none, {}));
  CHECK_FALSE(cache.verify(issue({.dns = {"a.example"}}), "a.example", now, none, {}));
}

TEST_CASE_METHOD(fixture, "failures are not remembered") {
  const auto chain = issue({.dns = {"a.example"}});
  CHECK_FALSE(cache.verify(chain, "a.example", now, none, {}));
  CHECK_FALSE(cache.verify(chain, "b.example", now, roots, {}));
  CHECK_FALSE(cache.verify(chain, "a.example", now + 24h * 365, roots, {}));
  CHECK(cache.size() == 0);
  CHECK(cache.verify(chain, "a.example", now, roots, {}));
}

TEST_CASE_METHOD(fixture, "nothing is remembered past the end of a certificate") {
  const auto chain = issue({.dns = {"a.example"}, .not_after = 3min});
  REQUIRE(cache.verify(chain, "a.example", now, roots, {}));
  CHECK(cache.verify(chain, "a.example", now + 2min, none, {}));
  CHECK_FALSE(cache.verify(chain, "a.example", now + 4min, none, {}));
}

TEST_CASE_METHOD(fixture, "nothing is remembered past the end of a list or a staple") {
  const auto leaf = intermediate.issue({.dns = {"a.example"}});
  const auto chain = parse(leaf.chain_pem);
  for (const auto& [end, kept] : {std::pair<std::chrono::seconds, bool>(3min, false),
                                  std::pair<std::chrono::seconds, bool>(1h, true)}) {
    CAPTURE(kept);
    tls::chain_cache of_lists, of_staples;
    tls::trust_store listing;
    REQUIRE(listing.add_pem(root.certificate_pem(), "root"));
    REQUIRE(listing.add_crls(to_pem(make_crl(intermediate, {.next_update = end}, now)), "list"));
    REQUIRE(of_lists.verify(chain, "a.example", now, listing, {}));
    CHECK(of_lists.size() == (kept ? 1 : 0));
    CHECK_FALSE(of_lists.verify(chain, "a.example", now + 61min, listing, {}));

    const tls::ocsp_staples staples{
        Botan::OCSP::Response(make_ocsp(intermediate, leaf, {.next_update = end}, now))};
    const auto first = of_staples.verify(chain, "a.example", now, roots, staples);
    REQUIRE(first);
    CHECK((*first)->staple == revocation_status::good);
    CHECK(of_staples.size() == (kept ? 1 : 0));
    const auto later = of_staples.verify(chain, "a.example", now + 5min, roots, staples);
    REQUIRE(later);
    CHECK(((*later)->staple == revocation_status::good) == kept);
  }
}

TEST_CASE_METHOD(fixture, "another staple is another question") {
  const auto chain = issue({.dns = {"a.example"}});
  // A well-formed answer without content: try later (RFC 6960, 4.2.1).
  const std::vector<std::uint8_t> later{0x30, 0x03, 0x0a, 0x01, 0x03};
  const tls::ocsp_staples staples{Botan::OCSP::Response(later)};
  REQUIRE(cache.verify(chain, "a.example", now, roots, {}));
  CHECK_FALSE(cache.verify(chain, "a.example", now, none, staples));
  REQUIRE(cache.verify(chain, "a.example", now, roots, staples));
  CHECK(cache.verify(chain, "a.example", now, none, staples));
  CHECK(cache.verify(chain, "a.example", now, none, {}));
}

TEST_CASE_METHOD(fixture, "the chain cache is bounded") {
  const auto chain = issue({.dns = {"*.many.example"}});
  for (std::size_t i = 0; i < tls::chain_cache::most + 10; ++i)
    REQUIRE(cache.verify(chain, std::to_string(i) + ".many.example", now, roots, {}));
  CHECK(cache.size() <= tls::chain_cache::most);
}

TEST_CASE("a signature counts for its own key and message alone, seen before or not") {
  const auto a = test_authority().issue({.dns = {"a.example"}});
  const auto b = test_authority().issue({.dns = {"b.example"}});
  const std::vector<std::uint8_t> message{1, 2, 3};
  const std::vector<std::uint8_t> other{1, 2, 4};
  constexpr auto form = Botan::Signature_Format::DerSequence;
  const auto sign = [&](const issued_certificate& by) {
    Botan::System_RNG random;
    return Botan::PK_Signer(*by.key, random, "SHA-256", form).sign_message(message, random);
  };
  const auto of_a = sign(a);
  const auto of_b = sign(b);
  const auto key_a = a.key->public_key();
  const auto key_b = b.key->public_key();
  tls::signature_verifier verifier;
  for (int round = 0; round < 3; ++round) {
    CHECK(verifier.verify(*key_a, "SHA-256", form, message, of_a));
    CHECK(verifier.verify(*key_b, "SHA-256", form, message, of_b));
    CHECK_FALSE(verifier.verify(*key_a, "SHA-256", form, message, of_b));
    CHECK_FALSE(verifier.verify(*key_b, "SHA-256", form, message, of_a));
    CHECK_FALSE(verifier.verify(*key_a, "SHA-256", form, other, of_a));
    CHECK_FALSE(verifier.verify(*key_a, "SHA-384", form, message, of_a));
    CHECK_FALSE(verifier.verify(*key_a, "SHA-256", form, message, {}));
  }
  std::vector<std::thread> threads;
  std::vector<int> good(4);
  for (auto& count : good)
    threads.emplace_back([&] {
      for (int i = 0; i < 20; ++i)
        count += verifier.verify(*key_a, "SHA-256", form, message, of_a) &&
                 !verifier.verify(*key_a, "SHA-256", form, other, of_a);
    });
  for (auto& thread : threads) thread.join();
  CHECK(good == std::vector<int>{20, 20, 20, 20});
}

TEST_CASE("connections share what was verified") {
  const auto context = context_trusting();
  for (int i = 0; i < 3; ++i) {
    tls_server_peer server(localhost_certificate());
    auto wire = make_wire(server, "localhost", context);
    REQUIRE(wire.connect());
    CHECK(wire.client.info().verified);
    CHECK_FALSE(wire.client.info().resumed);
    CHECK(context.state().chains->size() == 1);
  }
  // With another key behind the same name and chain length there is nothing to share.
  tls_server_peer impostor(certificate_authority("other").issue({.dns = {"localhost"}}));
  auto wire = make_wire(impostor, "localhost", context);
  CHECK_FALSE(wire.connect());
  // A server that has the chain and not its key.
  auto stolen = localhost_certificate();
  stolen.key = test_authority().issue({.dns = {"localhost"}}).key;
  tls_server_peer thief(stolen);
  auto robbed = make_wire(thief, "localhost", context);
  CHECK_FALSE(robbed.connect());
}
