// Several threads, each with a loop and a client of its own, that share what may be shared.
#include "servers/client_support.hpp"

#include <atomic>
#include <stop_token>
#include <thread>
#include <vector>

using namespace cohttps;
using namespace cohttps::testing;
using namespace std::chrono_literals;

TEST_CASE("threads share a tls_context and a cache of names") {
  auto& server = web_server();
  descriptor_balance balance;
  client_options shared = trusting();
  shared.dns = dns_cache(1min);
  std::atomic<int> answered = 0, resumed = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&] {
        const auto work = [&]() -> task<void> {
          client c(shared);
          for (int i = 0; i < 20; ++i) {
            auto r = co_await c.try_get(
                server.url(i % 2 ? site::ecdsa_13 : site::ecdsa_12, "/small.txt"));
            if (!r) continue;
            answered += r->text() == server.small;
            resumed += r->connection().tls->resumed;
            if (i % 5 == 0) c.close_idle();
          }
        };
        run(work());
      });
  }
  CHECK(answered == 80);
  CHECK(resumed > 0);
}

TEST_CASE("a std::stop_token of another thread ends a request") {
  auto& server = web_server();
  descriptor_balance balance;
  for (const auto after : {0ms, 1ms, 20ms, 100ms}) {
    CAPTURE(after.count());
    const auto started = std::chrono::steady_clock::now();
    std::jthread stopper;
    const auto work = [&]() -> task<result<response>> {
      std::stop_source stop;
      stopper = std::jthread([stop, after]() mutable {
        std::this_thread::sleep_for(after);  // so that it comes at different moments
        stop.request_stop();
      });
      client c(trusting());
      auto operation = c.try_get(server.url(site::both, "/slow")).with_stop(stop.get_token());
      co_return co_await std::move(operation);
    };
    const auto r = run(work());
    REQUIRE_FALSE(r);
    CHECK(r.error().category() == error_category::canceled);
    CHECK(std::chrono::steady_clock::now() - started < 5s);
  }
}

TEST_CASE("tokens that are never used, or used too late, harm nothing") {
  auto& server = web_server();
  std::jthread late;
  const auto work = [&]() -> task<void> {
    client c(trusting());
    for (int i = 0; i < 20; ++i) {
      std::stop_source own;
      late = std::jthread([own]() mutable { own.request_stop(); });
      auto operation = c.try_get(server.url(site::both, "/small.txt")).with_stop(own.get_token());
      auto r = co_await std::move(operation);
      CHECK((r || r.error().category() == error_category::canceled));
    }
  };
  run(work());
}
