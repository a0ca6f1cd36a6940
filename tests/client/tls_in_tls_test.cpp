// TLS inside of an HTTPS proxy's TLS, over the network in memory, at any read size.
#include "client/support.hpp"

#include <cohttps/connect/proxy_rules.hpp>
#include <cohttps/task/when_all.hpp>

#include <botan/system_rng.h>
#include <botan/tls_session_manager_memory.h>

using namespace cohttps;
using namespace cohttps::testing;
using namespace std::chrono_literals;

namespace {

tls_server_options with_tickets() {
  tls_server_options how;
  how.sessions = std::make_shared<Botan::TLS::Session_Manager_In_Memory>(
      std::make_shared<Botan::System_RNG>());
  return how;
}

task<bool> flush(memory_stream& s, tls_server_peer& tls) {
  std::string out(tls.outgoing.text());
  tls.outgoing.clear();
  co_return co_await write_all(s, std::move(out));
}

task<void> outward(memory_stream& client, tls_server_peer& tls, memory_stream& far, bool& ended) {
  std::byte in[4096];
  while (true) {
    auto got = co_await client.read_some(in, {});
    if (!got || *got == 0) break;
    const bool fine = tls.receive(std::span(in).first(*got));
    std::string out = std::exchange(tls.received, {});
    const bool told = co_await write_all(far, std::move(out));
    if (!fine || !told) break;
  }
  ended = true;
  far.close();
}

task<void> inward(memory_stream& client, tls_server_peer& tls, memory_stream& far, bool& ended) {
  std::byte in[4096];
  while (!ended) {
    auto got = co_await far.read_some(in, {});
    if (!got || *got == 0) break;
    tls.send(std::string_view(reinterpret_cast<const char*>(in), *got));
    const bool told = co_await flush(client, tls);
    if (!told) co_return;
  }
}

task<void> serve(memory_network& network, memory_stream client, tls_server_options how) {
  tls_server_peer tls(localhost_certificate(), how);
  std::byte in[4096];
  while (!tls.received.ends_with("\r\n\r\n")) {
    auto got = co_await client.read_some(in, {});
    if (!got || *got == 0) co_return;
    const bool fine = tls.receive(std::span(in).first(*got));
    const bool told = co_await flush(client, tls);
    if (!fine || !told) co_return;
  }
  CHECK(tls.received.starts_with("CONNECT localhost:443 "));
  tls.received.clear();
  auto transport = network.transport();
  auto addresses = co_await transport.resolve("localhost", 443, {});
  if (!addresses) co_return;
  auto far = co_await transport.connect(addresses->front(), {});
  if (!far) co_return;
  tls.send("HTTP/1.1 200 OK\r\n\r\n");
  const bool told = co_await flush(client, tls);
  if (!told) co_return;
  bool ended = false;
  co_await when_all(outward(client, tls, *far, ended), inward(client, tls, *far, ended));
}

}  // namespace

TEST_CASE("TLS in TLS carries request after request, at any read size and room") {
  const std::string much(200'000, 'm');
  for (const std::size_t room : {5000u, 65536u})
    for (const std::size_t read : {7u, 300u, 16384u}) {
      CAPTURE(read, room);
      memory_network network;
      network.read_limit = read;
      network.capacity = room;
      scripted_host host;
      host.then(plain_response("a")).then(plain_response(much)).then(plain_response("c"));
      network.listen("localhost", 443, host.tls(localhost_certificate(), with_tickets()));
      const tls_server_options how = with_tickets();
      network.listen("localhost", 3129,
                     [&](memory_stream s) { return serve(network, std::move(s), how); });
      client_options options = trusting();
      options.proxies = proxy_rules::all(proxy::parse("https://localhost:3129").value());
      auto work = [&]() -> task<void> {
        client c(network.transport(), options);
        auto first = co_await c.get("https://localhost/");
        CHECK(first.text() == "a");
        auto second = co_await c.post("https://localhost/", {.content = much});
        CHECK(second.text() == much);
        auto third = co_await c.get("https://localhost/");
        CHECK(third.text() == "c");
        CHECK(c.statistics().created == 1);
      };
      network.run(work());
      network.run_servers();
      REQUIRE(host.requests.size() == 3);
      CHECK(host.requests[1].ends_with(much));
    }
}

TEST_CASE("TLS in TLS is stopped or failed at any operation inside of both") {
  for_each_fault([](memory_network& network, stop_source& stop) {
    network.read_limit = 1024;
    scripted_host host;
    host.then(plain_response("a")).then(plain_response("b"));
    network.listen("localhost", 443, host.tls(localhost_certificate(), with_tickets()));
    const tls_server_options how = with_tickets();
    network.listen("localhost", 3129,
                   [&network, how](memory_stream s) { return serve(network, std::move(s), how); });
    client_options options = trusting();
    options.proxies = proxy_rules::all(proxy::parse("https://localhost:3129").value());
    auto work = [&]() -> task<result<response>> {
      client c(network.transport(), options);
      auto r = co_await c.try_get("https://localhost/", {.stop = stop});
      CHECK(c.statistics().active == 0);
      co_return r;
    };
    auto r = network.run(work());
    network.run_servers();
    return r;
  });
}
