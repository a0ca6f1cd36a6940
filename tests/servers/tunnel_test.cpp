// Tunnels through real proxies, over real sockets, to a server that echoes.
#include "servers/peer.hpp"
#include "servers/proxy_servers.hpp"

#include <cohttps/connect/tunnel.hpp>
#include <cohttps/connection/deadline.hpp>
#include <cohttps/connection/tls_stream.hpp>
#include <cohttps/run.hpp>
#include <cohttps/tls/context.hpp>
#include <cohttps/transport/asio/transport.hpp>

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <string_view>

using namespace cohttps;
using namespace cohttps::testing;
using namespace std::chrono_literals;

namespace {

using cohttps::detail::tls_stream;

peer::script echo() {
  return [](accepted& client) {
    for (std::string in = client.receive(); !in.empty(); in = client.receive())
      if (!client.send(in)) return;
  };
}

/// Sends `said` to the target through the proxy, and gives what comes back.
task<result<std::string>> echoed(proxy_login& login, const origin& to, std::string_view said,
                                 const proxy_server& through) {
  asio_transport over = asio_transport::current();
  cohttps::detail::deadline_queue queue(over);
  cohttps::detail::deadline limit(queue, 20s, {});
  const proxy& via = login.via();
  const std::string host(via.host_for_connect());
  endpoint address{.address = {std::byte{127}, std::byte{0}, std::byte{0}, std::byte{1}},
                   .port = to.port};
  const cohttps::detail::tunnel_target target{to, via.resolves_names() ? nullptr : &address};
  for (int connections = 0; connections < 4; ++connections) {
    auto where = co_await over.resolve(host, via.port(), limit.token());
    if (!where) co_return pass(std::move(where));
    std::optional<tls_stream> wire;
    for (const endpoint& e : *where) {
      auto stream = co_await over.connect(e, limit.token());
      if (!stream) continue;
      wire.emplace(any_stream(*std::move(stream)));
      break;
    }
    if (!wire) co_return fail(error_category::connect, "no_proxy", "the proxy cannot be reached");
    if (via.scheme() == proxy_scheme::https) {
      tls_options trusted{.system_roots = false, .root_pem = through.root_pem()};
      auto context = tls_context::create(trusted);
      if (!context) co_return pass(std::move(context));
      std::vector<std::string> alpn;
      alpn.emplace_back("http/1.1");
      auto secured = co_await wire->secure(*context, host, via.port(), std::move(alpn),
                                           std::chrono::system_clock::now(), limit.token());
      if (!secured) co_return pass(std::move(secured));
    }
    limit.enter(phase::tunnel, 10s);
    const http1::limits bounds;
    auto opened = co_await cohttps::detail::open_tunnel(*wire, target, login, bounds,
                                                        strictness::lenient, limit.token());
    if (!opened) co_return std::unexpected(limit.explain(std::move(opened).error()));
    if (*opened == cohttps::detail::tunnel::reconnect) continue;
    auto sent = co_await wire->write(std::as_bytes(std::span(said)), limit.token());
    if (!sent) co_return pass(std::move(sent));
    buffer in;
    while (in.size() < said.size()) {
      auto got = co_await wire->read(in, limit.token());
      if (!got) co_return pass(std::move(got));
      if (*got == 0) break;
    }
    co_return std::string(in.text());
  }
  co_return fail(error_category::protocol, "loop", "the proxy was connected to too often");
}

std::string outcome(const proxy_server& through, std::string_view url, std::string_view host,
                    std::uint16_t port) {
  proxy_login login = cohttps::detail::login_to(*proxy::parse(url));
  const origin to{"https", std::string(host), port};
  auto done = run(echoed(login, to, "hello", through));
  return done ? *done : '<' + std::string(done.error().reason()) + "> " + done.error().what();
}

}  // namespace

TEST_CASE("tunnels through tinyproxy") {
  const refusing_port nobody;
  peer target(echo());
  const proxy_server open(proxy_program::tinyproxy);
  CHECK(outcome(open, open.url("http"), "127.0.0.1", target.port()) == "hello");
  CHECK(outcome(open, open.url("http"), "localhost", target.port()) == "hello");
  CHECK(
      outcome(open, open.url("http"), "127.0.0.1", nobody.number()).starts_with("<proxy_refused>"));

  const proxy_server closed(proxy_program::tinyproxy, proxy_server::account{"alice", "s3cret"});
  CHECK(outcome(closed, closed.url("http"), "127.0.0.1", target.port()) == "hello");
  CHECK(outcome(closed, closed.bare_url("http"), "127.0.0.1", target.port())
            .starts_with("<proxy_authentication_required>"));
  CHECK(outcome(closed, closed.url("http", {"alice", "wrong"}), "127.0.0.1", target.port())
            .starts_with("<proxy_authentication_failed>"));
}

TEST_CASE("tunnels through squid, with Digest and over TLS") {
  const refusing_port nobody;
  peer target(echo());
  const proxy_server open(proxy_program::squid);
  CHECK(outcome(open, open.url("http"), "127.0.0.1", target.port()) == "hello");
  CHECK(outcome(open, open.url("https"), "127.0.0.1", target.port()) == "hello");
  CHECK(
      outcome(open, open.url("http"), "127.0.0.1", nobody.number()).starts_with("<proxy_refused>"));

  const proxy_server closed(proxy_program::squid, proxy_server::account{"alice", "s3cret word"});
  CHECK(outcome(closed, closed.bare_url("http"), "127.0.0.1", target.port())
            .starts_with("<proxy_authentication_required>"));
  if (!tls::hashes().md5) SKIP("this Botan was built without MD5, which squid's Digest needs");
  CHECK(outcome(closed, closed.url("http"), "127.0.0.1", target.port()) == "hello");
  CHECK(outcome(closed, closed.url("https"), "127.0.0.1", target.port()) == "hello");
  CHECK(outcome(closed, closed.url("http", {"alice", "wrong"}), "127.0.0.1", target.port())
            .starts_with("<proxy_authentication_failed>"));
}

TEST_CASE("tunnels through dante") {
  const refusing_port nobody;
  peer target(echo());
  const proxy_server server(proxy_program::danted);
  for (const std::string_view scheme : {"socks4", "socks4a", "socks5", "socks5h"}) {
    INFO(scheme);
    CHECK(outcome(server, server.url(scheme), "127.0.0.1", target.port()) == "hello");
    const auto refused = outcome(server, server.url(scheme), "127.0.0.1", nobody.number());
    INFO(refused);
    CHECK(refused.starts_with("<socks_"));
    // It takes SOCKS4a's mark of a name for the address 0.0.0.1.
    if (scheme != "socks4a")
      CHECK(outcome(server, server.url(scheme), "localhost", target.port()) == "hello");
  }
}

TEST_CASE("tunnels through microsocks") {
  const refusing_port nobody;
  peer target(echo());
  const proxy_server open(proxy_program::microsocks);
  CHECK(outcome(open, open.url("socks5"), "127.0.0.1", target.port()) == "hello");
  if (localhost_is_ipv4())
    CHECK(outcome(open, open.url("socks5h"), "localhost", target.port()) == "hello");
  CHECK(outcome(open, open.url("socks5"), "127.0.0.1", nobody.number())
            .starts_with("<socks_connection_refused>"));

  const proxy_server closed(proxy_program::microsocks, proxy_server::account{"alice", "s3:cret"});
  CHECK(outcome(closed, closed.url("socks5h"), "127.0.0.1", target.port()) == "hello");
  CHECK(outcome(closed, closed.bare_url("socks5h"), "127.0.0.1", target.port())
            .starts_with("<proxy_authentication_required>"));
  CHECK(outcome(closed, closed.url("socks5h", {"alice", "wrong"}), "127.0.0.1", target.port())
            .starts_with("<proxy_authentication_failed>"));
}
