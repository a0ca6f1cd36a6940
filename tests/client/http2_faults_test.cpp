// Every operation of an exchange over HTTP/2 failing in turn, and every one being stopped.
#include "client/http2_host.hpp"
#include "client/support.hpp"

using namespace cohttps;
using namespace cohttps::testing;
using namespace std::chrono_literals;

namespace {

void echo(http2_host::served& s, http2_request& r) {
  s.peer.interim(r.id, {{":status", "103"}});
  s.peer.respond(r.id, {{":status", "200"}}, r[":path"] + r.content, {{"etag", "x"}});
}

/// Runs `work(client)` against a host that echoes, over TLS or not.
template <class Work>
void sweep(bool tls, Work work) {
  for_each_fault([&](memory_network& network, stop_source& stop) {
    network.read_limit = 700;
    http2_host host;
    host.answer = echo;
    network.listen("localhost", 80, host.plain());
    if (tls) network.listen("localhost", 443, host.tls(localhost_certificate()));
    auto run = [&]() -> task<result<response>> {
      client_options how = tls ? trusting() : prior_knowledge();
      client c(network.transport(), how);
      request_options each{.stop = stop};
      auto got = co_await work(c, each);
      const auto left = c.statistics();
      CHECK(left.active == 0);
      CHECK(left.queued == 0);
      CHECK(left.open == left.idle);
      c.close_idle();
      CHECK(c.statistics().open == 0);
      co_return got;
    };
    auto outcome = network.run(run());
    network.run_servers();
    return outcome;
  });
}

}  // namespace

TEST_CASE("HTTP/2 with an operation that fails or is stopped: a request") {
  sweep(false, [](client& c, request_options& each) -> task<result<response>> {
    auto r = co_await c.try_get("http://localhost/a", each);
    if (r) CHECK(r->text() == "/a");
    co_return r;
  });
}

TEST_CASE("HTTP/2 with an operation that fails or is stopped: over TLS") {
  sweep(true, [](client& c, request_options& each) -> task<result<response>> {
    auto r = co_await c.try_get("https://localhost/a", each);
    if (r) CHECK(r->text() == "/a");
    co_return r;
  });
}

TEST_CASE("HTTP/2 with an operation that fails or is stopped: content that is made on the way") {
  sweep(false, [](client& c, request_options& each) -> task<result<response>> {
    int left = 5;
    auto next = [&]() -> task<std::string> { co_return std::string(left-- > 0 ? 900 : 0, 'x'); };
    each.trailers = [] {
      fields all;
      all.append_unchecked("x-sum", "1");
      return all;
    };
    auto made = content::generated(next);
    auto r = co_await c.try_send(method::put, "http://localhost/", std::move(made), each);
    if (r) CHECK(r->text() == "/" + std::string(4500, 'x'));
    co_return r;
  });
}

TEST_CASE("HTTP/2 with an operation that fails or is stopped: one of several requests") {
  sweep(false, [](client& c, request_options& each) -> task<result<response>> {
    // Whatever becomes of the first, those that nobody stops end in some way.
    const request_options others;
    auto a = c.try_get("http://localhost/a", each);
    auto b = c.try_get("http://localhost/b", others);
    auto d =
        c.try_send(method::post, "http://localhost/d", content(std::string(3000, 'y')), others);
    auto [first, second, third] = co_await when_all(std::move(a), std::move(b), std::move(d));
    for (auto* r : {&second, &third})
      if (!*r) CHECK(r->error().category() != error_category::canceled);
    co_return std::move(first);
  });
}

TEST_CASE("HTTP/2 with an operation that fails or is stopped: requests that follow on others") {
  sweep(true, [](client& c, request_options& each) -> task<result<response>> {
    const auto two = [&](std::string path) -> task<result<response>> {
      auto first = co_await c.try_get("https://localhost/" + path, each);
      if (!first) co_return first;
      co_return co_await c.try_get("https://localhost/" + path + path, each);
    };
    auto all = co_await when_all(two("a"), two("b"), two("c"));
    if (auto& last = std::get<2>(all)) CHECK(last->text() == "/cc");
    co_return std::move(std::get<0>(all));
  });
}

TEST_CASE("HTTP/2 with an operation that fails or is stopped: content that is read in parts") {
  sweep(false, [](client& c, request_options& each) -> task<result<response>> {
    try {
      auto s = co_await c.stream(method::get, "http://localhost/stream", each);
      std::size_t size = 0;
      while (true) {
        auto part = co_await s.read();
        if (part.empty()) break;
        size += part.size();
      }
      CHECK(size == 7);
    } catch (const error& e) {
      co_return std::unexpected(e);
    }
    co_return co_await c.try_get("http://localhost/then", each);
  });
}
