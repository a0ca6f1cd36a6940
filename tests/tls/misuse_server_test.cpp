// The misuse matrix, servers of old: an OpenSSL that was told to do as they did.
#include "openssl_server.hpp"
#include "support.hpp"
#include "tcp_client.hpp"

#include <botan/dl_group.h>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <cstdlib>
#include <string>
#include <vector>

using namespace cohttps;
using namespace cohttps::testing;
using Catch::Matchers::ContainsSubstring;

namespace {

const issued_certificate& rsa_certificate() {
  static const issued_certificate made =
      test_authority().issue({.dns = {"localhost"}, .key = key_kind::rsa_2048});
  return made;
}

tls_context context_of(tls_preset preset) {
  return tls_context::create({.system_roots = false,
                              .root_pem = test_authority().certificate_pem(),
                              .preset = preset})
      .value();
}

// Why no connection comes about.
error refusal(std::vector<std::string> arguments, tls_preset preset = tls_preset::standard) {
  const openssl_server server(std::move(arguments), rsa_certificate());
  tcp_client client(context_of(preset), server.port());
  REQUIRE_FALSE(client.connect());
  REQUIRE(client.failure);
  CHECK(client.failure->category() == error_category::tls);
  CHECK(client.failure->phase() == phase::handshake);
  return *client.failure;
}

const std::string everything = "ALL:@SECLEVEL=0";

}  // namespace

TEST_CASE("misuse: a server of TLS 1.0 or 1.1 alone") {
  for (const auto* version : {"-tls1", "-tls1_1"}) {
    CAPTURE(version);
    const auto refused = refusal({version, "-cipher", everything});
    CHECK(refused.reason() == "unsupported_version");
    CHECK(refused.alert() == "protocol_version");
    CHECK_THAT(refused.what(), ContainsSubstring("TLS 1.2 or 1.3"));
  }
}

TEST_CASE("misuse: a server without a suite in common") {
  struct row {
    std::string name, suites;
  };
  for (const auto& [name, suites] : std::vector<row>{
           {"CBC alone", "ECDHE-RSA-AES128-SHA:ECDHE-RSA-AES256-SHA384:AES128-SHA"},
           {"RSA key transport alone", "AES128-GCM-SHA256:AES256-GCM-SHA384"},
           {"no encryption", "ECDHE-RSA-NULL-SHA:NULL-SHA256"},
           {"CCM and ARIA", "ECDHE-ARIA256-GCM-SHA384:ARIA128-GCM-SHA256"},
       }) {
    CAPTURE(name);
    const auto refused = refusal({"-tls1_2", "-cipher", suites + ":@SECLEVEL=0"});
    CHECK(refused.reason() == "alert_received");
    CHECK(refused.alert() == "handshake_failure");
    CHECK_THAT(refused.what(),
               ContainsSubstring("gives no reason") && ContainsSubstring("tls_preset::compatible"));
  }
}

TEST_CASE("misuse: a server of RC4 or 3DES alone") {
  int met = 0;
  for (const auto* suites : {"RC4-SHA:RC4-MD5", "DES-CBC3-SHA:ECDHE-RSA-DES-CBC3-SHA"}) {
    const std::string list = std::string(openssl_server::program()) + " ciphers '" + suites +
                             ":@SECLEVEL=0' >/dev/null 2>&1";
    if (std::system(list.c_str()) != 0) continue;
    ++met;
    CHECK(refusal({"-tls1_2", "-cipher", std::string(suites) + ":@SECLEVEL=0"}).alert() ==
          "handshake_failure");
  }
  if (met == 0) SKIP("this OpenSSL is built without RC4 and 3DES");
}

TEST_CASE("misuse: a server with a small Diffie-Hellman group") {
  const temporary_folder folder;
  const auto oakley = Botan::DL_Group::from_name("modp/ietf/1024");  // RFC 2409, 6.2
  const auto file =
      folder.write("dh.pem", oakley.PEM_encode(Botan::DL_Group_Format::PKCS_3)).string();
  const std::vector<std::string> small{"-tls1_2", "-cipher",
                                       "DHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0", "-dhparam", file};
  const auto refused = refusal(small, tls_preset::compatible);
  CHECK(refused.reason() == "weak_key_exchange");
  CHECK_THAT(refused.what(), ContainsSubstring("2048 bits"));
  CHECK(refusal(small).alert() == "handshake_failure");  // not offered by default

  const openssl_server large({small[0], small[1], small[2]}, rsa_certificate());
  tcp_client client(context_of(tls_preset::compatible), large.port());
  CHECK(client.connect());
  CHECK_THAT(client.engine.info().cipher_suite, ContainsSubstring("DHE_RSA"));
  CHECK_THAT(client.engine.info().group, ContainsSubstring("2048"));
}
