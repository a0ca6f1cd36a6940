// Connections kept, lost and repeated.
#include "client/support.hpp"

#include <cohttps/transport/sleep.hpp>

using namespace cohttps;
using namespace cohttps::testing;
using namespace std::chrono_literals;

TEST_CASE("one connection carries request after request") {
  plain_host at;
  for (int i = 0; i < 5; ++i) at.host.then(plain_response(std::to_string(i)));
  auto work = [&]() -> task<void> {
    client c(at.network.transport(), plain());
    for (int i = 0; i < 5; ++i) {
      auto r = co_await c.get("http://host/");
      CHECK(r.text() == std::to_string(i));
      CHECK(r.on_reused_connection() == (i > 0));
    }
    CHECK(c.statistics().idle == 1);
    c.close_idle();
    CHECK(at.network.open_streams == 0);
  };
  at.network.run(work());
  CHECK(at.host.connections == 1);
}

TEST_CASE("requests at the same time have connections of their own, which are kept") {
  plain_host at;
  for (int i = 0; i < 6; ++i) at.host.then(plain_response("x"));
  auto work = [&]() -> task<void> {
    client c(at.network.transport(), plain());
    co_await when_all(c.get("http://host/"), c.get("http://host/"), c.get("http://host/"));
    CHECK(at.host.connections == 3);
    co_await when_all(c.get("http://host/"), c.get("http://host/"), c.get("http://host/"));
    CHECK(at.host.connections == 3);
    CHECK(c.statistics().idle == 3);
  };
  at.network.run(work());
}

TEST_CASE("origins do not share connections") {
  memory_network network;
  scripted_host a, b;
  network.listen("a", 80, a.plain());
  network.listen("a", 8080, b.plain());
  for (int i = 0; i < 2; ++i) a.then(plain_response("a")), b.then(plain_response("b"));
  auto work = [&]() -> task<void> {
    client c(network.transport(), plain());
    for (int i = 0; i < 2; ++i) {
      auto from_a = co_await c.get("http://a/");
      auto from_b = co_await c.get("http://a:8080/");
      CHECK(from_a.text() == "a");
      CHECK(from_b.text() == "b");
    }
  };
  network.run(work());
  CHECK(a.connections == 1);
  CHECK(b.connections == 1);
  CHECK(b.requests.at(0).find("Host: a:8080\r\n") != std::string::npos);
}

TEST_CASE("a connection that must not or cannot be used again is not") {
  struct {
    std::string bytes;
    after end;
  } cases[] = {
      {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx", after::keep},
      {"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", after::keep},
      {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxHTTP/1.1 200 OK\r\nContent-Length: "
       "4\r\n\r\nevil",
       after::keep},
      {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", after::close},
      {"HTTP/1.1 200 OK\r\n\r\nx", after::close},
  };
  for (auto& c : cases) {
    CAPTURE(c.bytes);
    plain_host at;
    at.host.then(c.bytes, c.end).then(plain_response("second"));
    auto work = [&]() -> task<void> {
      client it(at.network.transport(), plain());
      auto first = co_await it.get("http://host/");
      CHECK(first.text() == "x");
      co_await sleep_for(at.network.transport(), 1s);
      auto second = co_await it.get("http://host/");
      CHECK(second.text() == "second");
      CHECK_FALSE(second.on_reused_connection());
    };
    at.network.run(work());
    CHECK(at.host.connections == 2);
  }
}

TEST_CASE("a request that says close ends its connection") {
  plain_host at;
  at.host.then(plain_response("x"));
  auto work = [&]() -> task<void> {
    client c(at.network.transport(), plain());
    auto r = co_await c.get("http://host/", {.headers = {{"Connection", "close"}}});
    CHECK(c.statistics().idle == 0);
  };
  at.network.run(work());
}

TEST_CASE("idle connections are bounded, a host's and all") {
  memory_network network;
  scripted_host hosts[4];
  for (int i = 0; i < 4; ++i) {
    network.listen("h" + std::to_string(i), 80, hosts[i].plain());
    for (int j = 0; j < 9; ++j) hosts[i].then(plain_response("x"));
  }
  client_options options = plain();
  options.pool = {.per_host = 2, .total = 3};
  auto work = [&]() -> task<void> {
    client c(network.transport(), options);
    co_await when_all(c.get("http://h0/"), c.get("http://h0/"), c.get("http://h0/"));
    CHECK(c.statistics().idle == 2);
    for (int i = 1; i < 4; ++i) auto r = co_await c.get("http://h" + std::to_string(i) + "/");
    CHECK(c.statistics().idle == 3);
    CHECK(network.open_streams == 3);
    auto newest = co_await c.get("http://h3/");
    CHECK(newest.on_reused_connection());
    auto oldest = co_await c.get("http://h0/");
    CHECK_FALSE(oldest.on_reused_connection());
    co_await sleep_for(network.transport(), 61s);
    auto other = co_await c.get("http://h1/");
    CHECK(network.open_streams == 1);
  };
  network.run(work());
}

TEST_CASE("idle connections end after their time") {
  plain_host at;
  at.host.then(plain_response("1")).then(plain_response("2")).then(plain_response("3"));
  auto work = [&]() -> task<void> {
    client c(at.network.transport(), plain());
    auto first = co_await c.get("http://host/");
    co_await sleep_for(at.network.transport(), 59s);
    auto second = co_await c.get("http://host/");
    CHECK(second.on_reused_connection());
    co_await sleep_for(at.network.transport(), 61s);
    auto third = co_await c.get("http://host/");
    CHECK_FALSE(third.on_reused_connection());
  };
  at.network.run(work());
}

TEST_CASE("a kept connection that dies under a request: GET is repeated, POST is not") {
  for (bool idempotent : {true, false}) {
    plain_host at;
    at.host.then(plain_response("1")).then("", after::close).then(plain_response("2"));
    auto work = [&]() -> task<void> {
      client c(at.network.transport(), plain());
      auto first = co_await c.get("http://host/");
      auto second = co_await c.try_send(idempotent ? method::get : method::post, "http://host/",
                                        {.content = idempotent ? "" : "once"});
      if (idempotent) {
        REQUIRE(second);
        CHECK(second->text() == "2");
      } else {
        REQUIRE_FALSE(second);
        CHECK(second.error().category() == error_category::peer_closed);
        CHECK(second.error().on_reused_connection());
        CHECK(second.error().replay() == replay_safety::maybe_processed);
      }
    };
    at.network.run(work());
    CHECK(at.host.requests.size() == (idempotent ? 3 : 2));
    CHECK(at.network.open_streams == 0);
  }
}

TEST_CASE("a fresh connection that dies is an error, and nothing is repeated") {
  plain_host at;
  at.host.then("", after::close).then(plain_response("2"));
  auto r = get(at.network, "http://host/");
  REQUIRE_FALSE(r);
  CHECK(r.error().category() == error_category::peer_closed);
  CHECK(r.error().reason() == "closed_before_response");
  CHECK(r.error().phase() == phase::receive_head);
  CHECK_FALSE(r.error().on_reused_connection());
  CHECK(at.host.requests.size() == 1);
}

TEST_CASE("an answer that began is not asked for again") {
  plain_host at;
  at.host.then(plain_response("1")).then("HTTP/1.1 200 OK\r\nConte", after::close);
  auto work = [&]() -> task<void> {
    client c(at.network.transport(), plain());
    auto first = co_await c.get("http://host/");
    auto second = co_await c.try_get("http://host/");
    REQUIRE_FALSE(second);
    CHECK(second.error().reason() == "truncated_head");
  };
  at.network.run(work());
  CHECK(at.host.requests.size() == 2);
}

TEST_CASE("content that is cut is an error with its position") {
  plain_host at;
  at.host.then("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", after::close);
  auto r = get(at.network, "http://host/");
  REQUIRE_FALSE(r);
  CHECK(r.error().category() == error_category::peer_closed);
  CHECK(r.error().reason() == "truncated_body");
  CHECK(r.error().phase() == phase::receive_body);
  CHECK(at.network.open_streams == 0);
}

TEST_CASE("a server that answers and closes before it has read all is heard") {
  plain_host at;
  at.network.capacity = 1000;
  at.network.listen("early", 80, [](memory_stream s) -> task<void> {
    std::byte in[100];
    auto got = co_await s.read_some(in, {});
    CHECK(got);
    static constexpr std::string_view answer =
        "HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno";
    auto sent = co_await s.write_some(std::as_bytes(std::span(answer)), {});
    CHECK(sent);
  });
  const std::string large(100'000, 'x');
  auto r = send(at.network, method::post, "http://early/", {.content = large});
  if (!r) FAIL(r.error().what());
  CHECK(r->status() == 413);
}

TEST_CASE("garbage instead of HTTP is a protocol error") {
  for (const std::string& garbage :
       {std::string("SSH-2.0-OpenSSH\r\n"), std::string("\x15\x03\x01\x00\x02\x02\x28", 7),
        std::string("HTTP/4.0 200 OK\r\n\r\n"), std::string(70'000, 'a'),
        std::string("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab")}) {
    plain_host at;
    at.host.then(garbage);
    auto r = get(at.network, "http://host/");
    REQUIRE_FALSE(r);
    const auto category = r.error().category();
    CHECK((category == error_category::protocol || category == error_category::limit));
    CHECK(at.network.open_streams == 0);
  }
}

TEST_CASE("names that are not known and ports that refuse are told apart") {
  plain_host at;
  auto unknown = get(at.network, "http://unknown/");
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().category() == error_category::resolve);
  CHECK(unknown.error().phase() == phase::resolve);
  auto refused = get(at.network, "http://host:81/");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().category() == error_category::connect);
  CHECK(refused.error().phase() == phase::connect);
  CHECK(refused.error().attempts().size() == 1);
  CHECK(refused.error().replay() == replay_safety::not_sent);
}

TEST_CASE("addresses can be given beside the resolver") {
  plain_host at;
  at.host.then(plain_response("x"));
  client_options options = plain();
  options.resolve = {{"other", 80, "host"}};
  auto r = get(at.network, "http://other/", options);
  REQUIRE(r);
  CHECK(at.host.requests.at(0).find("Host: other\r\n") != std::string::npos);
}
