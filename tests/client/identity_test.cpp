// To whom a client shows its certificate, and to whom it does not.
#include "client/support.hpp"

#include <cohttps/connect/proxy_rules.hpp>

#include <memory>

using namespace cohttps;
using namespace cohttps::testing;

namespace {

tls_identity identity_of(const std::string& name,
                         const certificate_authority& issuer = test_authority()) {
  const auto issued = issuer.issue({.common_name = name, .usages = {"1.3.6.1.5.5.7.3.2"}});
  return {.certificate_pem = issued.chain_pem, .key_pem = issued.key_pem};
}

/// A host that asks for a certificate and does not insist.
struct asking_host {
  scripted_host host;
  std::shared_ptr<std::vector<std::string>> clients = std::make_shared<std::vector<std::string>>();

  asking_host(memory_network& network, const std::string& name, std::uint16_t port = 443,
              const std::string& authority = {}, bool tls13 = true) {
    tls_server_options how{.tls13 = tls13, .alpn = {"http/1.1"}, .ask_client_certificate = true};
    how.clients = clients;
    how.client_authority_pem = authority;
    network.listen(name, port, host.tls(test_authority().issue({.dns = {name}}), how));
  }
};

client_options with(tls_identity identity) {
  return {.tls = tls_context({.system_roots = false,
                              .root_pem = test_authority().certificate_pem(),
                              .identity = std::move(identity)})};
}

using names = std::vector<std::string>;

}  // namespace

TEST_CASE("the identity is shown where the caller asks, and not where a redirection leads") {
  struct {
    bool keep, configured;
    names seen;
  } cases[] = {{false, false, {}}, {true, false, {"me"}}, {false, true, {"of b"}}};
  for (auto& c : cases) {
    CAPTURE(c.keep, c.configured);
    memory_network network;
    asking_host a(network, "a.test"), b(network, "b.test");
    a.host.then(plain_response("", "302 Found", "Location: https://b.test/\r\n"))
        .then(plain_response("back at a"));
    b.host.then(plain_response("", "302 Found", "Location: https://a.test/back\r\n"));
    client_options options = with(identity_of("me"));
    options.redirects_keep_credentials = c.keep;
    if (c.configured) options.identities = {{"https://b.test", identity_of("of b")}};
    auto r = get(network, "https://a.test/", options);
    if (!r) FAIL(r.error().what());
    CHECK(r->text() == "back at a");
    CHECK(*a.clients == names{"me"});
    CHECK(*b.clients == c.seen);
  }
}

TEST_CASE("a connection with an identity is not used for a request without one") {
  memory_network network;
  asking_host a(network, "a.test"), b(network, "b.test");
  b.host.then(plain_response("known")).then(plain_response("unknown"));
  a.host.then(plain_response("", "302 Found", "Location: https://b.test/\r\n"));
  auto work = [&]() -> task<void> {
    client c(network.transport(), with(identity_of("me")));
    auto first = co_await c.get("https://b.test/");
    CHECK(first.text() == "known");
    auto led = co_await c.get("https://a.test/");
    CHECK(led.text() == "unknown");
    CHECK_FALSE(led.on_reused_connection());
    CHECK_FALSE(led.connection().tls->resumed);
  };
  network.run(work());
  CHECK(*b.clients == names{"me"});
  CHECK(b.host.connections == 2);
}

TEST_CASE("a proxy sees no identity but that of proxy_tls") {
  for (const bool own : {false, true}) {
    CAPTURE(own);
    memory_network network;
    asking_host proxy(network, "proxy.test", 3129);
    proxy.host.then(plain_response("from the proxy"));
    client_options options = with(identity_of("me"));
    options.allow_plaintext = true;
    options.proxies = proxy_rules::all(proxy::parse("https://proxy.test:3129").value());
    if (own) options.proxy_tls = with(identity_of("for the proxy")).tls;
    auto r = get(network, "http://host/", options);
    if (!r) FAIL(r.error().what());
    CHECK(*proxy.clients == (own ? names{"for the proxy"} : names{}));
  }
}

TEST_CASE("a server gets a certificate of the authorities that it names, or none") {
  static const certificate_authority other("another root");
  struct {
    std::string named;
    names seen;
  } cases[] = {{"", {"me"}},
               {test_authority().certificate_pem(), {"me"}},
               {other.certificate_pem(), {}},
               {other.certificate_pem() + test_authority().certificate_pem(), {"me"}}};
  for (auto& c : cases) {
    for (const bool old : {false, true}) {
      CAPTURE(c.named, old);
      memory_network network;
      asking_host a(network, "a.test", 443, c.named, !old);
      a.host.then(plain_response("x"));
      client_options options = with(identity_of("me"));
      auto r = get(network, "https://a.test/", options);
      if (!r) FAIL(r.error().what());
      CHECK(*a.clients == c.seen);
    }
  }
}

TEST_CASE("an origin of an identity that is none, and an identity that cannot be read") {
  memory_network network;
  asking_host a(network, "a.test");
  client_options options = trusting();
  options.identities = {{"a.test", identity_of("me")}};
  auto r = get(network, "https://a.test/", options);
  REQUIRE_FALSE(r);
  CHECK(r.error().reason() == "identity_origin");
  CHECK(r.error().message().find("client_options::identities") != std::string::npos);
  options.identities = {{"https://a.test", {.certificate_pem = "none"}}};
  r = get(network, "https://a.test/", options);
  REQUIRE_FALSE(r);
  CHECK(r.error().reason() == "bad_client_certificate");
  CHECK(a.host.connections == 0);
}
