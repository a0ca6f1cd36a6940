// Operations that are destroyed, with their client, at any moment. To be run under ASan.
#include "client/proxy_support.hpp"
#include "client/support.hpp"

#include <cohttps/connect/proxy_rules.hpp>

using namespace cohttps;
using namespace cohttps::testing;
using namespace std::chrono_literals;

namespace {

void run_turns(bool through_proxy, bool client_too) {
  std::size_t turns = 0;
  for (bool running = true; running; ++turns) {
    CAPTURE(turns, through_proxy, client_too);
    memory_network network;
    network.delay = 1ms;
    network.read_limit = 700;
    scripted_host host;
    host.then(plain_response("moved", "302 Found", "Location: /b\r\n"))
        .then(plain_response("busy", "503 Service Unavailable", "Retry-After: 5\r\n"));
    for (int i = 0; i < 6; ++i) host.then(plain_response(std::string(5000, 'x')));
    network.listen("localhost", 443, host.tls(localhost_certificate()));
    connect_proxy proxy(network);
    network.listen("proxy", 3128, proxy.server());
    client_options options = trusting();
    if (through_proxy)
      options.proxies = proxy_rules::all(proxy::parse("http://me:secret@proxy:3128").value());
    options.pool.per_host = 1;
    options.retry.attempts = 2;
    options.timeout = 60s;
    std::optional<client> c(std::in_place, network.transport(), options);
    std::vector<background_task> roots;
    auto work = [](client& over) -> task<void> {
      auto op = over.try_get("https://localhost/");
      auto r = co_await std::move(op);
    };
    for (int i = 0; i < 3; ++i) roots.push_back(testing::detail::keep(work(*c)));
    for (std::size_t i = 0; i < turns; ++i)
      if (!network.loop().run_one()) break;
    running = false;
    for (auto& r : roots) running = running || !r.done();
    if (client_too) c.reset();
    // The second first, then the third, then the first.
    roots.erase(roots.begin() + 1);
    for (int i = 0; i < 2; ++i) network.loop().run_one();
    roots.pop_back();
    network.loop().run_one();
    roots.clear();
    if (c) {
      const auto s = c->statistics();
      CHECK(s.active == 0);
      CHECK(s.queued == 0);
      CHECK(s.open == s.idle);
    } else if (!through_proxy) {  // whose other end counts too
      CHECK(network.open_streams == 0);
    }
    c.reset();
    network.run_servers();
    CHECK(network.open_streams == 0);
  }
  CHECK(turns > 50);
}

}  // namespace

TEST_CASE("operations are destroyed at any moment") {
  run_turns(false, false);
  run_turns(false, true);
  run_turns(true, false);
  run_turns(true, true);
}
