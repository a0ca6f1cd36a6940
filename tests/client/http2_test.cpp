// The client over HTTP/2: what is the same as over HTTP/1.1, and how connections are shared.
#include "client/http2_host.hpp"
#include "client/support.hpp"
#include "http2/frames.hpp"

#include <cohttps/task/when_any.hpp>
#include <cohttps/transport/sleep.hpp>

#include <deque>

using namespace cohttps;
using namespace cohttps::testing;
using namespace std::chrono_literals;

namespace {

struct http2_network {
  memory_network network;
  http2_host host;
  http2_network() { network.listen("host", 80, host.plain()); }
};

std::string pattern(std::size_t size) {
  std::string s(size, '\0');
  for (std::size_t i = 0; i < size; ++i) s[i] = static_cast<char>('a' + i * 7 % 26);
  return s;
}

}  // namespace

TEST_CASE("requests with and without content, at any read size") {
  for_each_read_size([](memory_network& network) {
    http2_host host;
    host.answer = [](http2_host::served& s, http2_request& r) {
      std::string content = r[":method"] + " " + r[":path"] + " " + r.content;
      if (r[":method"] == "HEAD") content.clear();
      s.peer.respond(r.id, {{":status", "200"}, {"x-length", r["content-length"]}}, content);
    };
    network.listen("host", 80, host.plain());
    auto work = [&]() -> task<void> {
      client c(network.transport(), prior_knowledge());
      auto first = co_await c.get("http://host/a?b");
      CHECK(first.status() == 200);
      CHECK(first.text() == "GET /a?b ");
      CHECK(first.connection().protocol == "HTTP/2");
      CHECK_FALSE(first.on_reused_connection());
      auto second = co_await c.post("http://host/p", {.content = "some content"});
      CHECK(second.text() == "POST /p some content");
      CHECK(second.header("x-length") == "12");
      CHECK(second.on_reused_connection());
      auto third = co_await c.put("http://host/l", content(pattern(300'000)));
      CHECK(third.text() == "PUT /l " + pattern(300'000));
      auto head = co_await c.head("http://host/");
      CHECK(head.status() == 200);
      CHECK(head.text().empty());
      CHECK(c.statistics().idle == 1);
    };
    network.run(work());
    network.run_servers();
    CHECK(host.connections.size() == 1);
    CHECK(host.connections.front().peer.goaways == std::vector<std::uint32_t>{0});
    CHECK(network.open_streams == 0);
  });
}

TEST_CASE("TLS agrees on HTTP/2, on HTTP/1.1, or on nothing") {
  for_each_read_size([](memory_network& network) {
    http2_host h2;
    scripted_host h1;
    h1.then(plain_response("old")).then(plain_response("old"));
    network.listen("localhost", 443, h2.tls(localhost_certificate()));
    network.listen("localhost", 444, h1.tls(localhost_certificate(), {.alpn = {"http/1.1"}}));
    auto work = [&]() -> task<void> {
      client c(network.transport(), trusting());
      auto first = co_await c.get("https://localhost/x");
      CHECK(first.text() == "answer to /x");
      CHECK(first.connection().protocol == "HTTP/2");
      CHECK(first.connection().tls->alpn == "h2");
      auto again = co_await c.get("https://localhost/y");
      CHECK(again.on_reused_connection());
      auto second = co_await c.get("https://localhost:444/");
      CHECK(second.text() == "old");
      CHECK(second.connection().protocol == "HTTP/1.1");

      client_options only2 = trusting();
      only2.versions = http_versions::http_2;
      client modern(network.transport(), only2);
      auto third = co_await modern.try_get("https://localhost:444/");
      REQUIRE_FALSE(third);
      CHECK(third.error().reason() == "http2_not_agreed");
      client_options only1 = trusting();
      only1.versions = http_versions::http_1_1;
      client old(network.transport(), only1);
      auto fourth = co_await old.get("https://localhost:444/");
      CHECK(fourth.connection().protocol == "HTTP/1.1");
    };
    network.run(work());
    CHECK(h2.connections.size() == 1);
    CHECK(network.open_streams == 0);
  });
}

TEST_CASE("many requests at a time go over one connection once it is known to carry them") {
  http2_network n;
  auto work = [&]() -> task<void> {
    client c(n.network.transport(), prior_knowledge());
    (void)co_await c.connect("http://host/");
    std::vector<client::operation> all;
    for (int i = 0; i < 100; ++i) all.push_back(c.get("http://host/" + std::to_string(i)));
    auto got = co_await when_all(std::move(all));
    for (std::size_t i = 0; i < got.size(); ++i)
      CHECK(got[i].text() == "answer to /" + std::to_string(i));
    CHECK(c.statistics().open == 1);
    CHECK(c.statistics().idle == 1);
    CHECK(c.statistics().created == 1);
  };
  n.network.run(work());
  CHECK(n.host.connections.size() == 1);
  CHECK(n.host.connections.front().peer.most_at_a_time == 100);
}

TEST_CASE("requests that follow on answers that came together go out together") {
  memory_network network;
  http2_host host;
  host.record_size = 64;
  network.listen("localhost", 443, host.tls(localhost_certificate()));
  // Operations of the client's for twenty requests, and twenty more that follow on their answers.
  const auto operations = [&]() -> task<std::size_t> {
    client c(network.transport(), trusting());
    (void)co_await c.connect("https://localhost/");
    const auto two = [&]() -> task<void> {
      (void)co_await c.get("https://localhost/1");
      (void)co_await c.get("https://localhost/2");
    };
    std::vector<task<void>> all;
    for (int i = 0; i < 20; ++i) all.push_back(two());
    const auto so_far = [&] { return network.faults.seen + network.eager_writes; };
    const std::size_t before = so_far();
    co_await when_all(std::move(all));
    co_return so_far() - before;
  };
  auto work = [&]() -> task<void> {
    const std::size_t in_one_read = co_await operations();
    CHECK(in_one_read == 4);  // two writes and two reads
    // All that has come is read before the next requests are written: two writes, a read, and those
    // of the last answers.
    network.read_limit = 500;
    const std::size_t in_parts = co_await operations();
    CHECK(in_parts == 7);
    // Not if that never ends.
    network.read_limit = 100;
    const std::size_t in_crumbs = co_await operations();
    CHECK(in_crumbs == 19);
  };
  network.run(work());
  CHECK(host.requests() == 120);
}

TEST_CASE("a client may end while answers are handed on") {
  for (const std::size_t read_limit : {100UZ, 500UZ, 100'000UZ}) {
    for (int last = 1; last <= 9; ++last) {
      CAPTURE(read_limit, last);
      memory_network network;
      network.read_limit = read_limit;
      http2_host host;
      host.record_size = 64;
      network.listen("localhost", 443, host.tls(localhost_certificate()));
      std::optional<client> c(std::in_place, network.transport(), trusting());
      int answers = 0;
      const auto two = [&]() -> task<void> {
        for (int i = 0; i < 2 && c; ++i) {
          auto r = co_await c->try_get("https://localhost/");
          CHECK(r);
          if (++answers == last) c.reset();
        }
      };
      std::vector<background_task> all;
      for (int i = 0; i < 6; ++i) all.push_back(testing::detail::keep(two()));
      while (network.loop().run_one()) {
      }
      for (const auto& each : all) CHECK(each.done());
      CHECK(answers >= last);
      network.run_servers();
      CHECK(network.open_streams == 0);
    }
  }
}

TEST_CASE("while the first connection is made others wait for it, where it is known to be shared") {
  http2_network n;
  auto work = [&]() -> task<void> {
    client c(n.network.transport(), prior_knowledge());
    (void)co_await c.get("http://host/first");
    c.close_idle();
    std::vector<client::operation> all;
    for (int i = 0; i < 20; ++i) all.push_back(c.get("http://host/" + std::to_string(i)));
    auto got = co_await when_all(std::move(all));
    CHECK(got.size() == 20);
    CHECK(c.statistics().created == 2);
  };
  n.network.run(work());
  CHECK(n.host.connections.size() == 2);
}

TEST_CASE("what the server allows at a time is kept to; more goes over a second connection") {
  http2_network n;
  n.host.settings = {{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 3}};
  auto work = [&]() -> task<void> {
    client_options how = prior_knowledge();
    how.pool.per_host = 2;
    client c(n.network.transport(), how);
    (void)co_await c.get("http://host/first");
    std::vector<client::operation> all;
    for (int i = 0; i < 20; ++i) all.push_back(c.get("http://host/" + std::to_string(i)));
    auto got = co_await when_all(std::move(all));
    CHECK(got.size() == 20);
    CHECK(c.statistics().open == 2);
    CHECK(c.statistics().active == 0);
  };
  n.network.run(work());
  CHECK(n.host.connections.size() == 2);
  for (auto& s : n.host.connections) CHECK(s.peer.most_at_a_time <= 3);
}

TEST_CASE("a canceled request resets its stream and hurts no other") {
  http2_network n;
  n.host.answer = [](http2_host::served& s, http2_request& r) {
    if (r[":path"] != "/never") s.peer.respond(r.id, {{":status", "200"}}, r[":path"]);
  };
  auto work = [&]() -> task<void> {
    client c(n.network.transport(), prior_knowledge());
    (void)co_await c.connect("http://host/");
    stop_source stop;
    auto slow = [&]() -> task<void> {
      auto r = co_await c.try_get("http://host/never", {.stop = stop});
      REQUIRE_FALSE(r);
      CHECK(r.error().category() == error_category::canceled);
    };
    auto late = [&]() -> task<void> {
      auto r = co_await c.try_get("http://host/never", {.timeout = 3s});
      REQUIRE_FALSE(r);
      CHECK(r.error().category() == error_category::timeout);
      CHECK(r.error().reason() == "total_timeout");
    };
    auto others = [&]() -> task<void> {
      (void)co_await sleep_for(n.network.transport(), 1s);
      stop.request_stop();
      for (int i = 0; i < 5; ++i) {
        auto r = co_await c.get("http://host/fine");
        CHECK(r.text() == "/fine");
        (void)co_await sleep_for(n.network.transport(), 1s);
      }
    };
    co_await when_all(slow(), late(), others());
    CHECK(c.statistics().open <= 1);
    CHECK(c.statistics().created == 1);
  };
  n.network.run(work());
  REQUIRE(n.host.connections.size() == 1);
  CHECK(n.host.connections.front().peer.resets ==
        std::map<std::int32_t, std::uint32_t>{{1, NGHTTP2_CANCEL}, {3, NGHTTP2_CANCEL}});
  CHECK(n.network.open_streams == 0);
}

TEST_CASE("content that nobody reads stops no other response") {
  http2_network n;
  n.host.answer = [](http2_host::served& s, http2_request& r) {
    s.peer.respond(r.id, {{":status", "200"}},
                   r[":path"] == "/large" ? pattern(20'000'000) : "small");
  };
  auto work = [&]() -> task<void> {
    client c(n.network.transport(), prior_knowledge());
    auto stream = co_await c.stream(method::get, "http://host/large");
    (void)co_await sleep_for(n.network.transport(), 1s);
    for (int i = 0; i < 10; ++i) {
      auto r = co_await c.get("http://host/small");
      CHECK(r.text() == "small");
    }
    CHECK(n.host.connections.size() == 1);
    std::string all;
    while (true) {
      auto part = co_await stream.read();
      if (part.empty()) break;
      all.append(reinterpret_cast<const char*>(part.data()), part.size());
    }
    CHECK((all == pattern(20'000'000)));
    CHECK(stream.complete());
  };
  n.network.run(work());
}

TEST_CASE("what the server has not looked at is sent again, whatever its method") {
  for (const auto code : {NGHTTP2_REFUSED_STREAM, NGHTTP2_NO_ERROR}) {
    CAPTURE(code);
    http2_network n;
    int seen = 0;
    n.host.answer = [&](http2_host::served& s, http2_request& r) {
      if (++seen == 2 && code == NGHTTP2_REFUSED_STREAM) return s.peer.reset(r.id, code);
      if (seen == 2) return s.peer.goaway(r.id - 2, code);
      s.peer.respond(r.id, {{":status", "200"}}, r.content);
    };
    auto work = [&]() -> task<void> {
      client c(n.network.transport(), prior_knowledge());
      (void)co_await c.post("http://host/", {.content = "1"});
      auto r = co_await c.post("http://host/", {.content = "2"});
      CHECK(r.text() == "2");
    };
    n.network.run(work());
    CHECK(seen == 3);
    CHECK(n.host.connections.size() == (code == NGHTTP2_REFUSED_STREAM ? 1 : 2));
  }
}

TEST_CASE("a server that says goodbye every two requests gets them all") {
  http2_network at;
  at.host.answer = [](http2_host::served& s, http2_request& r) {
    s.peer.respond(r.id, {{":status", "200"}}, "answer");
    if (s.peer.requests.size() == 2) s.peer.goaway(3, 0);
  };
  auto work = [&]() -> task<void> {
    client c(at.network.transport(), prior_knowledge());
    std::vector<client::try_operation> many;
    for (int i = 0; i < 30; ++i)
      many.push_back(c.try_send(method::post, "http://host/", content("x")));
    auto got = co_await when_all(std::move(many));
    for (const auto& each : got) {
      if (!each) FAIL_CHECK(each.error().what());
      if (each) CHECK(each->text() == "answer");
    }
  };
  at.network.run(work());
  at.network.run_servers();
  CHECK(at.network.open_streams == 0);
}

TEST_CASE("a server that says goodbye before it has taken anything is believed at last") {
  http2_network at;
  // It names a request that it cannot have got.
  at.network.listen("host", 80, [](memory_stream s) -> task<void> {
    const std::string bytes = frames::settings() + frames::goaway(1, 0);
    auto told = co_await s.write_some(std::as_bytes(std::span(bytes)), {});
    std::byte in[1000];
    while (told) {
      auto got = co_await s.read_some(in, {});
      if (!got || *got == 0) co_return;
    }
  });
  auto work = [&]() -> task<void> {
    client c(at.network.transport(), prior_knowledge());
    auto r = co_await c.try_get("http://host/");
    CHECK_FALSE(r);
    CHECK(c.statistics().created <= 5);
  };
  at.network.run(work());
}

TEST_CASE("a server that refuses everything is believed at last") {
  http2_network n;
  n.host.answer = [&](http2_host::served& s, http2_request& r) {
    s.peer.reset(r.id, NGHTTP2_REFUSED_STREAM);
  };
  auto r = get(n.network, "http://host/", prior_knowledge());
  REQUIRE_FALSE(r);
  CHECK(r.error().reason() == "stream_refused");
  CHECK(r.error().replay() == replay_safety::rejected);
  CHECK(n.host.requests() == 6);
}

TEST_CASE("content that can be given only once is not sent by half when it is refused") {
  http2_network n;
  n.host.answer = [&](http2_host::served& s, http2_request& r) {
    if (n.host.requests() == 1) return s.peer.reset(r.id, NGHTTP2_REFUSED_STREAM);
    s.peer.respond(r.id, {{":status", "200"}}, r.content);
  };
  auto work = [&]() -> task<result<response>> {
    client_options options = prior_knowledge();
    options.retry.attempts = 3;
    client c(n.network.transport(), options);
    int pieces = 0;
    auto next = [&]() -> task<std::string> {
      ++pieces;
      co_return pieces > 2 ? "" : "piece";
    };
    co_return co_await c.try_send(method::post, "http://host/", content::generated(next));
  };
  auto r = n.network.run(work());
  REQUIRE_FALSE(r);
  CHECK(r.error().reason() == "stream_refused");
  CHECK(n.host.requests() == 1);
}

TEST_CASE("a server that wants HTTP/1.1 gets it, from then on") {
  memory_network network;
  http2_host h2;
  scripted_host h1;
  h1.then(plain_response("old")).then(plain_response("older"));
  h2.answer = [](http2_host::served& s, http2_request& r) {
    s.peer.reset(r.id, NGHTTP2_HTTP_1_1_REQUIRED);
  };
  auto modern = h2.tls(localhost_certificate());
  auto old = h1.tls(localhost_certificate(), {.alpn = {"http/1.1"}});
  std::size_t connections = 0;
  network.listen("localhost", 443, [&](memory_stream s) {
    return connections++ == 0 ? modern(std::move(s)) : old(std::move(s));
  });
  auto work = [&]() -> task<void> {
    client c(network.transport(), trusting());
    auto first = co_await c.get("https://localhost/");
    CHECK(first.text() == "old");
    CHECK(first.connection().protocol == "HTTP/1.1");
    auto second = co_await c.get("https://localhost/");
    CHECK(second.text() == "older");
    CHECK(second.on_reused_connection());
  };
  network.run(work());
  CHECK(connections == 2);
}

TEST_CASE("settings, pings and a goodbye to an idle connection") {
  http2_network n;
  n.host.answer = [](http2_host::served& s, http2_request& r) {
    s.peer.respond(r.id, {{":status", "200"}});
    s.closes = r[":path"] == "/3";
  };
  auto work = [&]() -> task<void> {
    client c(n.network.transport(), prior_knowledge());
    (void)co_await c.get("http://host/1");
    http2_host::served& s = n.host.connections.front();
    nghttp2_submit_ping(s.peer.session(), 0, nullptr);
    s.peer.settings({{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 7}});
    s.push();
    (void)co_await sleep_for(n.network.transport(), 1s);
    auto second = co_await c.get("http://host/2");
    CHECK(second.on_reused_connection());
    s.peer.goaway(3, NGHTTP2_NO_ERROR);
    s.push();
    (void)co_await sleep_for(n.network.transport(), 1s);
    auto third = co_await c.get("http://host/3");
    CHECK_FALSE(third.on_reused_connection());
    (void)co_await sleep_for(n.network.transport(), 1s);
    auto fourth = co_await c.get("http://host/4");
    CHECK_FALSE(fourth.on_reused_connection());
  };
  n.network.run(work());
  CHECK(n.host.connections.size() == 3);
}

TEST_CASE("trailers both ways, interim responses, redirects and 100-continue") {
  http2_network n;
  n.host.early = true;
  n.host.answer = [](http2_host::served& s, http2_request& r) {
    if (r[":path"] == "/from")
      return s.peer.respond(r.id, {{":status", "307"}, {"location", "/to"}});
    if (r["expect"] != "") s.peer.interim(r.id, {{":status", "100"}});
    s.peer.interim(r.id, {{":status", "103"}, {"link", "</a>"}});
    s.peer.on_content = [&s](http2_request& whole, std::string_view) {
      if (whole.content.size() == 100'000)
        s.peer.respond(whole.id, {{":status", "200"}}, "content", {{"etag", "\"x\""}});
    };
  };
  auto work = [&]() -> task<void> {
    client_options how = prior_knowledge();
    how.expect_continue_over = 1000;
    client c(n.network.transport(), how);
    auto r = co_await c.put("http://host/from", content(pattern(100'000)));
    CHECK(r.text() == "content");
    CHECK(r.trailers().find("etag") == "\"x\"");
    CHECK(r.history().size() == 1);
  };
  n.network.run(work());
  n.network.run_servers();
  CHECK((n.host.connections.front().peer.requests.rbegin()->second.content == pattern(100'000)));
}

TEST_CASE("a server that breaks the rules of the connection ends all of its requests") {
  http2_network n;
  n.host.answer = [](http2_host::served& s, http2_request& r) {
    if (r[":path"] != "/break") return;
    const std::string_view push("\0\0\0\4\0\0\0\0\1", 9);  // SETTINGS on a stream
    (void)s.stream->try_write(std::as_bytes(std::span(push)));
  };
  auto work = [&]() -> task<void> {
    client c(n.network.transport(), prior_knowledge());
    (void)co_await c.connect("http://host/");
    auto waits = c.try_get("http://host/never");
    auto breaks = c.try_get("http://host/break");
    auto [a, b] = co_await when_all(std::move(waits), std::move(breaks));
    for (auto* r : {&a, &b}) {
      REQUIRE_FALSE(*r);
      CHECK(r->error().category() == error_category::protocol);
      CHECK(r->error().reason() == "http2_protocol_error");
      CHECK(r->error().message().find("RFC 9113, 6.5") != std::string::npos);
    }
    CHECK(c.statistics().open == 0);
  };
  n.network.run(work());
  n.network.run_servers();
  CHECK(n.host.connections.front().peer.goaways ==
        std::vector<std::uint32_t>{NGHTTP2_PROTOCOL_ERROR});
}

TEST_CASE("a server that refuses a request over and over is tried with pauses") {
  for (const std::size_t refusals : {1u, 3u, 9u}) {
    CAPTURE(refusals);
    http2_network n;
    std::size_t left = refusals;
    n.host.answer = [&](http2_host::served& s, http2_request& r) {
      if (left == 0) return s.peer.respond(r.id, {{":status", "200"}}, "at last");
      --left;
      s.peer.reset(r.id, NGHTTP2_REFUSED_STREAM);
    };
    const auto begun = n.network.loop().now();
    auto r = send(n.network, method::post, "http://host/", {.content = "x"}, prior_knowledge());
    const auto took = n.network.loop().now() - begun;
    CHECK(r.has_value() == (refusals < 6));
    if (!r) CHECK(r.error().replay() == replay_safety::rejected);
    if (!r) CHECK(refusals - left == 6);
    // The first time at once, then after 0.1, 0.2 and so on.
    CHECK(took == (refusals == 1 ? 0ms : refusals == 3 ? 300ms : 1500ms));
  }
}
