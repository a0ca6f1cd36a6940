// Sessions that leave a context as bytes, and come into another one.
#include "support.hpp"

#include <cohttps/tls/resumption/sealed_sessions.hpp>

#include <botan/base64.h>
#include <botan/hash.h>
#include <botan/system_rng.h>
#include <botan/tls_session_manager_memory.h>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

using namespace cohttps;
using namespace cohttps::testing;
using namespace std::chrono_literals;

namespace {

const std::vector<std::byte> key(32, std::byte{7});

tls_options trusting() {
  return {.system_roots = false, .root_pem = test_authority().certificate_pem()};
}

// What a server remembers, and when it is met.
struct server_memory {
  bool tls13 = true;
  tls_server_options options = {.tls13 = tls13,
                                .sessions = std::make_shared<Botan::TLS::Session_Manager_In_Memory>(
                                    std::make_shared<Botan::System_RNG>())};
  std::chrono::system_clock::time_point now = std::chrono::system_clock::now();

  bool resumes(const tls_context& context) {
    tls_server_peer server(localhost_certificate(), options);
    auto one = make_wire(server, "localhost", context);
    one.now = now;
    REQUIRE(one.connect());
    server.send("hello");
    one.shuttle();
    CHECK(one.plaintext.text() == "hello");
    CHECK(one.client.info().verified);
    return one.client.info().resumed;
  }
};

std::vector<std::byte> sealed_after(server_memory& server, const tls_context& context) {
  CHECK_FALSE(server.resumes(context));
  return tls::seal_sessions(context, key).value();
}

std::string reason(const result<std::size_t>& opened) {
  return opened ? "" : std::string(opened.error().reason());
}

std::size_t kept(const tls_context& context) { return context.who().get()->sessions->size(); }

}  // namespace

TEST_CASE("a context continues what another one that is made alike has begun") {
  server_memory server{.tls13 = GENERATE(true, false)};
  CAPTURE(server.tls13);
  const auto sealed = sealed_after(server, tls_context(trusting()));
  const tls_context context(trusting());
  const auto opened = tls::open_sessions(context, key, sealed);
  REQUIRE(opened);
  CHECK(*opened == (server.tls13 ? 2u : 1u));
  CHECK(kept(context) == *opened);
  CHECK(server.resumes(context));
}

TEST_CASE("sessions are as old as they are, wherever they were") {
  server_memory server{.tls13 = GENERATE(true, false)};
  const auto sealed = sealed_after(server, tls_context(trusting()));
  const tls_context later(trusting()), too_late(trusting());
  server.now += 23h;
  REQUIRE(tls::open_sessions(later, key, sealed));
  CHECK(server.resumes(later));
  // Also where it was continued, and kept again, in between.
  const auto again = tls::seal_sessions(later, key).value();
  server.now += 2h;
  REQUIRE(tls::open_sessions(too_late, key, again));
  CHECK_FALSE(server.resumes(too_late));
}

TEST_CASE("sessions are of no use to a context that is made in another way") {
  server_memory server;
  const auto sealed = sealed_after(server, tls_context(trusting()));
  const auto client =
      test_authority().issue({.common_name = "me", .usages = {"1.3.6.1.5.5.7.3.2"}});
  const auto pin = [] {
    const auto sha256 = Botan::HashFunction::create_or_throw("SHA-256");
    sha256->update(localhost_certificate().key->subject_public_key());
    return Botan::base64_encode(sha256->final());
  }();
  using change = std::function<void(tls_options&)>;
  const std::pair<std::string_view, change> all[] = {
      {"one more root",
       [](auto& o) { o.root_pem += certificate_authority("other").certificate_pem(); }},
      {"another root",
       [](auto& o) { o.root_pem = certificate_authority("other").certificate_pem(); }},
      {"a pin", [&](auto& o) { o.pins = {pin}; }},
      {"a pin that is reported", [](auto& o) { o.pin_report = [](std::string_view) {}; }},
      {"an identity",
       [&](auto& o) {
         o.identity = {.certificate_pem = client.chain_pem, .key_pem = client.key_pem};
       }},
      {"a version", [](auto& o) { o.minimum_version = tls_version::v1_3; }},
      {"a preset", [](auto& o) { o.preset = tls_preset::compatible; }},
      {"a size of keys", [](auto& o) { o.minimum_rsa_bits = 3072; }},
      {"a size of curves", [](auto& o) { o.minimum_ec_bits = 384; }},
      {"groups", [](auto& o) { o.groups = {"x25519"}; }},
      {"suites", [](auto& o) { o.cipher_suites = {"TLS_AES_256_GCM_SHA384"}; }},
      {"revocation", [](auto& o) { o.revocation = revocation_mode::hard; }},
  };
  for (const auto& [name, apply] : all) {
    CAPTURE(name);
    auto options = trusting();
    apply(options);
    const tls_context context(options);
    CHECK(reason(tls::open_sessions(context, key, sealed)) == "other_context");
    CHECK(kept(context) == 0);
  }
  tls_context renewed(trusting());
  REQUIRE(renewed.set_identity({.certificate_pem = client.chain_pem, .key_pem = client.key_pem}));
  CHECK(reason(tls::open_sessions(renewed, key, sealed)) == "other_context");
}

TEST_CASE("sealed sessions that were changed anywhere give nothing") {
  server_memory server{.tls13 = false};
  const auto sealed = sealed_after(server, tls_context(trusting()));
  const tls_context context(trusting());
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    auto changed = sealed;
    changed[i] ^= std::byte{1};
    const auto found = reason(tls::open_sessions(context, key, changed));
    if (found == (i < 17 ? "not_sealed_sessions" : "bad_sealed_sessions")) continue;
    CAPTURE(i, found);
    FAIL("a changed byte went through");
  }
  for (std::size_t size = 0; size < sealed.size(); ++size) {
    const auto found = reason(tls::open_sessions(context, key, std::span(sealed).first(size)));
    if (found == "not_sealed_sessions" || found == "bad_sealed_sessions") continue;
    CAPTURE(size, found);
    FAIL("a cut went through");
  }
  auto longer = sealed;
  longer.push_back(std::byte{0});
  CHECK(reason(tls::open_sessions(context, key, longer)) == "bad_sealed_sessions");
  longer.resize(tls::maximum_sealed_sessions + 2000);
  CHECK(reason(tls::open_sessions(context, key, longer)) == "not_sealed_sessions");
  CHECK(kept(context) == 0);
  CHECK(tls::open_sessions(context, key, sealed));
}

TEST_CASE("keys of sealed sessions") {
  const tls_context context(trusting());
  for (const std::size_t size : {0u, 16u, 31u, 33u}) {
    CAPTURE(size);
    const std::vector<std::byte> wrong(size);
    CHECK(tls::seal_sessions(context, wrong).error().reason() == "bad_session_key");
    CHECK(reason(tls::open_sessions(context, wrong, {})) == "bad_session_key");
  }
  const auto sealed = tls::seal_sessions(context, key).value();
  CHECK(tls::open_sessions(context, key, sealed).value() == 0);
  const std::vector<std::byte> other(32, std::byte{8});
  CHECK(reason(tls::open_sessions(context, other, sealed)) == "bad_sealed_sessions");
  CHECK(tls::seal_sessions(context, key).value() != sealed);  // another nonce
}

TEST_CASE("a context that continues nothing has nothing to seal") {
  auto options = trusting();
  options.session_resumption = false;
  CHECK(tls::seal_sessions(tls_context(options), key).error().reason() == "no_session_cache");
  CHECK(reason(tls::open_sessions(tls_context(options), key, {})) == "no_session_cache");
  options = {.system_roots = false, .danger = tls::danger::accept_any_certificate{}};
  CHECK(tls::seal_sessions(tls_context(options), key).error().reason() == "no_session_cache");
}

TEST_CASE("what is sealed shows no host") {
  server_memory server;
  const auto sealed = sealed_after(server, tls_context(trusting()));
  const std::string_view text(reinterpret_cast<const char*>(sealed.data()), sealed.size());
  CHECK(text.find("localhost") == std::string_view::npos);
}
