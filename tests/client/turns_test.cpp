// A stop at every moment of an operation, waits without I/O among them.
#include "client/proxy_support.hpp"
#include "client/support.hpp"

#include <cohttps/connect/proxy_rules.hpp>

using namespace cohttps;
using namespace cohttps::testing;
using namespace std::chrono_literals;

namespace {

/// Runs `work` and stops it after `turns` turns of the loop. False when it had ended before.
template <class Work>
bool stop_after(memory_network& network, stop_source& stop, std::size_t turns, Work work) {
  auto root = testing::detail::keep(work());
  for (std::size_t i = 0; i < turns && !root.done(); ++i) network.loop().run_one();
  if (root.done()) return false;
  const auto asked = network.loop().now();
  stop.request_stop();
  while (!root.done() && network.loop().run_one()) {
  }
  CHECK(root.done());
  CHECK(network.loop().now() == asked);  // nothing was waited for
  return true;
}

}  // namespace

TEST_CASE("a stop at any moment ends all at once: queue, tunnel, handshake, redirection, retry") {
  std::size_t turns = 0;
  for (bool stopped = true; stopped; ++turns) {
    CAPTURE(turns);
    memory_network network;
    network.delay = 1ms;
    scripted_host host;
    host.then(plain_response("moved", "302 Found", "Location: /b\r\n"))
        .then(plain_response("busy", "503 Service Unavailable", "Retry-After: 5\r\n"));
    for (int i = 0; i < 6; ++i) host.then(plain_response("fine"));
    network.listen("localhost", 443, host.tls(localhost_certificate()));
    connect_proxy proxy(network);
    network.listen("proxy", 3128, proxy.server());
    client_options options = trusting();
    options.proxies = proxy_rules::all(proxy::parse("http://me:secret@proxy:3128").value());
    options.pool.per_host = 1;
    options.retry.attempts = 2;
    {
      client c(network.transport(), options);
      stop_source stop;
      const request_options how{.stop = stop};
      auto work = [&]() -> task<void> {
        auto [first, second] = co_await when_all(c.try_get("https://localhost/", how),
                                                 c.try_get("https://localhost/", how));
        if (stop.stop_requested()) {
          CHECK((first || first.error().category() == error_category::canceled));
          CHECK((second || second.error().category() == error_category::canceled));
        }
      };
      stopped = stop_after(network, stop, turns, work);
      const auto s = c.statistics();
      CHECK(s.active == 0);
      CHECK(s.queued == 0);
      CHECK(s.open == s.idle);
    }
    network.run_servers();
    CHECK(network.open_streams == 0);
  }
  CHECK(turns > 50);
}

TEST_CASE("a client is closed at any moment without a wait") {
  std::size_t turns = 0;
  for (bool closed = true; closed; ++turns) {
    CAPTURE(turns);
    memory_network network;
    network.delay = 1ms;
    scripted_host host;
    for (int i = 0; i < 6; ++i) host.then(plain_response("fine"));
    network.listen("localhost", 443, host.tls(localhost_certificate()));
    client_options options = trusting();
    options.pool.per_host = 1;
    client c(network.transport(), options);
    auto work = [&]() -> task<void> {
      auto all =
          co_await when_all(c.try_get("https://localhost/"), c.try_get("https://localhost/"));
    };
    auto root = testing::detail::keep(work());
    for (std::size_t i = 0; i < turns && !root.done(); ++i) network.loop().run_one();
    closed = !root.done();
    const auto asked = network.loop().now();
    network.run(c.close(0s));
    CHECK(network.loop().now() == asked);
    CHECK(root.done());
    CHECK(network.open_streams == 0);
    CHECK(c.statistics().open == 0);
  }
  CHECK(turns > 20);
}
