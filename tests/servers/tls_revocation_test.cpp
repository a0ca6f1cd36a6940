// The whole client asks real ones who know: OpenSSL's OCSP responder, and nginx with a list.
#include "servers/client_support.hpp"
#include "servers/programs.hpp"
#include "servers/tls_peers.hpp"
#include "tls/openssl_server.hpp"
#include "tls/revocation_forge.hpp"
#include "tls/support.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <chrono>
#include <string>
#include <string_view>
#include <unistd.h>
#include <vector>

using namespace cohttps;
using namespace cohttps::testing;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;

namespace {

client_options asking(revocation_mode mode) {
  client_options options;
  options.tls = tls_context(
      {.system_roots = false, .root_pem = test_authority().certificate_pem(), .revocation = mode});
  return options;
}

// `openssl ocsp` on a port of its own.
class ocsp_responder {
 public:
  std::uint16_t port() const { return port_; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/"; }

  void start(const issued_certificate& certificate, bool revoked) {
    std::string serial;
    const auto parsed = forge::parse(certificate.certificate_pem);
    for (const auto byte : parsed.serial_number()) {
      constexpr char digits[] = "0123456789ABCDEF";
      serial += digits[byte >> 4];
      serial += digits[byte & 15];
    }
    folder_.write("index.txt",
                  (revoked ? "R\t351231235959Z\t250101000000Z\t" : "V\t351231235959Z\t\t") +
                      serial + "\tunknown\t/CN=localhost\n");
    folder_.write("ca.pem", test_authority().certificate_pem());
    folder_.write("ca.key", test_authority().self().key_pem);
    const auto at = [&](const char* name) { return (folder_.path() / name).string(); };
    process_.emplace(
        folder_, "ocsp",
        std::vector<std::string>{openssl_server::program(), "ocsp", "-index", at("index.txt"),
                                 "-port", std::to_string(port_), "-rsigner", at("ca.pem"), "-rkey",
                                 at("ca.key"), "-CA", at("ca.pem"), "-ndays", "1"});
    // A connection that says nothing would keep it busy for ever, so it is not knocked at.
    process_->wait_until([&] {
      return (process_->out() + process_->err()).find("aiting for OCSP client") !=
             std::string::npos;
    });
  }
  void stop() { process_.reset(); }

 private:
  temporary_folder folder_;
  std::uint16_t port_ = free_port();
  std::optional<running_program> process_;
};

}  // namespace

TEST_CASE("peers: OpenSSL's responder is asked") {
  for (const bool revoked : {false, true}) {
    CAPTURE(revoked);
    ocsp_responder responder;
    const auto certificate =
        test_authority().issue({.dns = {"localhost"}, .ocsp_url = responder.url()});
    responder.start(certificate, revoked);
    const tls_peer server(tls_peer_kinds[0], {.certificate = certificate});
    const auto url = "https://localhost:" + std::to_string(server.port()) + "/small.txt";
    const auto work = [&]() -> task<void> {
      client c(asking(revocation_mode::hard));
      const auto got = co_await c.try_get(url);
      if (revoked) {
        REQUIRE_FALSE(got);
        CHECK(got.error().reason() == "revoked");
        co_return;
      }
      CAPTURE(got ? "" : got.error().what());
      REQUIRE(got);
      CHECK(got->text() == "a small file\n");
      CHECK(got->connection().tls->revocation == revocation_status::good);
      // What it said holds on, also for the session's continuation.
      responder.stop();
      c.close_idle();
      const auto again = co_await c.try_get(url);
      REQUIRE(again);
      CHECK(again->connection().tls->resumed);
      CHECK(again->connection().tls->revocation == revocation_status::good);
    };
    run(work());
  }
}

TEST_CASE("peers: nginx publishes a list of revoked certificates") {
  const auto port = free_port();
  const std::string at = "http://127.0.0.1:" + std::to_string(port) + "/list.crl";
  const auto good = test_authority().issue({.dns = {"localhost"}, .crl_url = at});
  const auto bad = test_authority().issue({.dns = {"localhost"}, .crl_url = at});
  const temporary_folder folder;
  const auto list = make_crl(test_authority(), {.revoked = {&bad}});
  folder.write("site/list.crl",
               std::string_view(reinterpret_cast<const char*>(list.data()), list.size()));
  folder.write("nginx.conf",
               "daemon off; master_process off; pid nginx.pid; error_log stderr;\nevents {}\nhttp "
               "{ access_log off; client_body_temp_path t; proxy_temp_path t; fastcgi_temp_path t; "
               "uwsgi_temp_path t; scgi_temp_path t; server { listen 127.0.0.1:" +
                   std::to_string(port) + "; root site; } }\n");
  running_program lists(folder, "nginx",
                        {installed("nginx"), "-p", folder.path().string() + "/", "-c",
                         (folder.path() / "nginx.conf").string(), "-e", "stderr"});
  lists.wait_until([&] { return accepts(port); });
  for (const auto* certificate : {&good, &bad}) {
    const tls_peer server(tls_peer_kinds[0], {.certificate = *certificate});
    const auto work = [&]() -> task<void> {
      client c(asking(revocation_mode::hard));
      const auto url = "https://localhost:" + std::to_string(server.port()) + "/small.txt";
      const auto got = co_await c.try_get(url);
      CAPTURE(got ? "" : got.error().what());
      REQUIRE(got.has_value() == (certificate == &good));
      if (!got) CHECK(got.error().reason() == "revoked");
    };
    run(work());
  }
}

TEST_CASE("peers: nobody listens where the certificate says to ask") {
  const refusing_port nobody;
  const auto certificate = test_authority().issue(
      {.dns = {"localhost"}, .ocsp_url = "http://127.0.0.1:" + nobody.text() + "/"});
  const tls_peer server(tls_peer_kinds[0], {.certificate = certificate});
  const auto url = "https://localhost:" + std::to_string(server.port()) + "/small.txt";
  for (const auto mode : {revocation_mode::soft, revocation_mode::hard}) {
    const auto work = [&]() -> task<void> {
      client c(asking(mode));
      const auto got = co_await c.try_get(url);
      CHECK(got.has_value() == (mode == revocation_mode::soft));
      if (!got) CHECK_THAT(got.error().what(), ContainsSubstring("refused"));
      // Under a policy that keeps the client away from this network, nobody is asked either.
      auto options = asking(mode);
      options.addresses = address_policy::public_only();
      client kept(options);
      const auto away = co_await kept.try_get(url);
      REQUIRE_FALSE(away);
      CHECK(away.error().category() == error_category::policy);
    };
    run(work());
  }
}

TEST_CASE("peers: get says what it has overlooked") {
  if (::access(COHTTPS_GET_PROGRAM, X_OK) != 0) SKIP("the examples are not built");
  const refusing_port nobody;
  const auto asked = "http://127.0.0.1:" + nobody.text() + "/";
  const auto certificate = test_authority().issue({.dns = {"localhost"}, .ocsp_url = asked});
  const tls_peer server(tls_peer_kinds[0], {.certificate = certificate});
  const auto url = "https://localhost:" + std::to_string(server.port()) + "/small.txt";
  const temporary_folder folder;
  const auto root = folder.write("root.pem", test_authority().certificate_pem()).string();
  const auto get = [&](const char* name, const char* mode, const char* how) {
    return running_program(folder, name,
                           {COHTTPS_GET_PROGRAM, "--cacert", root, "--revocation", mode, how, url})
        .end();
  };
  const auto soft = get("soft", "soft", "-v");
  CHECK(soft.code == 0);
  CHECK_THAT(soft.err, ContainsSubstring("\n* OVERLOOKED: ") && ContainsSubstring(asked));
  const auto told = get("json", "soft", "--json");
  CHECK(told.code == 0);
  CHECK_THAT(told.out, ContainsSubstring(R"("overlooked":[{"category":"certificate")") &&
                           ContainsSubstring(R"("reason":"revocation_unknown")"));
  CHECK(get("hard", "hard", "-v").code == 60);
  CHECK(get("typo", "maybe", "-v").code == 2);
}
