// Clients of several threads that speak HTTP/2 under one tls_context, as is meant for more than one
// processor.
#include "client/http2_host.hpp"
#include "client/support.hpp"

#include <cohttps/connect/dns_cache.hpp>
#include <cohttps/task/when_any.hpp>
#include <cohttps/transport/sleep.hpp>

#include <atomic>
#include <random>
#include <thread>
#include <vector>

using namespace cohttps;
using namespace cohttps::testing;
using namespace std::chrono_literals;

namespace {

struct tally {
  std::atomic<std::size_t> begun = 0, answered = 0, wrong = 0, left = 0;
};

/// `count` requests of a thread's own client in a network of its own; a third of them are given up
/// at some moment.
void run_one(const client_options& shared, const issued_certificate& certificate, unsigned seed,
             std::size_t count, tally& all) {
  std::minstd_rand random(seed);
  memory_network network;
  network.delay = 1ms;
  http2_host host;
  host.answer = [&](http2_host::served& s, http2_request& r) {
    if (random() % 16 == 0) return s.peer.reset(r.id, NGHTTP2_REFUSED_STREAM);
    s.peer.respond(r.id, {{":status", "200"}}, std::string(random() % 4000, 'x'));
  };
  network.listen("localhost", 443, host.tls(certificate));
  auto work = [&]() -> task<void> {
    client c(network.transport(), shared);
    std::size_t begun = 0;
    auto one = [&]() -> task<void> {
      while (begun < count) {
        ++begun, ++all.begun;
        if (random() % 3 == 0) {
          auto ask = c.try_get("https://localhost/");
          auto wait = sleep_for(network.transport(), std::chrono::milliseconds(random() % 10));
          (void)co_await when_any(std::move(ask), std::move(wait));
        } else {
          auto r = co_await c.try_get("https://localhost/");
          if (r && r->status() == 200)
            ++all.answered;
          else if (!r && r.error().reason() != "stream_refused")
            ++all.wrong;
        }
        if (random() % 500 == 0) c.close_idle();
      }
    };
    std::vector<task<void>> running;
    for (int i = 0; i < 40; ++i) running.push_back(one());
    co_await when_all(std::move(running));
    const auto now = c.statistics();
    all.left += now.active + now.queued + (now.open - now.idle);
  };
  network.run(work());
  network.run_servers();
  all.left += network.open_streams;
}

}  // namespace

TEST_CASE("two threads with 5,000 streams each, canceled at random, under one tls_context") {
  const issued_certificate certificate = localhost_certificate();
  client_options shared = trusting();
  shared.dns = dns_cache(1min);
  tally all;
  {
    std::vector<std::jthread> threads;
    for (unsigned seed : {1u, 2u})
      threads.emplace_back([&, seed] { run_one(shared, certificate, seed, 5000, all); });
  }
  CHECK(all.begun >= 10'000);
  CHECK(all.answered > 6000);
  CHECK(all.wrong == 0);
  CHECK(all.left == 0);
}
