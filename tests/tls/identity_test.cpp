// An identity that is exchanged while connections are there.
#include "support.hpp"

#include <cohttps/tls/context_state.hpp>

#include <botan/system_rng.h>
#include <botan/tls_session_manager_memory.h>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace cohttps;
using namespace cohttps::testing;

namespace {

tls_identity identity_of(const std::string& name) {
  const auto issued =
      test_authority().issue({.common_name = name, .usages = {"1.3.6.1.5.5.7.3.2"}});
  return {.certificate_pem = issued.chain_pem, .key_pem = issued.key_pem};
}

tls_context context_of(const tls_identity& who) {
  return tls_context::create({.system_roots = false,
                              .root_pem = test_authority().certificate_pem(),
                              .identity = who})
      .value();
}

// A server that demands a certificate, and remembers sessions.
tls_server_options demanding(bool tls13) {
  return {.tls13 = tls13,
          .require_client_certificate = true,
          .sessions = std::make_shared<Botan::TLS::Session_Manager_In_Memory>(
              std::make_shared<Botan::System_RNG>())};
}

struct meeting {
  std::string name;  ///< that the server learnt of the client
  bool resumed = false;
};
meeting meet(const tls_context& context, const tls_server_options& options) {
  tls_server_peer server(localhost_certificate(), options);
  auto one = make_wire(server, "localhost", context);
  if (!one.connect()) return {std::string(one.failure->reason())};
  const auto chain = server.client_chain();
  REQUIRE_FALSE(chain.empty());
  return {chain.front().subject_dn().get_first_attribute("CN"), one.client.info().resumed};
}

std::size_t sessions_of(const tls_context& context) {
  return context.who().get()->sessions->size();
}

}  // namespace

TEST_CASE("new connections have the new identity, and continue no session of the old one") {
  const bool tls13 = GENERATE(true, false);
  CAPTURE(tls13);
  const auto options = demanding(tls13);
  auto context = context_of(identity_of("first"));
  const auto copy = context;  // such as a client has
  CHECK_FALSE(meet(copy, options).resumed);
  CHECK(meet(copy, options).resumed);
  REQUIRE(context.set_identity(identity_of("second")));
  const auto after = meet(copy, options);
  CHECK(after.name == "second");
  CHECK_FALSE(after.resumed);
  const auto again = meet(copy, options);
  CHECK(again.name == "second");
  CHECK(again.resumed);
}

TEST_CASE("an identity that no authority of the server issued is not shown, and that is said") {
  const certificate_authority wanted("wanted authority"), between = wanted.intermediate();
  const auto issued = between.issue({.common_name = "client", .usages = {"1.3.6.1.5.5.7.3.2"}});
  for (const bool tls13 : {false, true}) {
    CAPTURE(tls13);
    auto options = demanding(tls13);
    options.client_authority_pem = wanted.certificate_pem();
    const auto whole =
        meet(context_of({.certificate_pem = issued.chain_pem, .key_pem = issued.key_pem}), options);
    CHECK(whole.name == "client");

    tls_server_peer server(localhost_certificate(), options);
    auto one = make_wire(
        server, "localhost",
        context_of({.certificate_pem = issued.certificate_pem, .key_pem = issued.key_pem}));
    one.connect();
    REQUIRE(one.failure);
    CHECK(server.client_chain().empty());
    const std::string message(one.failure->message());
    CAPTURE(message);
    CHECK(message.find("the client's certificate was not shown, because the server wants one of "
                       "CN=\"wanted authority\", and none of them issued") != std::string::npos);
    CHECK(message.ends_with(
        "the chain in tls_options::identity; it may need its intermediate certificates"));
  }
}

TEST_CASE("a connection keeps the identity that it began with") {
  const bool tls13 = GENERATE(true, false);
  CAPTURE(tls13);
  const auto options = demanding(tls13);
  auto context = context_of(identity_of("first"));
  tls_server_peer server(localhost_certificate(), options);
  auto one = make_wire(server, "localhost", context);
  SECTION("in the middle of the handshake") {
    REQUIRE(one.start());
    REQUIRE(context.set_identity(identity_of("second")));
    one.shuttle();
    REQUIRE(one.client.handshake_done());
  }
  SECTION("after it, and lives on") {
    REQUIRE(one.connect());
    REQUIRE(context.set_identity(identity_of("second")));
  }
  CHECK(server.client_chain().front().subject_dn().get_first_attribute("CN") == "first");
  server.send("hello");
  one.shuttle();
  CHECK(one.plaintext.text() == "hello");
  CHECK(sessions_of(context) == 0);  // what it was given for later is the old identity's
}

TEST_CASE("a context that had no identity gets one") {
  auto context = context_trusting();
  const auto options = demanding(true);
  CHECK_FALSE(meet(context, options).name == "somebody");
  REQUIRE(context.set_identity(identity_of("somebody")));
  CHECK(meet(context, options).name == "somebody");
}

TEST_CASE("an identity that cannot be read changes nothing") {
  auto context = context_of(identity_of("first"));
  const auto options = demanding(true);
  meet(context, options);
  const auto kept = sessions_of(context);
  CHECK(kept > 0);
  auto wrong = identity_of("second");
  wrong.key_pem = identity_of("third").key_pem;
  const auto refused = context.set_identity(wrong);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().category() == error_category::usage);
  CHECK(refused.error().reason() == "wrong_client_key");
  CHECK(sessions_of(context) == kept);
  CHECK(meet(context, options).name == "first");
}

TEST_CASE("the system's context belongs to all and gets no identity") {
  auto shared = tls_context::system();
  if (!shared) SKIP("this system has no certificates");
  const auto refused = shared->set_identity(identity_of("me"));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().reason() == "shared_context");
}

TEST_CASE("an identity is exchanged while other threads connect") {
  const auto first = identity_of("first"), second = identity_of("second");
  auto context = context_of(first);
  const auto options = demanding(true);
  std::atomic<int> known = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 10; ++i) {
        tls_server_peer server(localhost_certificate(), options);
        auto one = make_wire(server, "localhost", context);
        known += one.connect();
      }
    });
  for (int i = 0; i < 20; ++i) known += context.set_identity(i % 2 ? first : second).has_value();
  for (auto& each : threads) each.join();
  CHECK(known == 50);
}
