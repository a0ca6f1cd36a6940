// Identities in PKCS #12, as openssl writes them and as somebody may change them.
#include "openssl_server.hpp"
#include "revocation_forge.hpp"
#include "support.hpp"

#include <cohttps/tls/identity/pkcs12.hpp>

#include <botan/build.h>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace cohttps;
using namespace cohttps::testing;
using Catch::Matchers::ContainsSubstring;

#if defined(BOTAN_HAS_PKCS5_PBES2)
namespace {

using bytes = std::vector<std::uint8_t>;

/// What `openssl pkcs12 -export` makes of it; nothing when it cannot.
bytes exported(const issued_certificate& identity, const std::string& passphrase,
               std::vector<std::string> more = {}, const std::string& others = {}) {
  const temporary_folder folder;
  folder.write("key.pem", identity.key_pem);
  folder.write("certificates.pem", others + identity.chain_pem);
  const auto path = [&](const char* name) { return (folder.path() / name).string(); };
  std::vector<std::string> command{
      openssl_server::program(), "pkcs12", "-export",        "-inkey",   path("key.pem"),     "-in",
      path("certificates.pem"),  "-out",   path("made.p12"), "-passout", "pass:" + passphrase};
  command.insert(command.end(), more.begin(), more.end());
  child_process made(command);
  if (made.wait(std::chrono::seconds(20)) != 0) return {};
  const auto text = folder.read("made.p12");
  return {text.begin(), text.end()};
}

const issued_certificate& client_certificate() {
  static const auto made =
      test_authority().issue({.common_name = "client", .usages = {"1.3.6.1.5.5.7.3.2"}});
  return made;
}
// With few iterations, so that it can be read often.
const bytes& quick() {
  static const bytes made = exported(client_certificate(), "sesame", {"-iter", "1", "-nomaciter"});
  return made;
}

/// Why a file is refused, or nothing.
std::string refusal(const bytes& file, std::string_view passphrase) {
  const auto read = tls::read_pkcs12(file, passphrase);
  if (read) return {};
  CHECK(read.error().category() == error_category::usage);
  if (passphrase.size() > 3)
    CHECK_THAT(read.error().what(), !ContainsSubstring(std::string(passphrase)));
  return std::string(read.error().reason());
}

std::vector<std::byte> as_bytes(const bytes& file) {
  const auto all = std::as_bytes(std::span(file));
  return {all.begin(), all.end()};
}

}  // namespace

TEST_CASE("a client is who its PKCS #12 file says") {
  const bool tls13 = GENERATE(true, false);
  const auto kind = GENERATE(key_kind::p256, key_kind::rsa_2048);
  CAPTURE(tls13);
  const auto below = test_authority().intermediate();
  const auto mine =
      below.issue({.common_name = "me", .usages = {"1.3.6.1.5.5.7.3.2"}, .key = kind});
  tls_options options{.system_roots = false, .root_pem = test_authority().certificate_pem()};
  options.identity.emplace();
  options.identity->pkcs12 = as_bytes(exported(mine, "open sesame"));
  options.identity->passphrase = "open sesame";
  tls_server_peer server(localhost_certificate(),
                         {.tls13 = tls13, .require_client_certificate = true});
  auto one = make_wire(server, "localhost", tls_context::create(options).value());
  REQUIRE(one.connect());
  const auto chain = server.client_chain();
  REQUIRE(chain.size() == 2);
  CHECK(chain[0] == forge::parse(mine.certificate_pem));
  CHECK(chain[1] == forge::parse(below.certificate_pem()));

  options.identity->certificate_pem = mine.chain_pem;
  CHECK(tls_context::create(options).error().reason() == "two_identities");
}

TEST_CASE("what openssl writes is read") {
  const auto& mine = client_certificate();
  const auto reads = [&](std::vector<std::string> how, const std::string& passphrase = "sesame") {
    const auto file = exported(mine, passphrase, std::move(how));
    REQUIRE_FALSE(file.empty());
    CHECK(refusal(file, passphrase + "x") == "bad_pkcs12_passphrase");
    const auto read = tls::read_pkcs12(file, passphrase);
    return read && read->chain.size() == 1 &&
           read->key->private_key_bits() == mine.key->private_key_bits();
  };
  CHECK(reads({}));
  CHECK(reads({"-name", "a friendly name"}));
  CHECK(reads({"-nomaciter"}));
  CHECK(reads({"-iter", "100000"}));
  CHECK(reads({"-macalg", "sha1"}));
  CHECK(reads({"-macalg", "sha384"}));
  CHECK(reads({"-macalg", "sha512"}));
  CHECK(reads({"-keypbe", "AES-128-CBC", "-certpbe", "AES-192-CBC"}));
  CHECK(reads({"-keypbe", "NONE", "-certpbe", "NONE"}));
  CHECK(reads({}, ""));
  CHECK(reads({}, "p\u00e4ssw\u00f6rd \u20ac \U0001F600"));
  CHECK(reads({}, std::string(200, 'x')));  // more than a block of the hash
}

TEST_CASE("a chain comes out in its order, without what is not of it") {
  const auto first = test_authority().intermediate();
  const auto stranger = certificate_authority("a stranger");
  const auto mine = first.issue({.common_name = "me"});
  const auto file =
      exported(mine, "a", {}, test_authority().certificate_pem() + stranger.certificate_pem());
  const auto read = tls::read_pkcs12(file, "a");
  REQUIRE(read);
  const tls::certificate_chain expected{forge::parse(mine.certificate_pem),
                                        forge::parse(first.certificate_pem()),
                                        forge::parse(test_authority().certificate_pem())};
  CHECK(read->chain == expected);
}

TEST_CASE("files of other kinds are refused with what to do") {
  const auto& mine = client_certificate();
  const auto says = [](const bytes& file, std::string_view text) {
    const auto read = tls::read_pkcs12(file, "a");
    REQUIRE_FALSE(read);
    CHECK(read.error().reason() == "pkcs12_not_supported");
    CHECK_THAT(read.error().what(), ContainsSubstring(std::string(text)));
    CHECK_THAT(read.error().what(), ContainsSubstring("openssl pkcs12 -export"));
  };
  says(exported(mine, "a", {"-nomac"}), "has no MAC");
  if (const auto old = exported(mine, "a", {"-legacy"}); !old.empty()) {
    says(old, "RC2 or 3DES");
    CHECK(refusal(old, "b") == "bad_pkcs12_passphrase");
  }
  CHECK(refusal(exported(mine, "a", {"-nokeys"}), "a") == "bad_pkcs12");
  CHECK(refusal({}, "a") == "bad_pkcs12");
  const bytes pem(mine.key_pem.begin(), mine.key_pem.end());
  CHECK(refusal(pem, "a") == "bad_pkcs12");
  CHECK(refusal(bytes(tls::maximum_pkcs12 + 1), "a") == "bad_pkcs12");
}

TEST_CASE("a PKCS #12 file that wants too much work is refused at once") {
  // It ends in the iterations of the MAC, 2048 of them: here they are 2^31 - 1.
  auto file = exported(client_certificate(), "a");
  const std::size_t mac = file.size() - 2 - 0x41;
  REQUIRE((file[1] == 0x82 && file[mac] == 0x30 && file[mac + 1] == 0x41));
  REQUIRE(std::ranges::equal(std::span(file).last(4), bytes{0x02, 0x02, 0x08, 0x00}));
  file.resize(file.size() - 4);
  for (const auto each : bytes{0x02, 0x04, 0x7f, 0xff, 0xff, 0xff}) file.push_back(each);
  file[mac + 1] = 0x43;
  file[2] = static_cast<std::uint8_t>((file.size() - 4) >> 8);
  file[3] = static_cast<std::uint8_t>(file.size() - 4);
  const auto read = tls::read_pkcs12(file, "a");
  REQUIRE_FALSE(read);
  CHECK_THAT(read.error().what(), ContainsSubstring("more work than is sensible"));
}

TEST_CASE("a PKCS #12 file that is cut off is refused, wherever") {
  REQUIRE(refusal(quick(), "sesame").empty());
  for (std::size_t size = 0; size < quick().size(); ++size)
    if (refusal({quick().begin(), quick().begin() + std::ptrdiff_t(size)}, "sesame") !=
        "bad_pkcs12") {
      CAPTURE(size);
      FAIL("it was read");
    }
  auto longer = quick();
  longer.push_back(0);
  CHECK(refusal(longer, "sesame") == "bad_pkcs12");
}

TEST_CASE("a PKCS #12 file that was changed is refused, wherever") {
  const auto bit = GENERATE(0x01, 0x10, 0x80);
  for (std::size_t at = 0; at < quick().size(); ++at) {
    auto changed = quick();
    changed[at] = static_cast<std::uint8_t>(changed[at] ^ bit);
    if (refusal(changed, "sesame").empty()) {
      CAPTURE(at, bit);
      FAIL("it was read");
    }
  }
}
#endif
