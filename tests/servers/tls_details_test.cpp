// What single servers can be made to do: staples, changes of keys, keys that we cannot check.
#include "servers/tls_peers.hpp"
#include "tls/openssl_server.hpp"
#include "tls/revocation_forge.hpp"
#include "tls/support.hpp"
#include "tls/tcp_client.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <fcntl.h>
#include <string>
#include <string_view>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace cohttps;
using namespace cohttps::testing;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;

namespace {

tls_context trusting() { return context_trusting(); }

// A program that is asked for something and ends well; its errors are not of interest.
bool succeeds(const std::string& command) {
  return std::system((command + " >/dev/null 2>&1").c_str()) == 0;
}

}  // namespace

TEST_CASE("peers: staples") {
  const auto root = test_authority().intermediate();  // haproxy wants to see who issued it
  const auto demanding = root.issue({.dns = {"localhost"}, .must_staple = true});
  for (const auto& kind : tls_peer_kinds) {
    if (!kind.staples) continue;
    for (const bool tls13 : {false, true}) {
      CAPTURE(kind.name, tls13);
      const auto meet = [&](const std::vector<std::uint8_t>& staple) {
        const tls_peer server(kind, {.certificate = demanding, .tls13 = tls13, .staple = staple});
        auto client = std::make_unique<tcp_client>(trusting(), server.port());
        (void)client->connect();
        client->close();
        return client;
      };
      const auto good = meet(make_ocsp(root, demanding));
      CAPTURE(good->failure ? good->failure->what() : "");
      CHECK_FALSE(good->failure);
      CHECK(good->engine.info().staple == revocation_status::good);
      const auto none = meet({});
      REQUIRE(none->failure);
      CHECK(none->failure->reason() == "missing_staple");
      // nginx and haproxy look into theirs, and send none of a revoked certificate.
      if (kind.name == "nginx" || kind.name == "haproxy" || kind.name == "gnutls-serv") continue;
      const auto revoked = meet(make_ocsp(root, demanding, {.says = ocsp_answer::status::revoked}));
      REQUIRE(revoked->failure);
      CHECK(revoked->failure->reason() == "revoked");
    }
  }
}

TEST_CASE("peers: OpenSSL changes its keys in the middle of much data") {
  const temporary_folder folder;
  folder.write("key.pem", localhost_certificate().key_pem);
  folder.write("chain.pem", localhost_certificate().chain_pem);
  const auto at = [&](const char* name) { return (folder.path() / name).string(); };
  REQUIRE(::mkfifo(at("commands").c_str(), 0600) == 0);
  const auto program = openssl_server::program();
  constexpr std::size_t pieces = 3, piece = 512 * 1024;
  for (const bool record_layer : {true, false}) {
    CAPTURE(record_layer);
    const auto port = free_port();
    running_program server(
        folder, "server",
        {"/bin/sh", "-c",
         "exec " + program + " s_server -tls1_3 -accept 127.0.0.1:" + std::to_string(port) +
             " -key " + at("key.pem") + " -cert " + at("chain.pem") + " <" + at("commands")});
    const descriptor commands(::open(at("commands").c_str(), O_WRONLY), "commands");
    REQUIRE(::fcntl(commands.get(), F_SETFL, O_NONBLOCK) == 0);  // nobody may be reading any more
    const auto type = [&](std::string_view line) {
      const auto end = std::chrono::steady_clock::now() + 10s;
      while (!line.empty() && std::chrono::steady_clock::now() < end) {
        const auto taken = ::write(commands.get(), line.data(), line.size());
        if (taken > 0) line.remove_prefix(static_cast<std::size_t>(taken));
        if (taken < 0) std::this_thread::sleep_for(1ms);
      }
      // What it reads at once is one command to it, so it has to have read all of this.
      int waiting = 1;
      while (::ioctl(commands.get(), FIONREAD, &waiting) == 0 && waiting > 0 &&
             std::chrono::steady_clock::now() < end)
        std::this_thread::sleep_for(1ms);
      std::this_thread::sleep_for(50ms);
    };
    server.wait_until([&] { return server.out().find("ACCEPT") != std::string::npos; });
    int changes = 0;
    tls_options options{.system_roots = false, .root_pem = test_authority().certificate_pem()};
    options.record_layer = record_layer;
    options.key_log = [&](std::string_view line) {
      changes += line.starts_with("SERVER_TRAFFIC_SECRET_") ? 1 : 0;
    };
    tcp_client client(tls_context(options), port);
    REQUIRE(client.connect());
    std::thread typist([&] {
      for (std::size_t i = 0; i < pieces; ++i) {
        type(std::string(piece - 1, 'x') + "\n");
        if (i + 1 == pieces) break;
        std::this_thread::sleep_for(1100ms);  // Botan takes one change a second
        type(i % 2 ? "k\n" : "K\n");
      }
      type("the end\n");
    });
    const auto got = client.exchange("hello\n", "the end\n");
    typist.join();
    CAPTURE(client.failure ? client.failure->what() : "");
    CHECK(static_cast<std::size_t>(std::ranges::count(got, 'x')) == pieces * (piece - 1));
    CHECK(changes == pieces);
    client.close();
  }
}

TEST_CASE("peers: OpenSSL changes its keys, and asks for new ones of ours") {
  const temporary_folder folder;
  folder.write("key.pem", localhost_certificate().key_pem);
  folder.write("chain.pem", localhost_certificate().chain_pem);
  const auto at = [&](const char* name) { return (folder.path() / name).string(); };
  REQUIRE(::mkfifo(at("commands").c_str(), 0600) == 0);
  const auto program = openssl_server::program();
  for (const auto* change : {"k\n", "K\n"}) {
    CAPTURE(change[0]);
    const auto port = free_port();
    running_program server(
        folder, "server",
        {"/bin/sh", "-c",
         "exec " + program + " s_server -tls1_3 -accept 127.0.0.1:" + std::to_string(port) +
             " -key " + at("key.pem") + " -cert " + at("chain.pem") + " <" + at("commands")});
    const descriptor commands(::open(at("commands").c_str(), O_WRONLY), "commands");
    const auto type = [&](std::string_view line) {
      REQUIRE(::write(commands.get(), line.data(), line.size()) ==
              static_cast<ssize_t>(line.size()));
      std::this_thread::sleep_for(100ms);  // what it reads at once is one command to it
    };
    server.wait_until([&] { return server.out().find("ACCEPT") != std::string::npos; });
    tcp_client client(trusting(), port);
    REQUIRE(client.connect());
    (void)client.exchange("one\n", "");
    type(change);
    type("after it\n");
    const auto got = client.exchange("heard\n", "after it\n");
    CAPTURE(client.failure ? client.failure->what() : "");
    CHECK(got.find("after it\n") != std::string::npos);
    (void)client.exchange("under new keys\n", "");
    server.wait_until([&] { return server.out().find("under new keys") != std::string::npos; });
    client.close();
  }
}

TEST_CASE("peers: keys that this client cannot check are not offered, and refused") {
  const auto openssl = openssl_server::program();
  const temporary_folder folder;
  const auto at = [&](const char* name) { return (folder.path() / name).string(); };
  folder.write("ca.key", test_authority().self().key_pem);
  folder.write("ca.pem", test_authority().certificate_pem());
  folder.write("names", "subjectAltName=DNS:localhost\n");
  struct row {
    std::string name, algorithm;
  };
  for (const auto& [name, algorithm] :
       {row{"Ed25519", "ed25519"}, row{"Ed448", "ed448"},
        row{"RSA for PSS alone", "rsa-pss -pkeyopt rsa_keygen_bits:2048"}}) {
    CAPTURE(name);
    if (!succeeds(openssl + " genpkey -algorithm " + algorithm + " -out " + at("key.pem")) ||
        !succeeds(openssl + " req -new -key " + at("key.pem") + " -subj /CN=localhost -out " +
                  at("request")) ||
        !succeeds(openssl + " x509 -req -in " + at("request") + " -CA " + at("ca.pem") +
                  " -CAkey " + at("ca.key") + " -extfile " + at("names") +
                  " -days 1 -set_serial 77 -out " + at("chain.pem")))
      SKIP("this OpenSSL does not make " << name);
    issued_certificate made;
    made.key_pem = folder.read("key.pem");
    made.chain_pem = made.certificate_pem = folder.read("chain.pem");
    for (const auto* version : {"-tls1_2", "-tls1_3"}) {
      const openssl_server server({version}, made);
      tcp_client client(trusting(), server.port());
      CHECK_FALSE(client.connect());
      REQUIRE(client.failure);
      CHECK(client.failure->alert() == "handshake_failure");
      CHECK_THAT(client.failure->what(), ContainsSubstring("Ed25519"));
    }
  }
}

TEST_CASE("peers: an authority that signs with RSA-PSS, or Ed25519") {
  const auto openssl = openssl_server::program();
  const temporary_folder folder;
  const auto at = [&](const char* name) { return (folder.path() / name).string(); };
  const bool ed25519 = GENERATE(false, true);
  const std::string key = ed25519 ? "ed25519" : "rsa:2048";
  const std::string how =
      ed25519 ? " " : " -sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32 ";
  folder.write("names", "subjectAltName=DNS:localhost\n");
  if (!succeeds(openssl + " req -x509 -newkey " + key + " -nodes -keyout " + at("ca.key") +
                " -out " + at("ca.pem") + " -subj /CN=authority -days 2" + how) ||
      !succeeds(openssl + " req -new -newkey rsa:2048 -nodes -keyout " + at("key.pem") + " -out " +
                at("request") + " -subj /CN=localhost") ||
      !succeeds(openssl + " x509 -req -in " + at("request") + " -CA " + at("ca.pem") + " -CAkey " +
                at("ca.key") + how + "-extfile " + at("names") + " -days 1 -set_serial 78 -out " +
                at("chain.pem")))
    SKIP("this OpenSSL does not sign with " << key);
  issued_certificate made;
  made.key_pem = folder.read("key.pem");
  made.chain_pem = made.certificate_pem = folder.read("chain.pem");
  for (const auto* version : {"-tls1_2", "-tls1_3"}) {
    const openssl_server server({version}, made);
    tcp_client client(context_trusting(folder.read("ca.pem")), server.port());
    const bool connected = client.connect();
    CAPTURE(client.failure ? client.failure->what() : "");
    CHECK(connected);
  }
}
