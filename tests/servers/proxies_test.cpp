// The client through real proxies to a real server.
#include "servers/client_support.hpp"
#include "servers/proxy_servers.hpp"

#include <cohttps/connect/proxy_rules.hpp>

using namespace cohttps;
using namespace cohttps::testing;
using namespace std::chrono_literals;

namespace {

client_options through(const std::string& url) {
  client_options options = trusting();
  options.allow_plaintext = true;
  options.proxies = proxy_rules::all(proxy::parse(url).value());
  return options;
}

void use(const client_options& options) {
  auto& server = web_server();
  const auto work = [&]() -> task<void> {
    client c(options);
    for (int i = 0; i < 3; ++i) {
      auto secure = co_await c.get(server.url(site::both, "/small.txt"));
      CHECK(secure.text() == server.small);
      CHECK(secure.connection().tls->verified);
      CHECK_FALSE(secure.connection().proxy.empty());
      CHECK(secure.on_reused_connection() == (i > 0));
      auto plain = co_await c.get(server.url(site::plain, "/small.txt"));
      CHECK(plain.text() == server.small);
    }
    auto large = co_await c.get(server.url(site::both, "/large.bin"));
    CHECK((large.content() == server.large));
    auto wrong_name = co_await c.try_get(server.url(site::both, "/small.txt", "wrong.localhost"));
    CHECK_FALSE(wrong_name);
  };
  run(work());
}

}  // namespace

TEST_CASE("through an HTTP proxy: tunnels for https, absolute-form for http") {
  proxy_server proxy(proxy_program::tinyproxy);
  use(through(proxy.url("http")));
}

TEST_CASE("through an HTTP proxy that wants a password") {
  proxy_server proxy(proxy_program::tinyproxy, proxy_server::account{"me", "secret"});
  use(through(proxy.url("http")));
  for (const auto at : {site::both, site::plain}) {
    auto refused = get(through(proxy.bare_url("http")), web_server().url(at, "/small.txt"));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().category() == error_category::policy);
    CHECK(refused.error().reason() == "proxy_authentication_required");
    auto wrong =
        get(through(proxy.url("http", {"me", "wrong"})), web_server().url(at, "/small.txt"));
    // Tinyproxy says 401 then, which for http could as well be the server's.
    CHECK(wrong.has_value() == (at == site::plain));
    if (wrong) {
      CHECK(wrong->status() == 401);
      continue;
    }
    CHECK(wrong.error().reason() == "proxy_authentication_failed");
    CHECK(std::string(wrong.error().what()).find("wrong") == std::string::npos);
  }
}

TEST_CASE("through squid with Digest, over http and inside TLS") {
  proxy_server proxy(proxy_program::squid, proxy_server::account{"me", "secret"});
  use(through(proxy.url("http")));
  client_options options = through(proxy.url("https"));
  options.proxy_tls = tls_context({.system_roots = false, .root_pem = proxy.root_pem()});
  use(options);
  // Without its authority the proxy is as untrusted as any server.
  auto refused = get(through(proxy.url("https")), web_server().url(site::both, "/small.txt"));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().category() == error_category::certificate);
}

TEST_CASE("through SOCKS proxies") {
  SECTION("dante") {
    proxy_server proxy(proxy_program::danted);
    for (const char* scheme : {"socks4", "socks5", "socks5h"}) {
      CAPTURE(scheme);
      use(through(proxy.url(scheme)));
    }
  }
  SECTION("microsocks with a password") {
    proxy_server proxy(proxy_program::microsocks, proxy_server::account{"me", "secret"});
    for (const std::string scheme : {"socks5", "socks5h"}) {
      if (scheme == "socks5h" && !localhost_is_ipv4()) continue;
      CAPTURE(scheme);
      use(through(proxy.url(scheme)));
    }
    auto wrong = get(through(proxy.url("socks5", {"me", "wrong"})),
                     web_server().url(site::both, "/small.txt"));
    REQUIRE_FALSE(wrong);
    CHECK(wrong.error().reason() == "proxy_authentication_failed");
  }
}

TEST_CASE("a target that a proxy cannot reach, and a proxy that is not there") {
  const std::string nobody = std::to_string(free_port());
  proxy_server proxy(proxy_program::tinyproxy);
  auto unreachable = get(through(proxy.url("http")), "https://localhost:" + nobody + "/");
  REQUIRE_FALSE(unreachable);
  CHECK(unreachable.error().category() == error_category::connect);
  CHECK(unreachable.error().phase() == phase::tunnel);
  auto no_proxy = get(through("http://127.0.0.1:" + nobody), "https://localhost/");
  REQUIRE_FALSE(no_proxy);
  CHECK(no_proxy.error().category() == error_category::connect);
  CHECK(no_proxy.error().phase() == phase::connect);
}
