// What tls_options change, each over a handshake.
#include "support.hpp"

#include <cohttps/tls/context.hpp>
#include <cohttps/tls/context_state.hpp>

#include <botan/base64.h>
#include <botan/build.h>
#include <botan/hash.h>
#include <botan/hex.h>
#include <botan/pkcs8.h>
#include <botan/pubkey.h>
#include <botan/system_rng.h>
#include <botan/tls_session_manager_memory.h>
#include <botan/x509cert.h>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>
#if defined(__linux__)
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>
#endif

using namespace cohttps;
using namespace cohttps::testing;
using Catch::Matchers::ContainsSubstring;

namespace {

tls_options trusting() {
  return {.system_roots = false, .root_pem = test_authority().certificate_pem()};
}

struct met {
  std::string failure;
  tls_info info;
};
met meet(const tls_options& options, tls_server_peer& server) {
  auto one = make_wire(server, "localhost", tls_context::create(options).value());
  if (!one.connect()) return {std::string(one.failure->reason()), {}};
  REQUIRE(one.client.send(std::as_bytes(std::span("ping", 4))));
  one.shuttle();
  if (one.failure) return {std::string(one.failure->reason()), {}};
  CHECK(server.received == "ping");
  return {"", one.client.info()};
}
met meet(const tls_options& options, const tls_server_options& server = {}) {
  tls_server_peer peer(localhost_certificate(), server);
  return meet(options, peer);
}

std::string refusal(const tls_options& options) {
  const auto context = tls_context::create(options);
  REQUIRE_FALSE(context);
  CHECK(context.error().category() == error_category::usage);
  return std::string(context.error().reason());
}

std::vector<std::byte> der_of(const std::string& pem) {
  const auto body = pem.substr(pem.find('\n'), pem.find("-----END") - pem.find('\n'));
  const auto decoded = Botan::base64_decode(body);
  const auto bytes = std::as_bytes(std::span(decoded));
  return {bytes.begin(), bytes.end()};
}

std::vector<std::uint8_t> octets_of(const std::vector<std::byte>& bytes) {
  const auto* begin = reinterpret_cast<const std::uint8_t*>(bytes.data());
  return {begin, begin + bytes.size()};
}

std::string pin_of(const issued_certificate& certificate) {
  const auto sha256 = Botan::HashFunction::create_or_throw("SHA-256");
  sha256->update(certificate.key->subject_public_key());
  return Botan::base64_encode(sha256->final());
}

struct folder {
  folder()
      : path(std::filesystem::temp_directory_path() /
             ("cohttps_options_" + std::to_string(reinterpret_cast<std::uintptr_t>(this)))) {
    std::filesystem::create_directory(path);
  }
  ~folder() { std::filesystem::remove_all(path); }
  void write(const std::string& name, std::string_view content) const {
    std::ofstream(path / name, std::ios::binary) << content;
  }
  std::filesystem::path path;
};

std::string_view text(const std::vector<std::byte>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

TEST_CASE("roots in DER, as bytes and as a file") {
  const auto der = der_of(test_authority().certificate_pem());
  CHECK(meet({.system_roots = false, .root_der = {der}}).failure.empty());
  const folder f;
  f.write("root.cer", text(der));
  CHECK(meet({.system_roots = false, .root_file = (f.path / "root.cer").string()}).failure.empty());
  auto cut = der;
  cut.pop_back();
  CHECK(refusal({.system_roots = false, .root_der = {cut}}) == "bad_certificate_file");
  CHECK(refusal({.system_roots = false, .root_der = {{}}}) == "bad_certificate_file");
}

TEST_CASE("a folder of roots") {
  const folder f;
  CHECK(refusal({.system_roots = false, .root_directory = f.path.string()}) == "no_certificates");
  f.write("README", "these are our roots\n");
  f.write("a.pem", certificate_authority("other").certificate_pem());
  f.write("b.cer", text(der_of(test_authority().certificate_pem())));
  std::filesystem::create_directory(f.path / "below");
  const tls_options options{.system_roots = false, .root_directory = f.path.string()};
  CHECK(tls_context::create(options)->state().roots.size() == 2);
  CHECK(meet(options).failure.empty());
  f.write("c.pem", "-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n");
  CHECK(refusal(options) == "bad_certificate_file");
  CHECK(refusal({.root_directory = "/nonexistent"}) == "unreadable_certificate_directory");
}

TEST_CASE("lists of revoked certificates that cannot be read") {
  const folder f;
  f.write("good.pem", test_authority().certificate_pem());
  f.write("cut.pem", "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n");
  auto options = trusting();
  options.crl_files = {(f.path / "cut.pem").string()};
  CHECK(refusal(options) == "bad_crl");
  options.crl_files = {(f.path / "good.pem").string()};  // not a list
  CHECK(refusal(options) == "bad_crl");
  options.crl_files = {"/nonexistent.crl"};
  CHECK(refusal(options) == "unreadable_crl_file");
}

TEST_CASE("presets") {
  auto options = trusting();
  SECTION("modern speaks TLS 1.3 alone") {
    options.preset = tls_preset::modern;
    CHECK(meet(options).info.protocol == "TLS 1.3");
    CHECK(meet(options, {.tls13 = false}).failure == "unsupported_version");
  }
#if defined(BOTAN_HAS_TLS_CBC)
  SECTION("only compatible speaks CBC, and never without forward secrecy") {
    const tls_server_options old{.tls13 = false, .ciphers = {"AES-128"}};
    CHECK(meet(options, old).failure == "alert_received");
    options.preset = tls_preset::compatible;
    CHECK_THAT(meet(options, old).info.cipher_suite,
               ContainsSubstring("ECDHE_ECDSA_WITH_AES_128_CBC"));
    CHECK(meet(options).info.protocol == "TLS 1.3");
    CHECK_THAT(meet(options, {.tls13 = false}).info.cipher_suite, ContainsSubstring("GCM"));
  }
#endif
}

TEST_CASE("cipher suites in an order of one's own") {
  auto options = trusting();
  options.cipher_suites = {"TLS_CHACHA20_POLY1305_SHA256",
                           "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"};
  CHECK(meet(options).info.cipher_suite == "TLS_CHACHA20_POLY1305_SHA256");
  CHECK(meet(options, {.tls13 = false}).info.cipher_suite ==
        "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384");
  options.cipher_suites = {"TLS_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256"};
  CHECK(meet(options).info.cipher_suite == "TLS_AES_256_GCM_SHA384");
  CHECK(meet(options, {.tls13 = false}).failure == "unsupported_version");
  options.cipher_suites = {"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"};
  CHECK(meet(options).info.protocol == "TLS 1.2");
  for (const auto* wrong : {"", "TLS_", "AES128-GCM-SHA256", "TLS_RSA_WITH_AES_128_GCM_SHA256",
                            "TLS_ECDHE_ECDSA_WITH_RC4_128_SHA"}) {
    CAPTURE(wrong);
    options.cipher_suites = {"TLS_AES_128_GCM_SHA256", wrong};
    CHECK(refusal(options) == "unknown_cipher_suite");
  }
  options.cipher_suites = {"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"};
  options.preset = tls_preset::modern;
  CHECK(refusal(options) == "no_cipher_suite");
}

TEST_CASE("groups") {
  using code = Botan::TLS::Group_Params_Code;
  auto options = trusting();
  const tls_server_options quantum{.groups = {code::HYBRID_X25519_ML_KEM_768, code::X25519}};
  CHECK(meet(options, quantum).info.group == (has_hybrid() ? "X25519MLKEM768" : "x25519"));
  CHECK(meet(options, {.groups = {code::X25519}}).info.group == "x25519");
  options.groups = {"secp256r1", "X25519"};
  CHECK(meet(options, {.groups = {code::X25519, code::SECP256R1}}).info.group == "secp256r1");
  CHECK(meet(options, {.groups = {code::X25519}}).info.group == "x25519");  // asked again
  CHECK(meet(options, {.groups = {code::SECP384R1}}).failure == "alert_received");
  options.groups = {"x25519", "curve9000"};
  CHECK(refusal(options) == "unknown_group");
}

TEST_CASE("a post-quantum share is sent at once") {
  if (!has_hybrid()) SKIP("this Botan was built without post-quantum key exchange");
  using code = Botan::TLS::Group_Params_Code;
  tls_server_peer server(localhost_certificate(), {.groups = {code::HYBRID_X25519_ML_KEM_768}});
  auto one = make_wire(server);
  REQUIRE(one.start());
  server.receive(one.client.outgoing().data());
  one.client.outgoing().clear();
  one.check(one.receive(
      std::vector<std::byte>(server.outgoing.data().begin(), server.outgoing.data().end())));
  CHECK(one.client.handshake_done());  // after one flight of the server
  CHECK(one.client.info().group == "X25519MLKEM768");
}

TEST_CASE("keys that are shorter than wanted") {
  auto options = trusting();
  CHECK(meet(options).failure.empty());
  options.minimum_ec_bits = 384;
  CHECK(meet(options).failure == "weak_key");
  options = trusting();
  const auto rsa = test_authority().issue({.dns = {"localhost"}, .key = key_kind::rsa_2048});
  tls_server_peer enough(rsa);
  CHECK(meet(options, enough).failure.empty());
  options.minimum_rsa_bits = 3072;
  tls_server_peer short_key(rsa);
  CHECK(meet(options, short_key).failure == "weak_key");
  CHECK(refusal({.minimum_rsa_bits = 1024}) == "minimum_too_low");
  CHECK(refusal({.minimum_ec_bits = 160}) == "minimum_too_low");
}

TEST_CASE("who the client is") {
  const bool tls13 = GENERATE(true, false);
  const key_kind kind = GENERATE(key_kind::p256, key_kind::rsa_2048);
  CAPTURE(tls13, static_cast<int>(kind));
  const auto mine = test_authority().issue(
      {.common_name = "client", .usages = {"1.3.6.1.5.5.7.3.2"}, .key = kind});
  auto options = trusting();
  options.identity.emplace();
  options.identity->certificate_pem = mine.chain_pem;
  const auto is_known = [&] {
    tls_server_peer server(localhost_certificate(),
                           {.tls13 = tls13, .require_client_certificate = true});
    if (!meet(options, server).failure.empty()) return false;
    const auto chain = server.client_chain();
    return chain.size() == 1 && chain[0].fingerprint("SHA-256") ==
                                    Botan::X509_Certificate(octets_of(der_of(mine.certificate_pem)))
                                        .fingerprint("SHA-256");
  };
  SECTION("by a key") {
    options.identity->key_pem = mine.key_pem;
    CHECK(is_known());
  }
#if defined(BOTAN_HAS_PKCS5_PBES2)
  SECTION("by an encrypted key") {
    Botan::System_RNG random;
    options.identity->key_pem =
        Botan::PKCS8::PEM_encode_encrypted_pbkdf_iter(*mine.key, random, "open sesame", 1000);
    options.identity->passphrase = "open sesame";
    CHECK(is_known());
    options.identity->passphrase = "wrong";
    const auto context = tls_context::create(options);
    CHECK(context.error().reason() == "bad_client_key");
    CHECK(std::string(context.error().what()).find("wrong") == std::string::npos);
    options.identity->passphrase = "";
    CHECK(refusal(options) == "bad_client_key");
  }
#endif
  SECTION("by a key that is elsewhere") {
    int asked = 0;
    options.identity->sign =
        [&](const tls_signing_request& what) -> result<std::vector<std::byte>> {
      ++asked;
      const std::string hash(what.hash);
      CHECK(what.algorithm == (kind == key_kind::p256 ? "ECDSA" : "RSA"));
      std::string padding = hash;
      if (kind != key_kind::p256)
        padding = what.padding == "PSS" ? "PSS(" + hash + ")" : "PKCS1v15(" + hash + ")";
      Botan::System_RNG random;
      Botan::PK_Signer signer(*mine.key, random, padding,
                              kind == key_kind::p256 ? Botan::Signature_Format::DerSequence
                                                     : Botan::Signature_Format::Standard);
      const auto message = what.message;
      const auto signature = signer.sign_message(
          reinterpret_cast<const std::uint8_t*>(message.data()), message.size(), random);
      const auto bytes = std::as_bytes(std::span(signature));
      return std::vector<std::byte>(bytes.begin(), bytes.end());
    };
    CHECK(is_known());
    CHECK(asked == 1);
    options.identity->sign = [](const tls_signing_request&) -> result<std::vector<std::byte>> {
      return fail(error_category::policy, "token_removed", "the token is gone");
    };
    tls_server_peer server(localhost_certificate(),
                           {.tls13 = tls13, .require_client_certificate = true});
    CHECK(meet(options, server).failure == "token_removed");
  }
  SECTION("by a text that has certificates and the key in any order") {
    options.identity->key_pem = mine.key_pem;
    for (const auto& text : {mine.key_pem + mine.chain_pem, mine.chain_pem + mine.key_pem}) {
      options.identity->certificate_pem = text;
      CHECK(is_known());
    }
  }
  SECTION("by nothing that fits") {
    CHECK(refusal(options) == "bad_client_key");
    options.identity->key_pem = test_authority().issue({.dns = {"x"}, .key = kind}).key_pem;
    CHECK(refusal(options) == "wrong_client_key");
    options.identity->certificate_pem = "none";
    CHECK(refusal(options) == "bad_client_certificate");
  }
}

TEST_CASE("pins") {
  const auto intermediate = test_authority().intermediate();
  const auto leaf = intermediate.issue({.dns = {"localhost"}});
  const auto stranger = test_authority().issue({.dns = {"localhost"}});
  auto options = trusting();
  const auto with = [&](std::vector<std::string> pins) {
    options.pins = std::move(pins);
    tls_server_peer server(leaf);
    return meet(options, server).failure;
  };
  CHECK(with({pin_of(leaf)}).empty());
  CHECK(with({"sha256/" + pin_of(leaf)}).empty());
  CHECK(with({pin_of(stranger), pin_of(leaf)}).empty());
  CHECK(with({pin_of(stranger)}) == "pin_mismatch");
  const auto root_spki = [&] {
    const auto der = der_of(test_authority().certificate_pem());
    const Botan::X509_Certificate root(octets_of(der));
    const auto sha256 = Botan::HashFunction::create_or_throw("SHA-256");
    sha256->update(root.subject_public_key_info());
    return Botan::base64_encode(sha256->final());
  }();
  CHECK(with({root_spki}).empty());  // an issuer's

  std::vector<std::string> told;
  options.pin_report = [&](std::string_view host) { told.emplace_back(host); };
  CHECK(with({pin_of(stranger)}).empty());
  CHECK(told == std::vector<std::string>{"localhost"});
  CHECK(with({pin_of(leaf)}).empty());
  CHECK(told.size() == 1);

  for (const auto* wrong :
       {"", "abc", "sha256/", "sha1/AAAA", "not base64 at all, of 44 characters......."}) {
    CAPTURE(wrong);
    options.pins = {wrong};
    CHECK(refusal(options) == "bad_pin");
  }
}

TEST_CASE("a pin is looked at on each connection of a context that tells") {
  auto options = trusting();
  options.pins = {std::string(43, 'A') + '='};
  int told = 0;
  options.pin_report = [&](std::string_view) { ++told; };
  const auto context = tls_context::create(options).value();
  for (int i = 0; i < 3; ++i) {
    tls_server_peer server(localhost_certificate());
    auto one = make_wire(server, "localhost", context);
    CHECK(one.connect());
    const auto& overlooked = one.client.info().overlooked;
    REQUIRE(overlooked.size() == 1);
    CHECK(overlooked[0].reason() == "pin_mismatch");
  }
  CHECK(told == 3);
}

TEST_CASE("where anything is accepted a pin is no reason to refuse, and nobody is called") {
  auto options = trusting();
  options.pins = {std::string(43, 'A') + '='};
  options.danger.emplace();
  if (GENERATE(false, true)) options.pin_report = [](std::string_view) { throw 1; };
  tls_server_peer server(localhost_certificate());
  auto one = make_wire(server, "localhost", tls_context::create(options).value());
  REQUIRE(one.connect());
  CHECK_FALSE(one.client.info().verified);
  REQUIRE(one.client.info().overlooked.size() == 1);
  CHECK(one.client.info().overlooked[0].reason() == "pin_mismatch");
}

TEST_CASE("a host without a pinned key is told of on resumed connections as well") {
  const bool tls13 = GENERATE(true, false);
  CAPTURE(tls13);
  const tls_server_options server{
      .tls13 = tls13,
      .sessions = std::make_shared<Botan::TLS::Session_Manager_In_Memory>(
          std::make_shared<Botan::System_RNG>())};
  auto options = trusting();
  int told = 0;
  options.pin_report = [&](std::string_view) { ++told; };
  const auto connect = [&](const tls_context& context) {
    tls_server_peer peer(localhost_certificate(), server);
    auto one = make_wire(peer, "localhost", context);
    REQUIRE(one.connect());
    return one.client.info().resumed;
  };
  options.pins = {std::string(43, 'A') + '='};
  const auto other = tls_context::create(options).value();
  for (int i = 1; i <= 3; ++i) {
    connect(other);
    CHECK(told == i);
  }
  options.pins = {pin_of(localhost_certificate())};
  const auto pinned = tls_context::create(options).value();
  CHECK_FALSE(connect(pinned));
  CHECK(connect(pinned));
  CHECK(told == 3);
}

TEST_CASE("secrets are logged for those who ask for it") {
  const bool tls13 = GENERATE(true, false);
  auto options = trusting();
  std::vector<std::string> lines;
  options.key_log = [&](std::string_view line) { lines.emplace_back(line); };
  tls_server_peer server(localhost_certificate(), {.tls13 = tls13});
  CHECK(meet(options, server).failure.empty());
  REQUIRE_FALSE(lines.empty());
  bool found = false;
  for (const auto& line : lines) {
    CAPTURE(line);
    std::istringstream words(line);
    std::string label, random, secret;
    words >> label >> random >> secret;
    CHECK(random.size() == 64);
    CHECK(secret.size() >= 64);
    CHECK(line == label + ' ' + random + ' ' + secret);
    if (tls13) {
      const auto expected = Botan::hex_encode(server.traffic_secret, false);
      found |= label == "SERVER_TRAFFIC_SECRET_0" && secret == expected;
    } else {
      found |= label == "CLIENT_RANDOM" && secret.size() == 96;
    }
  }
  CHECK(found);
}

TEST_CASE("the environment names a key log only for those who ask for it") {
  const folder f;
  const auto file = f.path / "keys.log";
  ::setenv("SSLKEYLOGFILE", file.c_str(), 1);
  auto options = trusting();
  CHECK(meet(options).failure.empty());
  CHECK_FALSE(std::filesystem::exists(file));
  options.key_log_from_environment = true;
  CHECK(meet(options).failure.empty());
  std::ifstream in(file);
  const std::string content(std::istreambuf_iterator<char>(in), {});
  CHECK_THAT(content, ContainsSubstring("\nSERVER_TRAFFIC_SECRET_0 "));
  using enum std::filesystem::perms;
  CHECK((std::filesystem::status(file).permissions() & (group_all | others_all)) == none);
  // One that is there belongs to somebody who decides who may read it.
  std::filesystem::permissions(file, group_read, std::filesystem::perm_options::add);
  CHECK(meet(options).failure.empty());
  CHECK(std::filesystem::file_size(file) > content.size());
  CHECK((std::filesystem::status(file).permissions() & group_read) == group_read);
  ::setenv("SSLKEYLOGFILE", "/nonexistent/keys.log", 1);
  CHECK(refusal(options) == "unwritable_key_log");
  ::unsetenv("SSLKEYLOGFILE");
  CHECK(meet(options).failure.empty());
}

#if defined(__linux__)
TEST_CASE("a key log is never readable by others, not even at first") {
  const folder f;
  const auto file = f.path / "keys.log";
  const int watcher = ::inotify_init1(IN_NONBLOCK);
  REQUIRE(watcher >= 0);
  // Whoever opens a file keeps it open when its mode changes: so it must not.
  REQUIRE(::inotify_add_watch(watcher, f.path.c_str(), IN_ATTRIB) >= 0);
  ::setenv("SSLKEYLOGFILE", file.c_str(), 1);
  const auto before = ::umask(0);
  auto options = trusting();
  options.key_log_from_environment = true;
  CHECK(tls_context::create(options));
  ::umask(before);
  ::unsetenv("SSLKEYLOGFILE");
  using enum std::filesystem::perms;
  CHECK(std::filesystem::status(file).permissions() == (owner_read | owner_write));
  char event[4096];
  CHECK(::read(watcher, event, sizeof event) < 0);
  ::close(watcher);
}
#endif
