#include "tls/certificates.hpp"
#include "tls/tls_server_peer.hpp"

#include <cohttps/connection/tls_stream.hpp>
#include <cohttps/task/when_all.hpp>
#include <cohttps/testing/memory_network.hpp>
#include <cohttps/transport/sleep.hpp>

#include <catch2/catch_test_macros.hpp>

#include <chrono>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

using namespace cohttps;
using namespace cohttps::testing;
using namespace std::chrono_literals;

namespace {

/// Answers the handshake, reads nothing for a minute, then all.
task<void> serve_late(memory_network& network, memory_stream stream, std::string& received) {
  tls_server_peer tls(localhost_certificate());
  std::vector<std::byte> in(16 * 1024);
  for (bool late = false; true;) {
    if (tls.established && !std::exchange(late, true))
      (void)co_await sleep_for(network.transport(), 60s, {});
    auto got = co_await stream.read_some(in, {});
    if (!got || *got == 0) co_return;
    const bool fine = tls.receive(std::span(in).first(*got));
    CHECK(fine);
    received += std::exchange(tls.received, {});
    std::string out(tls.outgoing.text());
    tls.outgoing.clear();
    for (auto rest = std::as_bytes(std::span(out)); !rest.empty();) {
      auto taken = co_await stream.write_some(rest, {});
      if (!taken) co_return;
      rest = rest.subspan(*taken);
    }
  }
}

}  // namespace

TEST_CASE("memory is released while a write waits for a peer that does not read") {
  std::string received, sent;
  for (int i = 0; sent.size() < 200'000; ++i) sent += std::to_string(i) + ' ';
  memory_network network;
  network.listen("localhost", 443,
                 [&](memory_stream s) { return serve_late(network, std::move(s), received); });
  network.run([&]() -> task<void> {
    memory_transport over = network.transport();
    auto where = co_await over.resolve("localhost", 443, {});
    REQUIRE(where);
    auto stream = co_await over.connect(where->front(), {});
    REQUIRE(stream);
    cohttps::detail::tls_stream tls(any_stream(*std::move(stream)));
    auto secured = co_await tls.secure(context_trusting(), "localhost", 443, {},
                                       std::chrono::system_clock::now(), {});
    REQUIRE(secured);
    std::vector<task<void>> both;
    both.push_back([](cohttps::detail::tls_stream& to, const std::string& text) -> task<void> {
      auto written = co_await to.write(std::as_bytes(std::span(text)), {});
      CHECK(written);
    }(tls, sent));
    both.push_back([](cohttps::detail::tls_stream& of, memory_transport at) -> task<void> {
      (void)co_await sleep_for(at, 30s, {});
      of.release_memory();
    }(tls, over));
    co_await when_all(std::move(both));
    tls.close();
  }());
  network.run_servers();
  CHECK(received == sent);
}
