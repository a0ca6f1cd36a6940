#include "support.hpp"

#include <cohttps/tls/context.hpp>
#include <cohttps/tls/context_state.hpp>
#include <cohttps/tls/verify/root_bundle.hpp>
#include <cohttps/tls/verify/trust_store.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <filesystem>
#include <fstream>
#include <stdlib.h>  // setenv
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace cohttps;
using namespace cohttps::testing;
using Catch::Matchers::ContainsSubstring;

namespace {

// A file that is gone with the test.
struct temporary_file {
  explicit temporary_file(const std::string& content)
      : path((std::filesystem::temp_directory_path() /
              ("cohttps_" + std::to_string(reinterpret_cast<std::uintptr_t>(this)) + ".pem"))
                 .string()) {
    std::ofstream(path, std::ios::binary) << content;
  }
  ~temporary_file() { std::filesystem::remove(path); }
  std::string path;
};

error failure(const tls_options& options) {
  auto context = tls_context::create(options);
  REQUIRE_FALSE(context);
  CHECK(context.error().category() == error_category::usage);
  return context.error();
}

}  // namespace

TEST_CASE("a context from a file") {
  const auto& pem = test_authority().certificate_pem();
  const temporary_file file("# a comment\n" + certificate_authority("other").certificate_pem() +
                            "\nmore\n" + pem + "\n");
  const auto context = tls_context::create({.system_roots = false, .root_file = file.path});
  REQUIRE(context);
  CHECK(context->state().roots.size() == 2);
  tls_server_peer server(localhost_certificate());
  auto wire = make_wire(server, "localhost", *context);
  CHECK(wire.connect());
}

TEST_CASE("roots that cannot be read are errors") {
  const auto missing = failure({.root_file = "/nonexistent/roots.pem"});
  CHECK(missing.reason() == "unreadable_certificate_file");
  CHECK_THAT(missing.what(), ContainsSubstring("/nonexistent/roots.pem"));
  CHECK(failure({.root_file = std::filesystem::temp_directory_path().string()}).reason() ==
        "unreadable_certificate_file");

  const temporary_file empty("");
  CHECK(failure({.root_file = empty.path}).reason() == "no_certificates");
  CHECK_THAT(failure({.root_file = empty.path}).what(), ContainsSubstring(empty.path));

  const std::string& pem = test_authority().certificate_pem();
  CHECK(failure({.root_pem = "nonsense"}).reason() == "no_certificates");
  CHECK(failure({.root_pem = "-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n"})
            .reason() == "bad_certificate_file");
  CHECK(failure({.root_pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"})
            .reason() == "bad_certificate_file");
  const auto cut = failure({.root_pem = pem + pem.substr(0, pem.size() / 2)});
  CHECK(cut.reason() == "bad_certificate_file");
  CHECK_THAT(cut.what(), ContainsSubstring("certificate 2 in tls_options::root_pem"));

  CHECK(failure({.system_roots = false}).reason() == "no_certificates");
}

TEST_CASE("the system's roots") {
  const auto context = tls_context::system();
  if (!context) SKIP("no certificates of the system here: " << context.error().what());
  CHECK(context->state().roots.size() > 10);
  // They say what is wrong where anything is accepted, too.
  const auto any = tls_context::create({.danger = tls::danger::accept_any_certificate{}});
  CHECK(any.value().state().roots.size() == context->state().roots.size());
  CHECK(&tls_context::system()->state() == &context->state());
  // Given ones come on top.
  const auto more = tls_context::create({.root_pem = test_authority().certificate_pem()});
  REQUIRE(more);
  CHECK(more->state().roots.size() == context->state().roots.size() + 1);
  tls_server_peer server(localhost_certificate());
  auto wire = make_wire(server, "localhost", *context);
  CHECK_FALSE(wire.connect());
  CHECK(wire.failure->reason() == "unknown_issuer");
}

TEST_CASE("the environment adds no roots") {
  const temporary_file file(test_authority().certificate_pem());
  for (const char* name : {"SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE"})
    ::setenv(name, file.path.c_str(), 1);
  const auto context = tls_context::create({});
  for (const char* name : {"SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE"}) ::unsetenv(name);
  if (!context) SKIP("no certificates of the system here: " << context.error().what());
  tls_server_peer server(localhost_certificate());
  auto wire = make_wire(server, "localhost", *context);
  CHECK_FALSE(wire.connect());
}

TEST_CASE("a context serves several threads") {
  const auto context = context_trusting();
  std::vector<std::thread> threads;
  std::vector<int> done(4);
  for (auto& count : done)
    threads.emplace_back([&count, context] {
      for (int i = 0; i < 5; ++i) {
        tls_server_peer server(localhost_certificate());
        auto wire = make_wire(server, "localhost", context);
        count += wire.connect() ? 1 : 0;
        if (auto system = tls_context::system()) system->state().roots.all();
      }
    });
  for (auto& thread : threads) thread.join();
  CHECK(done == std::vector<int>{5, 5, 5, 5});
}

TEST_CASE("the minimum version") {
  const auto context = context_trusting(test_authority().certificate_pem(), tls_version::v1_3);
  tls_server_peer old(localhost_certificate(), {.tls13 = false});
  auto refused = make_wire(old, "localhost", context);
  CHECK_FALSE(refused.connect());
  CHECK(refused.failure->reason() == "unsupported_version");
  CHECK(refused.failure->category() == error_category::tls);
  tls_server_peer both(localhost_certificate());
  auto fine = make_wire(both, "localhost", context);
  CHECK(fine.connect());
}

TEST_CASE("a file of the system is read once, and again when it has changed") {
  const auto path = std::filesystem::temp_directory_path() /
                    ("cohttps_bundle_" + std::to_string(::getpid()) + ".pem");
  const auto write = [&](const std::string& text) { std::ofstream(path) << text; };
  const auto roots = [&] { return tls::root_bundle::shared(path.string()); };
  write(test_authority().certificate_pem());
  const auto first = roots().value();
  CHECK(first->size() == 1);
  CHECK(roots().value() == first);
  write(test_authority().certificate_pem() + certificate_authority("other").certificate_pem());
  const auto second = roots().value();
  CHECK(second->size() == 2);
  CHECK(first->size() == 1);  // who has it keeps it
  write("-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n");
  CHECK(roots().error().reason() == "bad_certificate_file");
  CHECK(roots().error().reason() == "bad_certificate_file");
  std::filesystem::remove(path);
  CHECK(roots().error().reason() == "unreadable_certificate_file");
}
