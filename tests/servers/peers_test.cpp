// Peers that misbehave, over real sockets: the right error each, in bounded time, nothing left
// open.
#include "servers/client_support.hpp"

#include <cohttps/transport/sleep.hpp>

using namespace cohttps;
using namespace cohttps::testing;
using namespace std::chrono_literals;

namespace {

/// Fails unless what runs in its scope ends in time.
struct bounded {
  explicit bounded(std::chrono::milliseconds limit) : most(limit) {}
  ~bounded() { CHECK(std::chrono::steady_clock::now() - started < most); }
  std::chrono::milliseconds most;
  std::chrono::steady_clock::time_point started = std::chrono::steady_clock::now();
};

constexpr auto soon = 10s;  // far more than it takes, far less than the limits of the client

/// A client that would accept no certificate, which no test here gets as far as.
client_options secure() {
  static const certificate_authority nobody;
  return {.tls = tls_context({.system_roots = false, .root_pem = nobody.certificate_pem()}),
          .timeout = patience};
}

peer::script answer(std::string bytes) {
  return [bytes = std::move(bytes)](accepted& client) {
    client.receive_head();
    client.send(bytes);
  };
}
peer::script answer_and_reset(std::string bytes) {
  return [bytes = std::move(bytes)](accepted& client) {
    client.receive_head();
    client.send(bytes);
    client.reset();
  };
}
peer::script answer_endlessly(std::string start, std::string again) {
  return [start = std::move(start), again = std::move(again)](accepted& client) {
    client.receive_head();
    client.send(start);
    client.send_endlessly(again);
  };
}

struct misbehaviour {
  std::string name;
  peer::script act;
  error_category category;
  std::string reason;  // empty: one of several, as packets may overtake each other
  cohttps::phase phase;
};

void check(const misbehaviour& m, std::string_view scheme, const client_options& options) {
  CAPTURE(m.name);
  descriptor_balance balance;
  bounded time(soon);
  peer server(m.act);
  const auto r = get(options, server.url(scheme), {.max_content = 10'000});
  REQUIRE_FALSE(r);
  CAPTURE(r.error().what());
  CHECK(r.error().category() == m.category);
  if (!m.reason.empty()) CHECK(r.error().reason() == m.reason);
  CHECK(r.error().phase() == m.phase);
  CHECK(std::string(r.error().what()).starts_with(std::string(scheme) + "://127.0.0.1:"));
  CHECK_FALSE(r.error().on_reused_connection());
}

}  // namespace

TEST_CASE("peers of http that break off or break the rules") {
  using enum error_category;
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  const misbehaviour cases[] = {
      {"closes at once", [](accepted&) {}, peer_closed, "", phase::receive_head},
      {"closes without an answer", answer(""), peer_closed, "closed_before_response",
       phase::receive_head},
      {"resets without an answer", answer_and_reset(""), peer_closed, "connection_reset",
       phase::receive_head},
      {"closes in the status line", answer("HTTP/1."), peer_closed, "truncated_head",
       phase::receive_head},
      {"closes in the head", answer(ok + "Conte"), peer_closed, "truncated_head",
       phase::receive_head},
      {"closes after an interim response", answer("HTTP/1.1 103 Early Hints\r\n\r\n"), peer_closed,
       "", phase::receive_head},
      {"closes in the content", answer(ok + "Content-Length: 100\r\n\r\nonly this"), peer_closed,
       "truncated_body", phase::receive_body},
      {"closes in a chunk", answer(ok + "Transfer-Encoding: chunked\r\n\r\n9\r\nonly"), peer_closed,
       "truncated_body", phase::receive_body},
      {"closes before the last chunk",
       answer(ok + "Transfer-Encoding: chunked\r\n\r\n4\r\nonly\r\n"), peer_closed,
       "truncated_body", phase::receive_body},
      {"resets in the content",
       [ok](accepted& client) {
         client.receive_head();
         client.send(ok + "Content-Length: 100\r\n\r\nonly this");
         std::this_thread::sleep_for(200ms);  // a RST throws away what was not read yet
         client.reset();
       },
       peer_closed, "connection_reset", phase::receive_body},
      {"resets in content without a length",
       [ok](accepted& client) {
         client.receive_head();
         client.send(ok + "\r\nonly this");
         std::this_thread::sleep_for(200ms);
         client.reset();
       },
       peer_closed, "connection_reset", phase::receive_body},
      {"speaks SSH", answer("SSH-2.0-OpenSSH_9.2\r\n"), protocol, "not_http", phase::receive_head},
      {"speaks TLS", answer(std::string("\x15\x03\x01\x00\x02\x02\x0a", 7)), protocol, "not_http",
       phase::receive_head},
      {"sends bytes without sense", answer("\xff\xfe\x01\x02\x03"), protocol, "not_http",
       phase::receive_head},
      {"gives two lengths", answer(ok + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!"),
       protocol, "", phase::receive_head},
      {"sends a chunk size that is none",
       answer(ok + "Transfer-Encoding: chunked\r\n\r\nhello\r\n"), protocol, "",
       phase::receive_body},
      {"sends fields without end", answer_endlessly(ok, "a: b\r\n"), limit, "",
       phase::receive_head},
      {"sends a field without end", answer_endlessly(ok + "a: ", "bbbbbbbb"), limit,
       "head_too_large", phase::receive_head},
      {"sends interim responses without end",
       answer_endlessly("", "HTTP/1.1 102 Processing\r\n\r\n"), limit, "too_many_interim_responses",
       phase::receive_head},
      {"sends content without end", answer_endlessly(ok + "\r\n", std::string(1000, 'x')), limit,
       "content_too_large", phase::receive_body},
      {"sends chunks without end",
       answer_endlessly(ok + "Transfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n"), limit,
       "content_too_large", phase::receive_body},
      {"announces too much", answer(ok + "Content-Length: 99999999999\r\n\r\n"), limit,
       "content_too_large", phase::receive_body},
  };
  for (const auto& m : cases) check(m, "http", plain());
}

TEST_CASE("peers of https that do not get as far as HTTP") {
  using enum error_category;
  const auto after_hello = [](std::string bytes) {
    return [bytes = std::move(bytes)](accepted& client) {
      client.receive();
      client.send(bytes);
    };
  };
  const misbehaviour cases[] = {
      {"closes without an answer", after_hello(""), tls, "peer_closed", phase::handshake},
      {"resets without an answer",
       [](accepted& client) {
         client.receive();
         client.reset();
       },
       peer_closed, "connection_reset", phase::handshake},
      {"speaks SSH", after_hello("SSH-2.0-OpenSSH_9.2\r\n"), tls, "not_tls", phase::handshake},
      {"speaks HTTP", after_hello("HTTP/1.1 400 Bad Request\r\n\r\n"), tls, "not_tls",
       phase::handshake},
      {"sends a handshake without sense", after_hello(std::string("\x16\x03\x03\x00\x05hello", 10)),
       tls, "", phase::handshake},
      {"sends half a record", after_hello(std::string("\x16\x03\x03\x10\x00half", 9)), tls,
       "peer_closed", phase::handshake},
      {"sends an alert", after_hello(std::string("\x15\x03\x03\x00\x02\x02\x28", 7)), tls,
       "alert_received", phase::handshake},
      {"sends records without end",
       [](accepted& client) {
         client.receive();
         client.send_endlessly(std::string("\x16\x03\x03\x00\x04\x02\xff\xff\xff", 9) +
                               std::string(1000, 'x'));
       },
       tls, "", phase::handshake},
  };
  for (const auto& m : cases) check(m, "https", secure());
}

TEST_CASE("peers that are silent or slow: the error names the phase, and when") {
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  const auto silent = [](accepted& client) { client.receive_all(); };
  const auto deaf = [](accepted& client) { client.stand_still(); };
  const peer::script stuck = [ok](accepted& client) {
    client.receive_head();
    client.send(ok + "Content-Length: 100\r\n\r\nonly this");
    client.receive_all();
  };
  const peer::script drip = [ok](accepted& client) {
    client.receive_head();
    client.send(ok);
    client.send_endlessly("a: b\r\n", 20ms);
  };
  auto idle = plain();
  idle.timeouts.idle = 200ms;
  auto slow_tls = secure();
  slow_tls.timeouts.tls = 200ms;
  const std::string upload(32 * 1024 * 1024, 'u');
  const struct {
    std::string name;
    peer::script act;
    std::string scheme;
    client_options options;
    std::optional<std::chrono::nanoseconds> total;
    cohttps::phase phase;
    std::string_view content = {};
  } cases[] = {
      {"silent, in all", silent, "http", plain(), 300ms, phase::receive_head},
      {"silent, idle", silent, "http", idle, {}, phase::receive_head},
      {"stuck, in all", stuck, "http", plain(), 300ms, phase::receive_body},
      {"stuck, idle", stuck, "http", idle, {}, phase::receive_body},
      {"drip", drip, "http", idle, 300ms, phase::receive_head},
      {"deaf, in all", deaf, "http", plain(), 300ms, phase::send, upload},
      {"deaf, idle", deaf, "http", idle, {}, phase::send, upload},
      {"silent TLS, in all", silent, "https", secure(), 300ms, phase::handshake},
      {"silent TLS, by phase", silent, "https", slow_tls, {}, phase::handshake},
  };
  for (const auto& c : cases) {
    CAPTURE(c.name);
    descriptor_balance balance;
    bounded time(soon);
    peer server(c.act);
    const auto r = send(c.options, c.content.empty() ? method::get : method::post,
                        server.url(c.scheme), {.content = c.content, .timeout = c.total});
    REQUIRE_FALSE(r);
    CAPTURE(r.error().what());
    CHECK(r.error().category() == error_category::timeout);
    CHECK(r.error().reason() == (c.total ? "total_timeout" : "phase_timeout"));
    CHECK(r.error().phase() == c.phase);
    CHECK(r.error().message().find(c.total ? "300 ms" : "200 ms") != std::string::npos);
  }
}

TEST_CASE("a peer whose queue is full is given up while connecting") {
  descriptor_balance balance;
  bounded time(soon);
  std::uint16_t port = 0;
  const descriptor listener = bound_socket(port, 0);
  std::vector<descriptor> waiting;  // until another one would have to wait
  for (bool full = false; !full;) {
    if (waiting.size() == 16) SKIP("this system accepts connections beyond the backlog");
    descriptor next = tcp_socket();
    ::fcntl(next.get(), F_SETFL, O_NONBLOCK);
    connect_to(next, port);
    pollfd connected{next.get(), POLLOUT, 0};
    full = ::poll(&connected, 1, 100) == 0;
    waiting.push_back(std::move(next));
  }
  const auto url = "http://127.0.0.1:" + std::to_string(port) + "/";
  auto options = plain();
  const auto in_all = get(options, url, {.timeout = 200ms});
  REQUIRE_FALSE(in_all);
  CHECK(in_all.error().category() == error_category::timeout);
  CHECK(in_all.error().phase() == phase::connect);
  CHECK(in_all.error().replay() == replay_safety::not_sent);
  options.timeouts.connect = 200ms;
  const auto by_phase = get(options, url);
  REQUIRE_FALSE(by_phase);
  CHECK(by_phase.error().reason() == "phase_timeout");
  CHECK(by_phase.error().phase() == phase::connect);
}

TEST_CASE("a port that nobody listens on: connection refused, with the address") {
  descriptor_balance balance;
  const refusing_port nobody;
  const auto port = nobody.text();
  for (const std::string scheme : {"http", "https"}) {
    auto options = secure();
    options.allow_plaintext = true;
    const auto r = get(options, scheme + "://localhost:" + port + "/");
    REQUIRE_FALSE(r);
    CHECK(r.error().category() == error_category::connect);
    CHECK(r.error().reason() == "connection_refused");
    CHECK(r.error().replay() == replay_safety::not_sent);
    REQUIRE_FALSE(r.error().attempts().empty());
    CHECK(r.error().attempts().back().endpoint.ends_with(':' + port));
  }
}

TEST_CASE("a stop ends a request that waits for a silent peer") {
  descriptor_balance balance;
  bounded time(soon);
  peer server([](accepted& client) { client.receive_all(); });
  for (const std::string scheme : {"http", "https"}) {
    const auto work = [&]() -> task<void> {
      auto options = secure();
      options.allow_plaintext = true;
      client c(options);
      stop_source stop;
      const auto wait = [&]() -> task<result<response>> {
        co_return co_await c.try_get(server.url(scheme), {.stop = stop});
      };
      const auto stop_soon = [&]() -> task<void> {
        co_await sleep_for(50ms);
        stop.request_stop();
      };
      auto [outcome, nothing] = co_await when_all(wait(), stop_soon());
      REQUIRE_FALSE(outcome);
      CHECK(outcome.error().category() == error_category::canceled);
      CHECK(c.statistics().idle == 0);
    };
    run(work());
  }
}

TEST_CASE("a kept connection that the peer drops on the next request: repeated if that is safe") {
  const std::string ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  for (const bool reset : {false, true}) {
    CAPTURE(reset);
    descriptor_balance balance;
    bounded time(soon);
    peer server([&](accepted& client) {
      client.receive_head();
      client.send(ok);
      client.receive_head();
      if (reset) client.reset();
    });
    const auto work = [&]() -> task<void> {
      client c(plain());
      for (int i = 0; i < 3; ++i) {
        const auto r = co_await c.get(server.url());
        CHECK(r.text() == "ok");
        CHECK_FALSE(r.on_reused_connection());
      }
      CHECK(server.connections() == 3);
      const auto r = co_await c.try_send(method::post, server.url(), {.content = "once"});
      REQUIRE_FALSE(r);
      CHECK(r.error().category() == error_category::peer_closed);
      CHECK(r.error().on_reused_connection());
      CHECK(r.error().replay() == replay_safety::maybe_processed);
      CHECK(server.connections() == 3);
    };
    run(work());
  }
}

TEST_CASE("a kept connection on which something unasked came is not used again") {
  const std::string ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  descriptor_balance balance;
  bounded time(soon);
  std::atomic<int> unasked = 0;
  peer server([&](accepted& client) {
    client.receive_head();
    client.send(ok);
    std::this_thread::sleep_for(10ms);
    client.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfalse");
    ++unasked;
    client.receive_all();
  });
  const auto work = [&]() -> task<void> {
    client c(plain());
    for (int i = 0; i < 3; ++i) {
      const auto r = co_await c.get(server.url());
      CHECK(r.text() == "ok");
      CHECK_FALSE(r.on_reused_connection());
      while (unasked <= i) co_await sleep_for(1ms);
    }
  };
  run(work());
}
