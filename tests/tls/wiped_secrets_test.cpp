// Secrets do not stay in memory that was given back: what the client frees is looked through.
#include "openssl_server.hpp"
#include "support.hpp"

#include <cohttps/tls/resumption/sealed_sessions.hpp>

#include <botan/build.h>
#include <botan/pkcs8.h>
#include <botan/system_rng.h>
#include <botan/tls_session_manager_memory.h>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <malloc.h>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace {

// While `watching`, what is freed is kept, to be looked through once the secret is known.
struct quarantine {
  bool watching = false;
  std::size_t size = 0;
  std::array<void*, 200'000> blocks{};

  void free(void* block) noexcept {
    if (watching && block && size < blocks.size())
      blocks[size++] = block;
    else
      std::free(block);
  }
  // In how many blocks each of `secrets` stands; frees all of them.
  std::vector<std::size_t> search(const std::vector<std::vector<std::uint8_t>>& secrets) {
    std::vector<std::size_t> found;
    for (const auto& secret : secrets)
      found.push_back(static_cast<std::size_t>(
          std::count_if(blocks.begin(), blocks.begin() + std::ptrdiff_t(size), [&](void* block) {
            const auto* begin = static_cast<const std::uint8_t*>(block);
            const auto* end = begin + ::malloc_usable_size(block);
            return std::search(begin, end, secret.begin(), secret.end()) != end;
          })));
    for (std::size_t i = 0; i < size; ++i) std::free(blocks[i]);
    size = 0;
    return found;
  }
};
quarantine freed;

}  // namespace

void* operator new(std::size_t size) {
  if (void* block = std::malloc(size ? size : 1)) return block;
  throw std::bad_alloc();
}
void operator delete(void* block) noexcept { freed.free(block); }
void operator delete(void* block, std::size_t) noexcept { freed.free(block); }

using namespace cohttps;
using namespace cohttps::testing;

namespace {

using bytes = std::vector<std::uint8_t>;

bytes bytes_of(std::string_view text) { return {text.begin(), text.end()}; }

tls_options trusting() {
  return {.system_roots = false, .root_pem = test_authority().certificate_pem()};
}

// All that was looked for was looked for in full, and not found.
void check_wiped(const std::vector<bytes>& secrets) {
  for (const auto& secret : secrets) REQUIRE(secret.size() >= 16);
  CHECK(freed.size > 10);
  REQUIRE(freed.size < freed.blocks.size());
  CHECK(freed.search(secrets) == std::vector<std::size_t>(secrets.size(), 0));
}

template <class F>
auto watched(F&& call) {
  freed.watching = true;
  auto result = call();
  freed.watching = false;
  return result;
}

}  // namespace

TEST_CASE("the search finds a secret that is not wiped") {
  const bytes secret{9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 11, 12, 13, 14, 15, 16};
  watched([&] {
    const auto copy = secret;
    return copy.size();
  });
  CHECK(freed.search({secret, bytes(16, 77)}) == std::vector<std::size_t>{1, 0});
  CHECK(freed.search({secret}) == std::vector<std::size_t>{0});
}

TEST_CASE("the keys of a connection are wiped") {
  const bool tls13 = GENERATE(true, false);
  const bool in_place = GENERATE(true, false);
  CAPTURE(tls13, in_place);
  std::optional<tls_server_peer> server(
      std::in_place, localhost_certificate(),
      tls_server_options{.tls13 = tls13,
                         .sessions = std::make_shared<Botan::TLS::Session_Manager_In_Memory>(
                             std::make_shared<Botan::System_RNG>())});
  auto options = trusting();
  options.record_layer = in_place;
  std::optional<tls_context> context(tls_context::create(options).value());
  buffer incoming;
  std::optional<tls::engine> client(std::in_place, *context, "localhost", 443,
                                    std::vector<std::string>{"http/1.1"});
  REQUIRE(watched([&] { return client->start(std::chrono::system_clock::now()); }));
  const auto carry = [&] {
    while (!client->outgoing().empty() || !server->outgoing.empty()) {
      server->receive(client->outgoing().data());
      client->outgoing().clear();
      incoming.append(server->outgoing.data());
      server->outgoing.clear();
      const auto got = watched([&] { return client->receive(incoming); });
      REQUIRE(got);
    }
  };
  carry();
  REQUIRE(client->handshake_done());
  for (int i = 0; i < 5; ++i) {
    server->send(std::string(1000, 'x'));
    carry();
  }
  if (tls13) {
    server->update_keys(true);  // of both directions
    carry();
    server->send("y");
    carry();
  }
  REQUIRE(watched([&] { return client->send(std::as_bytes(std::span("y", 1))); }));
  client->outgoing().clear();
  REQUIRE(watched([&] { return client->channel_binding(); }).has_value() ==
          (tls13 || BOTAN_VERSION_CODE >= BOTAN_VERSION_CODE_FOR(3, 13, 0)));
  std::vector<bytes> secrets;
  for (const auto& [label, secret] : server->secrets) secrets.push_back(secret);
  // Of both directions and both phases, the exporter's, those after an update; or the one of 1.2.
  REQUIRE(secrets.size() >= (tls13 ? 6u : 1u));
  // What it could be continued by stays in the context, so that goes as well.
  for (const auto& each : context->who().get()->sessions->all()) {
    const auto& secret = each.session->session.master_secret();
    secrets.emplace_back(secret.begin(), secret.end());
  }
  CHECK(secrets.size() > server->secrets.size());
  watched([&] {
    client.reset();
    context.reset();
    return true;
  });
  check_wiped(secrets);
}

TEST_CASE("sessions that are sealed and opened, and their key, leave nothing") {
  bytes raw(32);
  for (std::size_t i = 0; i < raw.size(); ++i) raw[i] = static_cast<std::uint8_t>(200 - 3 * i);
  std::optional<tls_context> context(tls_context::create(trusting()).value());
  tls_server_peer server(localhost_certificate(),
                         {.sessions = std::make_shared<Botan::TLS::Session_Manager_In_Memory>(
                              std::make_shared<Botan::System_RNG>())});
  {
    auto one = make_wire(server, "localhost", *context);
    REQUIRE(one.connect());
  }
  std::vector<bytes> secrets{raw};
  for (const auto& each : context->who().get()->sessions->all()) {
    const auto& secret = each.session->session.master_secret();
    secrets.emplace_back(secret.begin(), secret.end());
  }
  REQUIRE(secrets.size() > 1);
  const auto opened = watched([&] {
    const auto key = std::as_bytes(std::span(raw));
    const auto sealed = tls::seal_sessions(*context, key);
    auto other = tls_context::create(trusting());
    auto count = tls::open_sessions(*other, key, *sealed).value();
    context.reset();
    return count;
  });
  CHECK(opened == secrets.size() - 1);
  check_wiped(secrets);
}

TEST_CASE("the key of an identity is wiped, and so is what it was read from") {
  const auto kind = GENERATE(key_kind::p256, key_kind::rsa_2048);
  const auto mine = test_authority().issue(
      {.common_name = "client", .usages = {"1.3.6.1.5.5.7.3.2"}, .key = kind});
  auto options = trusting();
  options.identity = {.certificate_pem = mine.chain_pem, .key_pem = mine.key_pem};
  const auto der = mine.key->private_key_bits();
  // From the middle of its encodings, in base64 and not.
  const auto middle = der.begin() + std::ptrdiff_t(kind == key_kind::p256 ? 7 : der.size() / 2);
  std::vector<bytes> secrets{bytes(middle, middle + 24),
                             bytes_of(std::string_view(mine.key_pem).substr(100, 40))};
  watched([&] {
    auto context = tls_context::create(options).value();
    tls_server_peer server(localhost_certificate(), {.require_client_certificate = true});
    auto one = make_wire(server, "localhost", context);
    const bool met = one.connect();
    return met && context.set_identity(*options.identity).has_value();
  });
  check_wiped(secrets);
}

#if defined(BOTAN_HAS_PKCS5_PBES2)
// The passphrase itself is another matter: Botan takes it as a std::string, and leaves that behind.
TEST_CASE("a key that was encrypted is wiped") {
  const auto mine =
      test_authority().issue({.common_name = "client", .usages = {"1.3.6.1.5.5.7.3.2"}});
  Botan::System_RNG random;
  auto options = trusting();
  options.identity = {.certificate_pem = mine.chain_pem,
                      .key_pem = Botan::PKCS8::PEM_encode_encrypted_pbkdf_iter(*mine.key, random,
                                                                               "open sesame", 1000),
                      .passphrase = "open sesame"};
  const auto der = mine.key->private_key_bits();
  REQUIRE(watched([&] { return tls_context::create(options).has_value(); }));
  check_wiped({bytes(der.begin() + 7, der.begin() + 31)});
}

TEST_CASE("a key that came in PKCS #12 is wiped, and so is the passphrase") {
  const auto mine =
      test_authority().issue({.common_name = "client", .usages = {"1.3.6.1.5.5.7.3.2"}});
  const temporary_folder folder;
  folder.write("key.pem", mine.key_pem);
  folder.write("certificate.pem", mine.certificate_pem);
  const auto path = [&](const char* name) { return (folder.path() / name).string(); };
  const std::string passphrase = "a passphrase that is long enough to be no short string";
  child_process made({openssl_server::program(), "pkcs12", "-export", "-inkey", path("key.pem"),
                      "-in", path("certificate.pem"), "-out", path("made.p12"), "-passout",
                      "pass:" + passphrase});
  REQUIRE(made.wait(std::chrono::seconds(20)) == 0);
  const auto text = folder.read("made.p12");
  const auto file = std::as_bytes(std::span(text));
  auto options = trusting();
  options.identity.emplace();
  options.identity->pkcs12.assign(file.begin(), file.end());
  options.identity->passphrase = passphrase;
  const auto der = mine.key->private_key_bits();
  bytes wide, wide32;
  for (const char c : passphrase.substr(8, 12)) {
    wide.insert(wide.end(), {0, static_cast<std::uint8_t>(c)});
    wide32.insert(wide32.end(), {static_cast<std::uint8_t>(c), 0, 0, 0});
  }
  REQUIRE(watched([&] { return tls_context::create(options).has_value(); }));
  check_wiped(
      {bytes(der.begin() + 7, der.begin() + 31), bytes_of(passphrase.substr(8, 24)), wide, wide32});
}
#endif
