// Shares of the group that a server is known to choose, and what happens when it chooses another.
#include "client_hello.hpp"
#include "support.hpp"

#include <cohttps/tls/group.hpp>
#include <cohttps/tls/known_groups.hpp>
#include <cohttps/tls/policy.hpp>

#include <botan/system_rng.h>
#include <botan/tls_session_manager_memory.h>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

using namespace cohttps;
using namespace cohttps::testing;
using namespace std::chrono_literals;

namespace {

constexpr int x25519 = 0x001d, p256 = 0x0017, p384 = 0x0018, hybrid = 0x11ec;

Botan::TLS::Group_Params group(std::string_view name) { return tls::group_named(name).value(); }

// What a context that knows nothing sends shares of.
std::vector<int> usual() {
  return has_hybrid() ? std::vector<int>{hybrid, x25519} : std::vector<int>{x25519};
}

struct meeting {
  std::vector<int> shares;  ///< of the first ClientHello
  int hellos = 0;           ///< two after a HelloRetryRequest
  std::string failure = {};
  tls_info info = {};
};

// Servers of one origin, and one client's context.
struct origin {
  tls_server_options options = {.tls13 = true};
  tls_context context = context_trusting();
  std::uint16_t port = 443;
  std::vector<std::string> alpn = {};
  std::chrono::system_clock::time_point now = std::chrono::system_clock::now();

  void choose(std::vector<std::string_view> names) {
    options.groups.clear();
    for (const auto name : names) options.groups.push_back(group(name));
  }

  meeting meet(const issued_certificate& certificate = localhost_certificate()) {
    tls_server_peer server(certificate, options);
    wire one{tls::engine(context, "localhost", port, alpn), server};
    one.now = now;
    meeting met;
    if (one.connect()) {
      server.send("hello");
      one.shuttle();
      CHECK(one.plaintext.text() == "hello");
      met.info = one.client.info();
      CHECK(met.info.verified);
    }
    if (one.failure) met.failure = one.failure->reason();
    const std::string_view sent(reinterpret_cast<const char*>(one.to_server.data()),
                                one.to_server.size());
    for (std::size_t at = 0; at + 6 < sent.size() && sent[at] != 23;) {
      const auto length = static_cast<std::size_t>(client_hello::number(sent, at + 3));
      if (sent[at] == 22 && sent[at + 5] == 1 && ++met.hellos == 1) {
        const client_hello hello(sent.substr(at, 5 + length));
        met.shares = hello.shares();
        // Whatever there is a share of, the server may choose any.
        if (!met.shares.empty()) CHECK(hello.numbers(10).size() == (has_hybrid() ? 5u : 4u));
      }
      at += 5 + length;
    }
    return met;
  }
};

}  // namespace

TEST_CASE("a share is sent of the group that was chosen the last time, alone") {
  const bool resumes = GENERATE(false, true);
  const auto& [name, code] = GENERATE(std::pair<std::string_view, int>("x25519", x25519),
                                      std::pair<std::string_view, int>("secp384r1", p384),
                                      std::pair<std::string_view, int>("X25519MLKEM768", hybrid));
  if (code == hybrid && !has_hybrid()) SKIP("Botan was built without post-quantum groups");
  CAPTURE(resumes, name);
  origin o;
  if (resumes)
    o.options.sessions = std::make_shared<Botan::TLS::Session_Manager_In_Memory>(
        std::make_shared<Botan::System_RNG>());
  o.choose({name});
  const auto first = o.meet();
  CHECK(first.shares == usual());
  CHECK(first.hellos == (code == p384 ? 2 : 1));
  for (int i = 0; i < 3; ++i) {
    const auto next = o.meet();
    CHECK(next.failure.empty());
    CHECK(next.info.resumed == resumes);
    CHECK(next.info.group == name);
    CHECK(next.shares == std::vector<int>{code});
    CHECK(next.hellos == 1);  // also where the first one was asked again
  }
}

TEST_CASE("a server that has changed its mind asks again, and nothing is expected of it then") {
  const bool resumes = GENERATE(false, true);
  CAPTURE(resumes);
  origin o;
  if (resumes)
    o.options.sessions = std::make_shared<Botan::TLS::Session_Manager_In_Memory>(
        std::make_shared<Botan::System_RNG>());
  o.choose({"x25519"});
  o.meet();
  o.choose({"secp256r1"});
  const auto changed = o.meet();
  CHECK(changed.failure.empty());
  CHECK(changed.shares == std::vector<int>{x25519});
  CHECK(changed.hellos == 2);
  CHECK(changed.info.group == "secp256r1");
  CHECK(changed.info.resumed == resumes);
  // It may be one of several that differ: now this one, now that one is met.
  for (const auto* next : {"x25519", "secp256r1", "x25519"}) {
    o.choose({next});
    const auto met = o.meet();
    CHECK(met.failure.empty());
    CHECK(met.shares == usual());
    CHECK(met.info.group == next);
  }
  o.now += 61min;
  o.meet();
  CHECK(o.meet().shares == std::vector<int>{x25519});
}

TEST_CASE("an hour later a better group can be chosen") {
  if (!has_hybrid()) SKIP("Botan was built without post-quantum groups");
  origin o;
  o.choose({"x25519"});
  o.meet();
  // Its use does not prolong it.
  for (int i = 0; i < 5; ++i) {
    const auto met = o.meet();
    CHECK(met.shares == std::vector<int>{x25519});
    o.now += 11min;
  }
  o.now += 6min;
  o.choose({"X25519MLKEM768"});
  const auto met = o.meet();
  CHECK(met.shares == usual());
  CHECK(met.info.group == "X25519MLKEM768");
  o.now -= 2h;  // the clock was set back
  CHECK(o.meet().shares == usual());
}

TEST_CASE("what is known of an origin is not used for another, nor by another context") {
  origin o;
  o.choose({"secp384r1"});
  o.meet();
  auto other = o;
  const int what = GENERATE(0, 1, 2);
  if (what == 0) other.port = 8443;
  if (what == 1) other.alpn = {"http/1.1"};
  if (what == 2) other.context = context_trusting();
  CHECK(other.meet().shares == usual());
  CHECK(o.meet().shares == std::vector<int>{p384});
}

TEST_CASE("with resumption turned off nothing is remembered that a server could see") {
  origin o;
  o.context = tls_context::create({.system_roots = false,
                                   .root_pem = test_authority().certificate_pem(),
                                   .session_resumption = false})
                  .value();
  o.choose({"secp256r1"});
  o.meet();
  CHECK(o.meet().shares == usual());
}

TEST_CASE("a handshake that fails makes the origin unknown") {
  origin o;
  o.choose({"secp256r1"});
  o.meet();
  CHECK(o.meet().shares == std::vector<int>{p256});
  const auto stranger = certificate_authority("other").issue({.dns = {"localhost"}});
  CHECK(o.meet(stranger).failure == "unknown_issuer");
  CHECK(o.meet().shares == usual());
}

TEST_CASE("the group of a server of TLS 1.2 is known as well") {
  origin o;
  o.options.tls13 = false;
  o.choose({"secp256r1"});
  CHECK(o.meet().info.protocol == "TLS 1.2");
  CHECK(o.meet().shares.empty());  // it continues a session of TLS 1.2, and was refused
  CHECK(o.meet().shares == std::vector<int>{p256});
}

TEST_CASE("a group that is known but no longer offered is passed over") {
  const auto policy = tls::client_policy::create({.groups = {"x25519", "secp256r1"}}).value();
  using groups = std::vector<Botan::TLS::Group_Params>;
  CHECK(policy->key_exchange_groups_to_offer() == groups{group("x25519")});
  CHECK(policy->expecting(group("secp256r1"))->key_exchange_groups_to_offer() ==
        groups{group("secp256r1")});
  CHECK(policy->expecting(group("secp384r1"))->key_exchange_groups_to_offer() ==
        groups{group("x25519")});
  CHECK(policy->expecting({})->key_exchange_groups() == policy->key_exchange_groups());
}

TEST_CASE("what is known of groups is bounded") {
  const auto now = std::chrono::system_clock::now();
  tls::known_groups known;
  for (std::size_t i = 0; i < 3 * tls::known_groups::most; ++i)
    known.learn(std::to_string(i), group("x25519"), now);
  CHECK(known.size() <= tls::known_groups::most);
  CHECK(known.find(std::to_string(3 * tls::known_groups::most - 1), now));
  CHECK_FALSE(known.find("0", now));
}
