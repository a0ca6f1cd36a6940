// The client and servers with haproxy before them.
#include "servers/haproxy.hpp"

#include "servers/client_support.hpp"

#include <cohttps/task/when_all.hpp>
#include <cohttps/transport/sleep.hpp>

#include <random>
#include <vector>

using namespace cohttps;
using namespace cohttps::testing;
using namespace std::chrono_literals;

namespace {

client_options trusting_both(const haproxy& front) {
  client_options options = trusting();
  options.tls =
      tls_context({.system_roots = false, .root_pem = web_server().root_pem() + front.root_pem()});
  options.pool.per_host = 16;
  return options;
}

struct tally {
  int right = 0;
  int reused = 0;
  int kept_open = 0;  ///< answers without Connection: close
  std::vector<std::string> failures;
  pool::statistics statistics;
};

/// 1,000 requests, 16 at a time. Every now and then there are none for about as long as `pause`.
tally ask(const client_options& options, const std::string& url, const std::string& content,
          std::chrono::milliseconds pause) {
  tally sum;
  int left = 1000;
  std::mt19937 random(1);
  std::chrono::steady_clock::time_point quiet_until{};
  const auto worker = [&](client& c) -> task<void> {
    while (left-- > 0) {
      const auto now = std::chrono::steady_clock::now();
      if (left % 50 == 0) quiet_until = now + pause * (90 + random() % 20) / 100;
      if (now < quiet_until) co_await sleep_for(quiet_until - now);
      const auto r = co_await c.try_get(url);
      if (!r) {
        sum.failures.push_back(r.error().what());
        continue;
      }
      sum.right += r->status() == 200 && r->text() == content;
      sum.reused += r->on_reused_connection();
      sum.kept_open += value_of(*r, "connection") != "close";
    }
  };
  const auto work = [&]() -> task<void> {
    client c(options);
    std::vector<task<void>> all;
    for (int i = 0; i < 16; ++i) all.push_back(worker(c));
    co_await when_all(std::move(all));
    sum.statistics = c.statistics();
  };
  run(work());
  return sum;
}

}  // namespace

TEST_CASE("haproxy: of 1,000 requests none is lost, whatever becomes of the connections") {
  auto& server = web_server();
  descriptor_balance balance;
  peer old([](accepted& near) {
    near.receive_head();
    near.send("HTTP/1.0 200 OK\r\nServer: old\r\n\r\nuntil the end");
  });
  const haproxy front(server.port(site::plain), server.port(site::both), old.port());
  const auto options = trusting_both(front);
  const struct {
    entrance through;
    std::string path;
    std::string content;
    std::chrono::milliseconds pause;
    bool reuses;
    bool says_close;
  } cases[] = {
      // About as long as it waits, so that it closes before, with and after the next request.
      {entrance::impatient, "/small.txt", server.small, 50ms, true, false},
      {entrance::relay, "/small.txt", server.small, 0ms, true, false},
      {entrance::closing, "/small.txt", server.small, 0ms, false, true},
      // An answer of HTTP/1.0 needs no word for what is its way (RFC 9112, 9.3).
      {entrance::old, "/", "until the end", 0ms, false, false},
  };
  for (const auto& c : cases) {
    CAPTURE(c.through);
    const auto sum = ask(options, front.url(c.through, c.path), c.content, c.pause);
    CAPTURE(sum.failures, sum.reused, sum.kept_open, sum.statistics.created);
    CHECK(sum.right == 1000);
    CHECK((sum.kept_open == 0) == c.says_close);
    CHECK(sum.statistics.created >= (c.reuses ? 16 : 1000));
    CHECK((sum.reused > 300) == c.reuses);
    CHECK(sum.statistics.active == 0);
    if (c.through == entrance::impatient) CHECK(sum.statistics.created > 100);
    if (c.through == entrance::relay) CHECK(sum.statistics.created == 16);
  }
}

TEST_CASE("haproxy: a server that is not there is haproxy's 503") {
  auto& server = web_server();
  descriptor_balance balance;
  const haproxy front(server.port(site::plain), server.port(site::both), free_port());
  const auto options = trusting_both(front);
  CHECK(expect(get(options, front.url(entrance::old, "/"))).status() == 503);
  const auto cut = get(options, front.url(entrance::impatient, "/missing"));
  CHECK(expect(cut).status() == 404);
}
