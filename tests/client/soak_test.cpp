// Many requests against hosts that misbehave at random, from a seed that is printed.
#include "client/support.hpp"

#include <cohttps/task/when_any.hpp>
#include <cohttps/transport/sleep.hpp>

#include <malloc.h>
#include <map>
#include <random>

using namespace cohttps;
using namespace cohttps::testing;
using namespace std::chrono_literals;

namespace {

/// Reads requests, and answers each with what `answer` makes of its path; an empty answer ends the
/// connection.
template <class Answer>
task<void> serve(memory_stream s, Answer answer) {
  std::string received;
  std::byte in[4096];
  while (true) {
    auto got = co_await s.read_some(in, {});
    if (!got || *got == 0) co_return;
    received.append(reinterpret_cast<const char*>(in), *got);
    while (true) {
      const auto end = received.find("\r\n\r\n");
      if (end == std::string::npos) break;
      const auto path_at = received.find(' ') + 1;
      const auto path = received.substr(path_at, received.find(' ', path_at) - path_at);
      received.erase(0, end + 4);
      std::string bytes = answer(path);
      if (bytes.empty()) co_return;
      auto sent = co_await s.write_some(std::as_bytes(std::span(bytes)), {});
      if (!sent) co_return;
      if (!bytes.ends_with('.')) co_return;
    }
  }
}

}  // namespace

TEST_CASE("after 100,000 requests with faults at random, everything is accounted for") {
  constexpr unsigned seed = 20261123;
  CAPTURE(seed);
  std::minstd_rand random(seed);
  memory_network network;
  network.delay = 1ms;
  network.read_limit = 700;
  for (const char* host : {"a", "b", "c", "d", "e"})
    network.listen(host, 80, [&](memory_stream s) {
      return serve(std::move(s), [&](const std::string& path) -> std::string {
        switch (random() % 40) {
          case 0:
            return {};
          case 1:
            return "HTTP/1.1 200 OK\r\nContent-Le";
          case 2:
            return "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort";
          case 3:
            return "gopher!\r\n\r\n";
          case 4:
            return plain_response(path + ".") + "unasked.";
          case 5:
            return plain_response(path + ".", "200 OK", "Connection: close\r\n");
          case 6:
            return plain_response(".", "302 Found", "Location: http://a/x\r\n");
          case 7:
            return plain_response(".", "503 Service Unavailable");
          case 8:
            return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n.\r\n0\r\n\r\n.";
          case 9:
            return "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhangs.";
          default:
            return plain_response(path + ".");
        }
      });
    });

  client_options options = plain();
  options.pool = {.per_host = 3, .total = 8, .idle_timeout = 3s, .lifetime = 20s};
  options.timeouts.idle = 300ms;
  options.timeouts.queue = 2s;
  options.retry = {.attempts = 3, .first_delay = 5ms, .budget = 0.1};
  std::size_t done = 0, answered = 0;
  constexpr int workers = 40;
  auto one_worker = [&](client& c, int requests) -> task<void> {
    for (int i = 0; i < requests; ++i) {
      const std::string url =
          std::string("http://") + static_cast<char>('a' + random() % 5) + "/" + std::to_string(i);
      const request_options how{.timeout = std::chrono::milliseconds(1 + random() % 2000)};
      if (random() % 50 == 0) {
        network.faults.what = random() % 2 ? fault_plan::kind::fail : fault_plan::kind::none;
        network.faults.at = network.faults.seen + random() % 5;
      }
      switch (random() % 8) {
        case 0: {
          const std::chrono::nanoseconds soon = std::chrono::microseconds(random() % 20'000);
          auto raced = co_await when_any(c.try_get(url, how), sleep_for(network.transport(), soon));
          if (raced.index() == 0) answered += std::get<0>(raced).has_value();
          break;
        }
        case 1: {
          try {
            auto s = co_await c.stream(method::get, url, how);
            auto part = co_await s.read();
            answered += !part.empty();
          } catch (const error&) {
          }
          break;
        }
        default: {
          auto r = co_await c.try_get(url, how);
          answered += r.has_value();
        }
      }
      ++done;
    }
  };
  auto work = [&]() -> task<void> {
    client c(network.transport(), options);
    std::size_t used[2] = {};
    for (std::size_t round : {0u, 1u}) {
      std::vector<task<void>> all;
      for (int i = 0; i < workers; ++i) all.push_back(one_worker(c, 100'000 / 2 / workers));
      co_await when_all(std::move(all));
      auto s = c.statistics();
      CHECK(s.active == 0);
      CHECK(s.queued == 0);
      CHECK(s.open == s.idle);
      CHECK(s.open == network.open_streams);
      c.close_idle();
      CHECK(c.statistics().open == 0);
      CHECK(network.open_streams == 0);
      co_await sleep_for(network.transport(), 1h);
      used[round] = ::mallinfo2().uordblks;
    }
    CHECK(used[1] < used[0] + 256 * 1024);
  };
  network.run(work());
  CHECK(done == 100'000);
  CHECK(answered > 50'000);
}

TEST_CASE(
    "connections that are closed at random lose no request, and repeat none that must not be") {
  constexpr unsigned seed = 7;
  CAPTURE(seed);
  std::minstd_rand random(seed);
  memory_network network;
  network.delay = 1ms;
  std::map<std::string, int> served;
  network.listen("host", 80, [&](memory_stream s) {
    return serve(std::move(s), [&](const std::string& path) -> std::string {
      ++served[path];
      // Closes behind some answers, as a server does whose patience is over.
      return plain_response(random() % 3 == 0 ? "x" : "x.");
    });
  });
  std::size_t lost = 0;
  auto one_worker = [&](client& c, int from, bool safe) -> task<void> {
    for (int i = from; i < from + 1000; ++i) {
      const std::string url = "http://host/" + std::to_string(i);
      auto r = co_await c.try_send(safe ? method::get : method::post, url);
      if (!r) {
        ++lost;
        INFO(r.error().what());
        CHECK_FALSE(safe);
        CHECK(r.error().replay() == replay_safety::maybe_processed);
        CHECK(r.error().on_reused_connection());
      }
      if (random() % 4 == 0) co_await sleep_for(network.transport(), 3ms);
    }
  };
  auto work = [&]() -> task<void> {
    client c(network.transport(), plain());
    std::vector<task<void>> all;
    for (int i = 0; i < 10; ++i) all.push_back(one_worker(c, i * 1000, i < 5));
    co_await when_all(std::move(all));
    CHECK(c.statistics().active == 0);
  };
  network.run(work());
  for (int i = 0; i < 10'000; ++i) {
    const int times = served["/" + std::to_string(i)];
    if (i < 5000)
      CHECK(times >= 1);
    else
      CHECK(times <= 1);
  }
  CHECK(lost < 1000);
}
