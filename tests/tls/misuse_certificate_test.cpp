// The misuse matrix, certificates: each refused with a reason of its own, and words to act on.
#include "misuse.hpp"

#include <cohttps/http/cookie/public_suffix.hpp>

#include <catch2/catch_test_macros.hpp>

#include <chrono>
#include <set>
#include <string>
#include <utility>
#include <vector>

using namespace cohttps;
using namespace cohttps::testing;
using namespace std::chrono_literals;

namespace {

issued_certificate sends(issued_certificate certificate, std::string chain) {
  certificate.chain_pem = std::move(chain);
  return certificate;
}

tls_options trusting(const certificate_authority& authority) {
  tls_options options;
  options.root_pem = authority.certificate_pem();
  return options;
}

}  // namespace

TEST_CASE("misuse: when a certificate is valid") {
  const auto& root = test_authority();
  check({.name = "expired",
         .certificate = root.issue({.dns = {"localhost"}, .not_before = -48h, .not_after = -24h}),
         .reason = "certificate_expired",
         .says = "has expired",
         .advises = "the server has to renew it",
         .alert = "certificate_expired"});
  check({.name = "not yet valid",
         .certificate = root.issue({.dns = {"localhost"}, .not_before = 24h}),
         .reason = "certificate_not_yet_valid",
         .says = "is not valid yet",
         .advises = "clock of this machine"});
}

TEST_CASE("misuse: what a key is for") {
  const auto with = [](std::vector<std::uint8_t> usage, key_kind key) {
    return test_authority().issue(
        {.dns = {"localhost"}, .key = key, .key_usage = std::move(usage)});
  };
  for (const auto key : {key_kind::p256, key_kind::rsa_2048}) {
    check({.name = "keyEncipherment alone",
           .certificate = with({0x03, 0x02, 0x05, 0x20}, key),
           .reason = "wrong_usage",
           .says = "the certificate CN=\"localhost\" (",
           .advises = "the server needs one with the key usage digitalSignature"});
    check({.name = "keyAgreement alone",
           .certificate = with({0x03, 0x02, 0x03, 0x08}, key),
           .reason = "wrong_usage",
           .says = "the certificate CN=\"localhost\" (",
           .advises = "the server needs one with the key usage digitalSignature"});
    check({.name = "digitalSignature and keyEncipherment",
           .certificate = with({0x03, 0x02, 0x05, 0xa0}, key),
           .reason = "ok"});
  }
}

TEST_CASE("misuse: whom a certificate is for") {
  const auto& root = test_authority();
  check({.name = "another host",
         .certificate = root.issue({.dns = {"www.example.com"}}),
         .reason = "wrong_host",
         .says = "is for www.example.com, not for localhost"});
  check({.name = "another address",
         .certificate = root.issue({.dns = {"localhost"}, .ip = {"192.0.2.1"}}),
         .reason = "wrong_address",
         .says = "is for localhost, 192.0.2.1, not for 127.0.0.1",
         .advises = "by one of its names",
         .host = "127.0.0.1"});
  check({.name = "another IPv6 address",
         .certificate = root.issue({.dns = {"localhost"}, .ip = {"2001:db8::1"}}),
         .reason = "wrong_address",
         .says = "not for 2001:db8::2",
         .host = "2001:db8::2"});
  check({.name = "the common name alone",
         .certificate = root.issue({.common_name = "localhost"}),
         .reason = "no_host_name",
         .says = "the common name does not count",
         .advises = "the server needs one that names it"});
  check({.name = "NUL in a name",
         .certificate = root.issue({.dns = {std::string("localhost\0.evil.example", 23)}}),
         .reason = "bad_host_name",
         .says = "\\x00",
         .advises = "deceive"});
  check({.name = "NUL beside the right name",
         .certificate = root.issue({.dns = {std::string("evil\0.example", 13), "localhost"}}),
         .reason = "bad_host_name",
         .says = "evil\\x00.example"});
  check({.name = "an address in the place of a name",
         .certificate = root.issue({.dns = {"127.0.0.1"}}),
         .reason = "bad_host_name",
         .host = "127.0.0.1"});
}

TEST_CASE("misuse: wildcards") {
  const auto& root = test_authority();
  check({.name = "one label",
         .certificate = root.issue({.dns = {"*.example.com"}}),
         .reason = "ok",
         .host = "www.example.com"});
  const struct {
    std::string pattern, host;
  } wrong[] = {
      {"w*.example.com", "www.example.com"},
      {"*w.example.com", "www.example.com"},
      {"w*w.example.com", "www.example.com"},
      {"www.*.com", "www.example.com"},
      {"*.*.com", "www.example.com"},
      {"*.com", "example.com"},
      {"*", "localhost"},
      {"l*", "localhost"},
      {"*.0.0.1", "127.0.0.1"},
      {"127.0.0.*", "127.0.0.1"},
      {"xn--*.example.com", "xn--bcher-kva.example.com"},
  };
  for (const auto& [pattern, host] : wrong)
    check({.name = pattern,
           .certificate = root.issue({.dns = {pattern}}),
           .reason = "bad_wildcard",
           .says = "is for " + pattern + ", which does not cover " + host,
           .advises = host == "127.0.0.1" ? "in an iPAddress entry"
                                          : "the server needs a certificate that names it",
           .host = host});
  check({.name = "two labels",
         .certificate = root.issue({.dns = {"*.example.com"}}),
         .reason = "wrong_host",
         .host = "a.b.example.com"});
  check({.name = "no label",
         .certificate = root.issue({.dns = {"*.example.com"}}),
         .reason = "wrong_host",
         .host = "example.com"});
}

TEST_CASE("misuse: a wildcard over a registry") {
  if (!is_registry_suffix("co.uk")) SKIP("built without libpsl, which knows the registries");
  const auto& root = test_authority();
  for (const auto& [pattern, host] :
       {std::pair("*.co.uk", "example.co.uk"), std::pair("*.CO.UK", "Example.co.uk."),
        std::pair("*.com.au", "example.com.au")})
    check({.name = pattern,
           .certificate = root.issue({.dns = {pattern}}),
           .reason = "bad_wildcard",
           .says = pattern,
           .host = host});
  check({.name = "below a name that somebody registered",
         .certificate = root.issue({.dns = {"*.example.co.uk"}}),
         .reason = "ok",
         .host = "www.example.co.uk"});
  check({.name = "below a suffix that belongs to somebody",  // as the one of github.io does
         .certificate = root.issue({.dns = {"*.github.io"}}),
         .reason = "ok",
         .host = "somebody.github.io"});
}

TEST_CASE("misuse: who issued a certificate") {
  const auto& root = test_authority();
  const certificate_authority stranger("a stranger");
  check({.name = "nobody else",
         .certificate = root.issue({.dns = {"localhost"}, .self_signed = true}),
         .reason = "self_signed",
         .says = "is self-signed",
         .advises = "tls_options::root_file",
         .alert = "unknown_ca"});
  check({.name = "an authority that is not trusted",
         .certificate = stranger.issue({.dns = {"localhost"}}),
         .reason = "unknown_issuer",
         .says = "not among the trusted roots",
         .advises = "tls_options::root_file",
         .alert = "unknown_ca"});
  const auto below = root.intermediate();
  const auto leaf = below.issue({.dns = {"localhost"}});
  check({.name = "an intermediate that is not sent",
         .certificate = sends(leaf, leaf.certificate_pem),
         .reason = "missing_intermediate",
         .says = "did not send",
         .advises = "the server's chain file has to hold that as well",
         .alert = "unknown_ca"});
  const auto deep = below.self().chain_pem;
  const auto lower = root.intermediate({.common_name = "upper", .usages = {}})
                         .intermediate({.common_name = "lower", .usages = {}});
  const auto end = lower.issue({.dns = {"localhost"}});
  const auto upper = lower.self().chain_pem.substr(lower.self().certificate_pem.size());
  check({.name = "the right order",
         .certificate = sends(end, end.certificate_pem + lower.certificate_pem() + upper),
         .reason = "ok"});
  check({.name = "a swapped order",  // RFC 8446, 4.4.2: to be prepared for
         .certificate = sends(end, end.certificate_pem + upper + lower.certificate_pem()),
         .reason = "ok"});
  check({.name = "a swapped order, and the root",
         .certificate = sends(
             end, end.certificate_pem + root.certificate_pem() + upper + lower.certificate_pem()),
         .reason = "ok"});
  check({.name = "the leaf a second time",
         .certificate = sends(
             end, end.certificate_pem + end.certificate_pem + lower.certificate_pem() + upper),
         .reason = "ok"});
}

TEST_CASE("misuse: what an authority may do") {
  const auto& root = test_authority();
  check({.name = "no basic constraints",
         .certificate = root.impostor({.dns = {"impostor.example"}}).issue({.dns = {"localhost"}}),
         .reason = "basic_constraints",
         .says = "signed another one although"});
  check({.name = "more below it than allowed",
         .certificate = root.intermediate({.common_name = "short", .usages = {}, .path = 0})
                            .intermediate({.common_name = "deep", .usages = {}})
                            .issue({.dns = {"localhost"}}),
         .reason = "path_length",
         .says = "than its path length constraint allows"});
  check(
      {.name = "names outside its constraints",
       .certificate =
           root.intermediate({.common_name = "bounded", .usages = {}, .permitted = {"example.com"}})
               .issue({.dns = {"localhost"}}),
       .reason = "name_constraints",
       .says = "CN=\"bounded\"",
       .advises = "forbid localhost"});
  check({.name = "not for servers",
         .certificate = root.issue({.dns = {"localhost"}, .usages = {"1.3.6.1.5.5.7.3.2"}}),
         .reason = "wrong_usage",
         .says = "does not allow TLS servers",
         .advises = "serverAuth",
         .alert = "unsupported_certificate"});
  check({.name = "issued by one that is for clients alone",
         .certificate =
             root.intermediate({.common_name = "of clients", .usages = {"1.3.6.1.5.5.7.3.2"}})
                 .issue({.dns = {"localhost"}}),
         .reason = "wrong_usage"});
  check({.name = "a critical extension that nobody knows",
         .certificate = root.issue({.dns = {"localhost"}, .unknown_critical = true}),
         .reason = "unknown_critical_extension"});
}

TEST_CASE("misuse: keys and signatures that are too weak") {
  const auto& root = test_authority();
  check({.name = "SHA-1",
         .certificate = root.issue({.dns = {"localhost"}, .hash = "SHA-1"}),
         .reason = "weak_signature",
         .says = "SHA-1",
         .advises = "the server needs a new one"});
  check({.name = "SHA-1 of an intermediate",
         .certificate = root.intermediate({.common_name = "old", .usages = {}, .hash = "SHA-1"})
                            .issue({.dns = {"localhost"}}),
         .reason = "weak_signature",
         .says = "CN=\"old\""});
  check({.name = "RSA-1024",
         .certificate = root.issue({.dns = {"localhost"}, .key = key_kind::rsa_1024}),
         .reason = "weak_key",
         .says = "key that is too short",
         .advises = "RSA has to have 2048 bits or more"});
  const certificate_authority weak("weak root", key_kind::rsa_1024);
  check({.name = "RSA-1024 of the root",
         .certificate = weak.issue({.dns = {"localhost"}}),
         .reason = "weak_key",
         .says = "CN=\"weak root\"",
         .trust = trusting(weak)});
}
