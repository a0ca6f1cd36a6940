// The channel binding tls-exporter (RFC 9266), beside what the server has.
#include "support.hpp"

#include <cohttps/tls/channel_binding.hpp>

#include <botan/kdf.h>
#include <botan/version.h>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

using namespace cohttps;
using namespace cohttps::testing;

namespace {

constexpr bool has_tls12 = BOTAN_VERSION_CODE >= BOTAN_VERSION_CODE_FOR(3, 13, 0);

tls_context binding_context(bool asks = true) {
  return tls_context::create({.system_roots = false,
                              .root_pem = test_authority().certificate_pem(),
                              .channel_binding = asks})
      .value();
}

std::vector<std::byte> bytes_of(const std::vector<std::uint8_t>& in) {
  const auto bytes = std::as_bytes(std::span(in));
  return {bytes.begin(), bytes.end()};
}

struct bound {
  result<std::vector<std::byte>> mine;
  tls_info info;
  std::vector<std::byte> theirs = {};
};

// RFC 5705, 4, from what the server logged and the ServerHello: the seed ends in the length of the
// context, which is there and empty.
std::vector<std::byte> by_the_book(const tls_server_peer& server, const std::string& hash,
                                   const std::vector<std::uint8_t>& server_random) {
  auto seed = server.client_random;
  seed.insert(seed.end(), server_random.begin(), server_random.end());
  seed.insert(seed.end(), {0, 0});
  const std::string label = "EXPORTER-Channel-Binding";
  const auto prf = Botan::KDF::create_or_throw("TLS-12-PRF(" + hash + ")");
  return bytes_of(prf->derive_key<std::vector<std::uint8_t>>(
      32, server.master_secret, seed, std::vector<std::uint8_t>(label.begin(), label.end())));
}

bound meet(const tls_context& context, const tls_server_options& options,
           const std::string& hash = "SHA-256") {
  tls_server_peer server(localhost_certificate(), options);
  auto one = make_wire(server, "localhost", context);
  CHECK(one.client.channel_binding().error().reason() == "no_channel_binding");
  REQUIRE(one.start());
  server.receive(one.client.outgoing().data());
  one.client.outgoing().clear();
  const auto hello = server.outgoing.text().substr(11, 32);  // after two headers and the version
  const std::vector<std::uint8_t> random(hello.begin(), hello.end());
  one.shuttle();
  REQUIRE(one.client.handshake_done());
  bound got{one.client.channel_binding(), one.client.info()};
  if (one.client.info().protocol == "TLS 1.3")
    got.theirs = bytes_of(server.exported("EXPORTER-Channel-Binding", 32));
  else
    got.theirs = by_the_book(server, hash, random);
  return got;
}

}  // namespace

TEST_CASE("a channel binding that both ends have, and no other connection") {
  const bool tls13 = GENERATE(true, false);
  CAPTURE(tls13);
  if (!tls13 && !has_tls12) SKIP("this Botan has none of TLS 1.2");
  const auto context = binding_context();
  const auto first = meet(context, {.tls13 = tls13, .ciphers = {"AES-128/GCM"}});
  REQUIRE(first.mine);
  CHECK(first.mine->size() == 32);
  CHECK(*first.mine == first.theirs);
  CHECK(first.info.channel_binding == *first.mine);
  const auto other = meet(context, {.tls13 = tls13, .ciphers = {"AES-256/GCM"}}, "SHA-384");
  CHECK(*other.mine == other.theirs);
  CHECK(*other.mine != *first.mine);
}

TEST_CASE("no channel binding of TLS 1.2 without an extended master secret") {
  const auto got = meet(binding_context(), {.tls13 = false, .extended_master_secret = false});
  REQUIRE_FALSE(got.mine);
  CHECK(got.mine.error().category() == error_category::usage);
  CHECK(got.mine.error().reason() == "no_channel_binding");
  CHECK(got.info.channel_binding.empty());
}

TEST_CASE("other secrets of TLS 1.2 are derived as ever once a binding was asked for") {
  tls_server_peer server(localhost_certificate(), {.tls13 = false});
  auto one = make_wire(server, "localhost", binding_context());
  REQUIRE(one.connect());
  const auto binding = one.client.channel_binding();
  CHECK(binding.has_value() == has_tls12);
  if (binding) CHECK(*one.client.channel_binding() == *binding);
  server.send("hello");
  one.shuttle();
  CHECK(one.plaintext.text() == "hello");
}

TEST_CASE("who does not ask for it is not given the channel binding") {
  const auto got = meet(binding_context(false), {});
  CHECK(got.mine);
  CHECK(got.info.channel_binding.empty());
}
