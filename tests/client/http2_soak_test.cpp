// Many streams at a time, canceled, reset and refused at random, from a seed that is printed.
#include "client/http2_host.hpp"
#include "client/support.hpp"

#include <cohttps/task/when_any.hpp>
#include <cohttps/transport/sleep.hpp>

#include <catch2/generators/catch_generators.hpp>

#include <map>
#include <random>

using namespace cohttps;
using namespace cohttps::testing;
using namespace std::chrono_literals;

namespace {

/// What becomes of a request, by chance.
void answer(http2_host::served& s, http2_request& r, std::minstd_rand& random) {
  const std::string content(random() % 5000, 'x');
  switch (random() % 24) {
    case 0:
      return s.peer.reset(r.id, NGHTTP2_REFUSED_STREAM);
    case 1:
      return s.peer.reset(r.id, NGHTTP2_INTERNAL_ERROR);
    case 2:
      return;  // never
    case 3:
      s.peer.respond(r.id, {{":status", "200"}, {"content-length", "7"}}, content);
      return;
    case 4:
      s.peer.begin(r.id, {{":status", "200"}});
      return s.peer.append(r.id, content);  // and never the rest
    case 5:
      if (random() % 20 == 0) s.peer.goaway(r.id, NGHTTP2_NO_ERROR);
      s.peer.respond(r.id, {{":status", "200"}}, content);
      return;
    case 6:
      s.closes = random() % 40 == 0;
      s.peer.respond(r.id, {{":status", "200"}}, content, {{"etag", "x"}});
      return;
    default:
      s.peer.respond(r.id, {{":status", "200"}}, content);
      return;
  }
}

}  // namespace

TEST_CASE("after 10,000 streams with cancellations at random, everything is accounted for") {
  const bool tls = GENERATE(false, true);
  CAPTURE(tls);
  constexpr unsigned seed = 20261124;
  CAPTURE(seed);
  std::minstd_rand random(seed);
  memory_network network;
  network.delay = 1ms;
  network.read_limit = 3000;
  http2_host host;
  host.answer = [&](http2_host::served& s, http2_request& r) { answer(s, r, random); };
  host.settings = {{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 50}};
  const auto certificate = test_authority().issue({.dns = {"a", "b"}});
  for (const char* name : {"a", "b"}) {
    network.listen(name, 80, host.plain());
    network.listen(name, 443, host.tls(certificate));
  }
  std::map<std::string, std::size_t> outcomes;
  std::size_t requests = 0;
  auto work = [&]() -> task<void> {
    client_options how = tls ? trusting() : prior_knowledge();
    how.pool.per_host = 3;
    client c(network.transport(), how);
    auto one = [&](std::size_t) -> task<void> {
      while (requests < 10'000) {
        ++requests;
        const std::string url =
            std::string(tls ? "https://" : "http://") + (random() % 2 ? "a" : "b") + "/";
        const request_options each{.timeout = std::chrono::milliseconds(5 + random() % 200)};
        const int kind = static_cast<int>(random() % 4);
        std::string outcome = "ok";
        if (kind == 0) {  // canceled by chance
          auto ask = c.try_get(url, each);
          (void)co_await when_any(
              std::move(ask),
              sleep_for(network.transport(), std::chrono::milliseconds(random() % 30)));
          outcome = "raced";
        } else if (kind == 1) {  // read for a while, then dropped
          try {
            auto s = co_await c.stream(method::get, url, each);
            for (auto n = random() % 3; n > 0 && !s.complete(); --n) (void)co_await s.read();
          } catch (const error& e) {
            outcome = e.reason();
          }
        } else if (kind == 2) {
          auto r = co_await c.try_send(method::post, url, content(std::string(20'000, 'y')), each);
          if (!r) outcome = r.error().reason();
        } else {
          auto r = co_await c.try_get(url, each);
          if (!r) outcome = r.error().reason();
        }
        ++outcomes[outcome];
      }
    };
    std::vector<task<void>> all;
    for (std::size_t i = 0; i < 120; ++i) all.push_back(one(i));
    co_await when_all(std::move(all));
    const auto now = c.statistics();
    CHECK(now.active == 0);
    CHECK(now.queued == 0);
    CHECK(now.open == now.idle);
    c.close_idle();
    CHECK(c.statistics().open == 0);
  };
  network.run(work());
  network.run_servers();
  CHECK(network.open_streams == 0);
  std::string all;
  for (const auto& [what, times] : outcomes) all += what + ": " + std::to_string(times) + "\n";
  INFO(all);
  CHECK(requests == 10'000);
  CHECK(outcomes["ok"] > 3000);
  for (const char* what : {"total_timeout", "stream_reset", "content_length_mismatch"})
    CHECK(outcomes[what] > 10);
  std::size_t left = 0;
  for (auto& s : host.connections) left += s.peer.requests.size();
  CHECK(left > 5'000);
}
