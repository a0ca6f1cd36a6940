// Peers that fall silent, and connections whose requests are given up.
#include "client/http2_host.hpp"
#include "client/support.hpp"

#include <cohttps/transport/sleep.hpp>

using namespace cohttps;
using namespace cohttps::testing;
using namespace std::chrono_literals;

namespace {

/// What no byte comes from any more, once `silent`: as behind a cable that was pulled out.
struct silent_host {
  memory_network network;
  http2_host host;
  std::size_t accepted = 0;
  std::size_t silent = 0;  ///< so many connections, the oldest, do not answer
  std::vector<std::string> seen;
  silent_host() {
    host.answer = [this](http2_host::served& s, http2_request& r) {
      seen.push_back(r[":path"]);
      if (r[":path"] != "/never") s.peer.respond(r.id, {{":status", "200"}}, r.content);
    };
    auto serve = host.plain();
    network.listen("host", 80, [this, serve](memory_stream s) -> task<void> {
      const std::size_t number = accepted++;
      if (number < silent) return swallow(std::move(s));
      return serve(std::move(s));
    });
  }
  static task<void> swallow(memory_stream s) {
    std::byte in[4096];
    while (true) {
      auto got = co_await s.read_some(in, {});
      if (!got || *got == 0) co_return;
    }
  }
};

}  // namespace

TEST_CASE("a server that says nothing is asked, and given up when it does not answer") {
  silent_host n;
  n.silent = 1;
  auto work = [&]() -> task<void> {
    client_options how = prior_knowledge();
    how.timeouts.idle = 10min;
    client c(n.network.transport(), how);
    const auto begun = n.network.transport().now();
    auto r = co_await c.try_get("http://host/");
    REQUIRE_FALSE(r);
    CHECK(r.error().category() == error_category::peer_closed);
    CHECK(r.error().reason() == "peer_unresponsive");
    CHECK(r.error().message().find("20 s") != std::string::npos);
    CHECK(r.error().replay() == replay_safety::maybe_processed);
    CHECK(n.network.transport().now() - begun == 20s);
    CHECK(c.statistics().open == 0);
  };
  n.network.run(work());
  n.network.run_servers();
  CHECK(n.network.open_streams == 0);
}

TEST_CASE("how long is waited for a sign of life is the caller's") {
  for (const bool asks : {true, false}) {
    CAPTURE(asks);
    silent_host n;
    n.silent = 1;
    auto work = [&]() -> task<void> {
      client_options how = prior_knowledge();
      how.timeouts.idle = 10min;
      how.http2.ping_after = 3s;
      how.http2.ping_answer = 2s;
      if (!asks) how.http2.ping_after.reset();
      client c(n.network.transport(), how);
      const auto begun = n.network.transport().now();
      auto r = co_await c.try_get("http://host/");
      REQUIRE_FALSE(r);
      CHECK(r.error().reason() == (asks ? "peer_unresponsive" : "phase_timeout"));
      CHECK(n.network.transport().now() - begun == (asks ? 5s : 600s));
    };
    n.network.run(work());
  }
}

TEST_CASE("a server that takes its time and answers PINGs is waited for") {
  silent_host n;
  n.host.answer = [](http2_host::served&, http2_request&) {};
  auto work = [&]() -> task<void> {
    client_options how = prior_knowledge();
    how.timeouts.idle = 1h;
    client c(n.network.transport(), how);
    auto late = [&]() -> task<void> {
      (void)co_await sleep_for(n.network.transport(), 95s);
      auto& s = n.host.connections.front();
      CHECK(s.peer.pings == 9);
      s.peer.respond(1, {{":status", "200"}}, "at last");
      s.push();
    };
    auto [r, nothing] = co_await when_all(c.get("http://host/"), late());
    (void)nothing;
    CHECK(r.text() == "at last");
  };
  n.network.run(work());
}

TEST_CASE("no PING while content comes, and none while nothing is asked for") {
  silent_host n;
  n.host.answer = [](http2_host::served& s, http2_request& r) {
    s.peer.begin(r.id, {{":status", "200"}});
  };
  auto work = [&]() -> task<void> {
    client_options how = prior_knowledge();
    how.timeouts.minimum_rate.reset();
    client c(n.network.transport(), how);
    auto drip = [&]() -> task<void> {
      for (int i = 0; i < 20; ++i) {
        (void)co_await sleep_for(n.network.transport(), 8s);
        auto& s = n.host.connections.front();
        s.peer.append(1, "x");
        if (i == 19) s.peer.end(1);
        s.push();
      }
    };
    auto [r, nothing] = co_await when_all(c.get("http://host/"), drip());
    (void)nothing;
    CHECK(r.text() == std::string(20, 'x'));
    (void)co_await sleep_for(n.network.transport(), 50s);
    CHECK(n.host.connections.front().peer.pings == 0);
    CHECK(c.statistics().idle == 1);
  };
  n.network.run(work());
  CHECK(n.network.open_streams == 0);
}

TEST_CASE("an upload to a server that has nothing to say yet is no silence") {
  silent_host n;
  n.network.delay = 700ms;  // each piece takes its time
  n.network.capacity = 16 * 1024;
  auto work = [&]() -> task<void> {
    client_options how = prior_knowledge();
    how.http2.ping_after = 2s;
    how.http2.ping_answer = 2s;
    how.expect_continue_over = SIZE_MAX;
    client c(n.network.transport(), how);
    auto r = co_await c.put("http://host/", content(std::string(60'000, 'x')));
    CHECK(r.text().size() == 60'000);
  };
  n.network.run(work());
}

TEST_CASE("requests on a kept connection that has died are sent again over a new one") {
  silent_host n;
  auto work = [&]() -> task<void> {
    client c(n.network.transport(), prior_knowledge());
    (void)co_await c.get("http://host/first");
    // From here on nothing comes through.
    n.host.connections.front().peer.deaf = true;
    auto get = c.try_get("http://host/again");
    auto post = c.try_send(method::post, "http://host/once", {.content = "x"});
    auto [again, once] = co_await when_all(std::move(get), std::move(post));
    REQUIRE(again);
    CHECK(again->status() == 200);
    REQUIRE_FALSE(once);
    CHECK(once.error().reason() == "peer_unresponsive");
    CHECK(once.error().on_reused_connection());
    CHECK(once.error().replay() == replay_safety::maybe_processed);
    CHECK(c.statistics().open == 1);
    CHECK(c.statistics().created == 2);
  };
  n.network.run(work());
  CHECK(n.host.connections.size() == 2);
}

TEST_CASE("a request that is given up leaves its connection to others") {
  silent_host n;
  auto work = [&]() -> task<void> {
    client c(n.network.transport(), prior_knowledge());
    for (int i = 0; i < 5; ++i) {
      auto r = co_await c.try_get("http://host/never", {.timeout = 500ms});
      REQUIRE_FALSE(r);
      CHECK(r.error().reason() == "total_timeout");
      CHECK(c.statistics().open == 1);
      CHECK(c.statistics().idle == 1);
      auto next = co_await c.get("http://host/fine");
      CHECK(next.on_reused_connection());
    }
    CHECK(c.statistics().created == 1);
    // The read that was under way came to its end: nothing keeps the loop alive.
    (void)co_await sleep_for(n.network.transport(), 5s);
    auto& s = n.host.connections.front();
    CHECK(s.peer.pings == 5);
    CHECK(s.peer.resets.size() == 5);
  };
  n.network.run(work());
  CHECK(n.host.connections.size() == 1);
}

TEST_CASE("a connection in whose silence a request was given up has to speak first") {
  silent_host n;
  auto work = [&]() -> task<void> {
    client c(n.network.transport(), prior_knowledge());
    (void)co_await c.get("http://host/first");
    n.host.connections.front().peer.deaf = true;
    auto late = co_await c.try_get("http://host/x", {.timeout = 5s});
    REQUIRE_FALSE(late);
    CHECK(late.error().reason() == "total_timeout");
    CHECK(c.statistics().open == 1);
    // The old one is not trusted with it, and is gone when it has not answered.
    auto next = co_await c.get("http://host/y", {.timeout = 1s});
    CHECK_FALSE(next.on_reused_connection());
    CHECK(c.statistics().open == 2);
    (void)co_await sleep_for(n.network.transport(), 11s);
    CHECK(c.statistics().open == 1);
    auto last = co_await c.get("http://host/z");
    CHECK(last.on_reused_connection());
  };
  n.network.run(work());
  n.network.run_servers();
  CHECK(n.network.open_streams == 0);
}

TEST_CASE("a connection that was doubted and speaks again takes requests again") {
  silent_host n;
  auto work = [&]() -> task<void> {
    client_options how = prior_knowledge();
    how.pool.per_host = 1;
    client c(n.network.transport(), how);
    (void)co_await c.get("http://host/first");
    n.network.delay = 400ms;
    auto late = co_await c.try_get("http://host/never", {.timeout = 5s});
    REQUIRE_FALSE(late);
    (void)co_await sleep_for(n.network.transport(), 5s);
    auto next = co_await c.get("http://host/y");
    CHECK(next.on_reused_connection());
    CHECK(c.statistics().created == 1);
  };
  n.network.run(work());
}
