// A client over HTTP/3, with a server in memory and a manual clock.
#include "client/support.hpp"
#include "http3/http3_site.hpp"

#include <cohttps/task/when_all.hpp>
#include <cohttps/transport/sleep.hpp>

#include <catch2/catch_test_macros.hpp>

#include <chrono>
#include <random>
#include <string>
#include <vector>

using namespace cohttps;
using namespace cohttps::testing;
using namespace std::chrono_literals;

namespace {

const std::string address = "https://example.com/";

std::string pattern(std::size_t size) {
  std::string out(size, '\0');
  std::uint32_t state = 1;
  for (char& c : out) c = static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
  return out;
}

}  // namespace

TEST_CASE("requests over one HTTP/3 connection", "[http3]") {
  http3_site site;
  site.network.run([](http3_site& s) -> task<void> {
    client c(s.network.transport(), s.options());
    for (int i = 0; i < 3; ++i) {
      auto r = co_await c.get(address);
      CHECK(r.status() == 200);
      CHECK(r.content() == "hello");
      CHECK(r.connection().protocol == "HTTP/3");
      CHECK(r.on_reused_connection() == (i > 0));
    }
  }(site));
  CHECK(site.connections == 1);
  CHECK(site.requests == 3);
  site.network.run_servers();
  REQUIRE(site.closed.size() == 1);
  CHECK(site.closed[0].error_code == 0x100);  // H3_NO_ERROR
  CHECK(site.closed[0].type == NGTCP2_CCERR_TYPE_APPLICATION);
}

TEST_CASE("interim responses and trailers", "[http3]") {
  http3_site site;
  site.answer = [](auto& to, std::int64_t id, const std::string&) {
    to.send(id,
            head({{":status", "103"}, {"link", "</a>"}}) + head({{":status", "200"}}) +
                data_frame("a") + data_frame("b") + head({{"x-sum", "2"}}),
            true);
  };
  site.network.run([](http3_site& s) -> task<void> {
    client c(s.network.transport(), s.options());
    std::vector<int> interim;
    const auto on_interim = [&](const response_head& h) { interim.push_back(h.status); };
    auto r = co_await c.get(address, {.on_interim = on_interim});
    CHECK(r.content() == "ab");
    CHECK(interim == std::vector<int>{103});
    CHECK(r.trailers().find("x-sum") == "2");
  }(site));
}

TEST_CASE("large content goes down and up, whatever the network does", "[http3]") {
  struct way {
    const char* name;
    double loss, copies, corruption;
    std::chrono::nanoseconds delay, jitter;
    std::size_t size;
  };
  for (const auto& w :
       {way{"no harm", 0, 0, 0, 0ms, 0ms, 4 << 20}, way{"20 ms", 0, 0, 0, 20ms, 0ms, 1 << 20},
        way{"loss", 0.05, 0, 0, 10ms, 0ms, 1 << 20},
        way{"much loss", 0.2, 0, 0, 10ms, 0ms, 200'000},
        way{"disorder", 0, 0, 0, 5ms, 10ms, 1 << 20}, way{"copies", 0, 0.3, 0, 5ms, 1ms, 1 << 20},
        way{"damage", 0, 0, 0.05, 5ms, 1ms, 1 << 20}}) {
    for (const unsigned seed : {1u, 2u, 3u}) {
      CAPTURE(w.name, seed);
      http3_site site;
      auto& ways = site.network.datagrams;
      ways.random.seed(seed);
      ways.loss = w.loss;
      ways.copies = w.copies;
      ways.corruption = w.corruption;
      ways.delay = w.delay;
      ways.jitter = w.jitter;
      const std::string data = pattern(w.size);
      std::string uploaded;
      site.answer = [&](auto& to, std::int64_t id, const std::string& request) {
        uploaded = read_frames(request).content;
        to.send(id, head({{":status", "200"}}) + data_frame(data), true);
      };
      site.network.run([](http3_site& s, const std::string& what) -> task<void> {
        auto options = s.options();
        options.timeouts.tls = 60s;
        client c(s.network.transport(), std::move(options));
        auto r = co_await c.put(address, {.content = what, .max_content = 16 << 20});
        CHECK((r.content() == what));
      }(site, data));
      CHECK((uploaded == data));
    }
  }
}

TEST_CASE("a reader that does not read holds back only its own stream", "[http3]") {
  http3_site site;
  const std::string data = pattern(6 << 20);
  site.answer = [&](auto& to, std::int64_t id, const std::string& request) {
    const bool small = request.find("small") != std::string::npos;
    (void)small;
    to.send(id, head({{":status", "200"}}) + data_frame(id == 0 ? data : "small"), true);
  };
  site.network.run([](http3_site& s, const std::string& what) -> task<void> {
    client c(s.network.transport(), s.options());
    auto slow = co_await c.stream(method::get, address);
    co_await sleep_for(s.network.transport(), 2s);
    auto quick = co_await c.get(address);
    CHECK(quick.content() == "small");
    CHECK(quick.on_reused_connection());
    std::string all;
    while (true) {
      auto part = co_await slow.read();
      if (part.empty()) break;
      CHECK(part.size() <= (9 << 20));
      all.append(reinterpret_cast<const char*>(part.data()), part.size());
    }
    CHECK((all == what));
  }(site, data));
}

TEST_CASE("100 requests side by side, more than the server allows at a time", "[http3]") {
  http3_site site;
  site.script.streams = 7;
  site.network.datagrams.delay = 5ms;
  site.network.run([](http3_site& s) -> task<void> {
    client c(s.network.transport(), s.options());
    const auto ask = [](client& with) -> task<int> {
      auto r = co_await with.get(address);
      co_return r.status();
    };
    std::vector<task<int>> all;
    for (int i = 0; i < 100; ++i) all.push_back(ask(c));
    const auto got = co_await when_all(std::move(all));
    for (const int status : got) CHECK(status == 200);
  }(site));
  CHECK(site.requests == 100);
}

TEST_CASE("a canceled request resets its stream alone", "[http3]") {
  http3_site site;
  site.answer = [](auto& to, std::int64_t id, const std::string&) {
    if (id == 0)
      to.send(id, head({{":status", "200"}}) + data_frame("part"), false);
    else
      to.send(id, head({{":status", "200"}}) + data_frame("hello"), true);
  };
  site.network.run([](http3_site& s) -> task<void> {
    client c(s.network.transport(), s.options());
    auto stopped = co_await c.try_get(address, {.timeout = 1s});
    REQUIRE_FALSE(stopped);
    CHECK(stopped.error().category() == error_category::timeout);
    auto next = co_await c.get(address);
    CHECK(next.content() == "hello");
    CHECK(next.on_reused_connection());
  }(site));
  CHECK(site.connections == 1);
  // The server is told that nobody reads (STOP_SENDING), and its side of the stream ends.
}

TEST_CASE("GOAWAY: what was not looked at is sent again over a new connection", "[http3]") {
  http3_site site;
  site.network.datagrams.delay = 1ms;
  int told = 0;
  site.answer = [&](auto& to, std::int64_t id, const std::string&) {
    if (id == 4 && told++ == 0) return to.send(site.control_stream, frame(0x7, varint(4)), false);
    to.send(id, head({{":status", "200"}}) + data_frame("hello"), true);
  };
  site.network.run([](http3_site& s) -> task<void> {
    client c(s.network.transport(), s.options());
    auto first = co_await c.get(address);
    CHECK(first.status() == 200);
    auto second = co_await c.get(address);
    CHECK(second.status() == 200);
    CHECK_FALSE(second.on_reused_connection());
  }(site));
  CHECK(site.connections == 2);
}

TEST_CASE("a refused stream is sent again, and a broken one is an error", "[http3]") {
  http3_site site;
  int count = 0;
  site.answer = [&](auto& to, std::int64_t id, const std::string&) {
    switch (count++) {
      case 0:
        return to.reset(id, 0x10b);  // H3_REQUEST_REJECTED
      case 2:
        to.send(id, head({{":status", "200"}}) + data_frame("par"), false);
        return to.network().loop().post([&to, id] { to.reset(id, 0x102); });
      default:
        return to.send(id, head({{":status", "200"}}) + data_frame("hello"), true);
    }
  };
  site.network.run([](http3_site& s) -> task<void> {
    client c(s.network.transport(), s.options());
    auto first = co_await c.get(address);
    CHECK(first.status() == 200);
    auto broken = co_await c.try_send(method::post, address, {.content = "x"});
    REQUIRE_FALSE(broken);
    CHECK(broken.error().category() == error_category::peer_closed);
    CHECK(broken.error().reason() == "stream_reset");
    auto next = co_await c.get(address);
    CHECK(next.on_reused_connection());
  }(site));
  CHECK(site.connections == 1);
}

TEST_CASE("an idle connection that ended is replaced without an error", "[http3]") {
  http3_site site;
  site.network.run([](http3_site& s) -> task<void> {
    auto options = s.options();
    options.pool.idle_timeout = 10min;
    client c(s.network.transport(), std::move(options));
    auto first = co_await c.get(address);
    CHECK(first.status() == 200);
    co_await sleep_for(s.network.transport(), 20s);
    auto second = co_await c.get(address);
    CHECK(second.on_reused_connection());
    co_await sleep_for(s.network.transport(), 40s);  // the server's limit is 30 s
    auto third = co_await c.get(address);
    CHECK(third.status() == 200);
    CHECK_FALSE(third.on_reused_connection());
  }(site));
  CHECK(site.connections == 2);
}

TEST_CASE("keys change, and a server may change to version 2", "[http3]") {
  http3_site site;
  SECTION("keys") {
    const std::string data = pattern(1 << 20);
    int count = 0;
    site.answer = [&](auto& to, std::int64_t id, const std::string&) {
      if (count++ > 0) to.update_keys();
      to.send(id, head({{":status", "200"}}) + data_frame(data), true);
    };
    site.network.datagrams.delay = 5ms;
    site.network.run([](http3_site& s, const std::string& what) -> task<void> {
      client c(s.network.transport(), s.options());
      for (int i = 0; i < 4; ++i) {
        auto r = co_await c.get(address);
        CHECK((r.content() == what));
        co_await sleep_for(s.network.transport(), 1s);
      }
    }(site, data));
    CHECK(site.last->key_updates >= 2);
    CHECK(site.connections == 1);
  }
  SECTION("version 2") {
    site.script.version = tls::quic_v2;
    site.network.run([](http3_site& s) -> task<void> {
      client c(s.network.transport(), s.options());
      auto r = co_await c.get(address);
      CHECK(r.content() == "hello");
    }(site));
  }
}

TEST_CASE("a stop at any datagram ends the request, and the next one works", "[http3]") {
  for (std::size_t at = 0; at < 40; ++at) {
    CAPTURE(at);
    http3_site site;
    const std::string data = pattern(20'000);
    site.answer = [&](auto& to, std::int64_t id, const std::string&) {
      to.send(id, head({{":status", "200"}}) + data_frame(data), true);
    };
    stop_source stop;
    std::size_t seen = 0;
    site.network.datagrams.delay = 1ms;
    site.network.datagrams.on_send = [&](bool, std::span<std::byte>) {
      if (seen++ == at) stop.request_stop();
      return true;
    };
    site.network.run([](http3_site& s, stop_source& by, const std::string& what) -> task<void> {
      client c(s.network.transport(), s.options());
      auto stopped = co_await c.try_send(method::put, address, {.content = what, .stop = by});
      if (!stopped) CHECK(stopped.error().category() == error_category::canceled);
      auto next = co_await c.get(address);
      CHECK((next.content() == what));
    }(site, stop, data));
    site.network.run_servers();
  }
}

TEST_CASE("a network that ends at any datagram ends the request in time", "[http3]") {
  for (std::size_t at = 0; at < 30; ++at) {
    CAPTURE(at);
    http3_site site;
    std::size_t seen = 0;
    site.network.datagrams.delay = 1ms;
    site.network.datagrams.on_send = [&](bool, std::span<std::byte>) { return seen++ < at; };
    site.network.run([](http3_site& s) -> task<void> {
      client c(s.network.transport(), s.options());
      const auto started = s.network.loop().now();
      const std::string content(20'000, 'x');
      auto outcome = co_await c.try_send(method::post, address, {.content = content});
      CHECK(s.network.loop().now() - started <= 31s);
      if (!outcome)
        CHECK((outcome.error().category() == error_category::timeout ||
               outcome.error().category() == error_category::peer_closed));
    }(site));
  }
}

TEST_CASE("no answer over UDP ends at the limit of the handshake, or leads to TCP", "[http3]") {
  memory_network network;
  network.listen("example.com", 80, [](memory_stream) -> task<void> { co_return; });
  network.run([](memory_network& n) -> task<void> {
    client_options options;
    options.versions = http_versions::http_3;
    options.http3 = make_http3<memory_transport>();
    client c(n.transport(), std::move(options));
    const auto started = n.loop().now();
    auto none = co_await c.try_get(address);
    REQUIRE_FALSE(none);
    CHECK(none.error().category() == error_category::timeout);
    CHECK(none.error().phase() == phase::handshake);
    CHECK(n.loop().now() - started == 10s);
    CHECK_FALSE(none.error().attempts().empty());
  }(network));
}

TEST_CASE("HTTP/3 alone is refused where it cannot be", "[http3]") {
  http3_site site;
  site.network.run([](http3_site& s) -> task<void> {
    const auto reason = [&](client_options options, const std::string& to) -> task<std::string> {
      client c(s.network.transport(), std::move(options));
      auto outcome = co_await c.try_get(to);
      co_return outcome ? std::string() : std::string(outcome.error().reason());
    };
    auto none = s.options();
    none.http3 = {};
    std::string got = co_await reason(std::move(none), address);
    CHECK(got == "http3_not_set_up");
    auto plain = s.options();
    plain.allow_plaintext = true;
    got = co_await reason(std::move(plain), "http://example.com/");
    CHECK(got == "http3_without_tls");
    auto proxied = s.options();
    proxied.proxies = proxy_rules::all(proxy::parse("http://proxy.example:3128").value());
    got = co_await reason(std::move(proxied), address);
    CHECK(got == "http3_through_proxy");
    auto other = s.options();
    other.http3 = make_http3();
    got = co_await reason(std::move(other), address);
    CHECK(got == "no_datagrams");
  }(site));
}

TEST_CASE("a server that cannot use a token of its own is asked without it", "[http3]") {
  http3_site site;
  site.answer = [&](auto& to, std::int64_t id, const std::string&) {
    if (to.first_token.empty()) to.give_token("a token of this server");
    to.send(id, head({{":status", "200"}}) + data_frame("hello"), true);
  };
  std::size_t handshakes = 0;
  // The second handshake is that with the token: transport parameters are missing.
  site.script.parameters = [&](std::vector<std::uint8_t> ours) {
    return ++handshakes == 2 ? std::nullopt : std::optional(std::move(ours));
  };
  site.network.run([](http3_site& s) -> task<void> {
    client c(s.network.transport(), s.options());
    for (int i = 0; i < 2; ++i) {
      auto r = co_await c.get(address);
      CHECK(r.text() == "hello");
      co_await sleep_for(s.network.transport(), 1s);
      c.close_idle();
    }
  }(site));
  CHECK(handshakes == 3);
}

TEST_CASE("a token of the server is used by the next connection, once", "[http3]") {
  http3_site site;
  std::vector<std::string> tokens;
  site.answer = [&](auto& to, std::int64_t id, const std::string&) {
    tokens.push_back(to.first_token);
    if (tokens.size() == 1) to.give_token("a token of this server");
    to.send(id, head({{":status", "200"}}) + data_frame("hello"), true);
  };
  site.network.run([](http3_site& s) -> task<void> {
    client c(s.network.transport(), s.options());
    for (int i = 0; i < 3; ++i) {
      auto r = co_await c.get(address);
      CHECK(r.status() == 200);
      co_await sleep_for(s.network.transport(), 1s);
      c.close_idle();
    }
  }(site));
  CHECK(site.connections == 3);
  CHECK(tokens == std::vector<std::string>{"", "a token of this server", ""});
}

TEST_CASE("421 over HTTP/3 leads back to the origin, and forgets the alternative", "[http3]") {
  http3_site site;
  site.answer = [](auto& to, std::int64_t id, const std::string&) {
    to.send(id, head({{":status", "421"}, {"alt-svc", "h3=\":443\""}}), true);
  };
  std::size_t over_tcp = 0;
  site.network.listen("example.com", 443, [&](memory_stream) -> task<void> {
    ++over_tcp;  // and ends the connection
    co_return;
  });
  const auto known = std::make_shared<alternative_services>();
  const origin example{"https", "example.com", 443};
  known->learn(example, "h3=\":443\"", std::chrono::system_clock::now());
  site.network.run([](http3_site& s,
                      std::shared_ptr<alternative_services> alternatives) -> task<void> {
    auto options = s.options();
    options.versions = http_versions::best;
    options.http3 = make_http3<memory_transport>({.try_first = true, .alternatives = alternatives});
    client c(s.network.transport(), std::move(options));
    // There is no TLS over TCP in this network, so that the origin itself fails.
    auto outcome = co_await c.try_get(address);
    REQUIRE_FALSE(outcome);
    CHECK(outcome.error().category() != error_category::usage);
    auto again = co_await c.try_get(address);
    CHECK_FALSE(again);
  }(site, known));
  CHECK(site.requests == 1);
  CHECK(over_tcp >= 2);
  CHECK(known->size() == 0);
  CHECK_FALSE(known->usable(example, std::chrono::system_clock::now()));
}

namespace {

/// A site that is reached over TCP first, where it announces HTTP/3.
struct announced_site : http3_site {
  scripted_host over_tcp;
  announced_site() {
    network.listen("example.com", 443, over_tcp.tls(certificate()));
    const std::string announced = "Alt-Svc: h3=\":443\"; ma=86400\r\n";
    for (int i = 0; i < 9; ++i) over_tcp.then(plain_response("tcp", "200 OK", announced));
  }
  client_options discovering() const {
    client_options o = options();
    o.versions = http_versions::best;
    return o;
  }
};

struct answer_seen {
  std::string content, protocol;
  std::chrono::nanoseconds took;
};
task<answer_seen> ask(announced_site& s, client& c) {
  const auto started = s.network.loop().now();
  auto r = co_await c.get(address);
  co_return answer_seen{std::string(r.text()), std::string(r.connection().protocol),
                        s.network.loop().now() - started};
}

}  // namespace

TEST_CASE("a client moves from TCP to HTTP/3 when the server announces it", "[http3]") {
  announced_site site;
  site.network.datagrams.delay = 5ms;
  site.network.run([](announced_site& s) -> task<void> {
    client c(s.network.transport(), s.discovering());
    const auto first = co_await ask(s, c);
    CHECK(first.content == "tcp");
    for (int i = 0; i < 3; ++i) {
      const auto next = co_await ask(s, c);
      CHECK(next.content == "hello");
      CHECK(next.protocol == "HTTP/3");
    }
    // Requests side by side share the one connection.
    std::vector<task<answer_seen>> all;
    for (int i = 0; i < 10; ++i) all.push_back(ask(s, c));
    for (const auto& each : co_await when_all(std::move(all))) CHECK(each.protocol == "HTTP/3");
  }(site));
  CHECK(site.over_tcp.requests.size() == 1);
  CHECK(site.connections == 1);
}

TEST_CASE("one request waits for HTTP/3 that does not come, the others use TCP", "[http3]") {
  announced_site site;
  site.network.datagrams.on_send = [](bool, std::span<std::byte>) { return false; };
  site.network.run([](announced_site& s) -> task<void> {
    client c(s.network.transport(), s.discovering());
    const auto first = co_await ask(s, c);
    CHECK(first.content == "tcp");
    const auto second = co_await ask(s, c);
    CHECK(second.content == "tcp");
    CHECK(second.took >= 250ms);
    CHECK(second.took < 300ms);
    const auto third = co_await ask(s, c);
    CHECK(third.content == "tcp");
    CHECK(third.took < 50ms);
  }(site));
  CHECK(site.over_tcp.requests.size() == 3);
  CHECK(site.over_tcp.connections == 1);
}

TEST_CASE("a stop while HTTP/3 is tried ends the request, and the next one works", "[http3]") {
  announced_site site;
  site.network.datagrams.on_send = [](bool, std::span<std::byte>) { return false; };
  site.network.run([](announced_site& s) -> task<void> {
    client c(s.network.transport(), s.discovering());
    const auto first = co_await ask(s, c);
    CHECK(first.content == "tcp");
    auto stopped = co_await c.try_get(address, {.timeout = 100ms});
    REQUIRE_FALSE(stopped);
    CHECK(stopped.error().category() == error_category::timeout);
    CHECK(stopped.error().phase() == phase::connect);
    // The time was too short to know whether there is HTTP/3.
    const auto next = co_await ask(s, c);
    CHECK(next.content == "tcp");
    CHECK(next.took >= 250ms);
  }(site));
}

TEST_CASE("421 over HTTP/3 is followed by the answer of the origin over TCP", "[http3]") {
  announced_site site;
  site.answer = [](auto& to, std::int64_t id, const std::string&) {
    to.send(id, head({{":status", "421"}}), true);
  };
  site.network.run([](announced_site& s) -> task<void> {
    client c(s.network.transport(), s.discovering());
    for (int i = 0; i < 3; ++i) {
      const auto each = co_await ask(s, c);
      CHECK(each.content == "tcp");
    }
  }(site));
  CHECK(site.requests == 1);
  CHECK(site.over_tcp.requests.size() == 3);
}

TEST_CASE("421 where HTTP/3 alone is allowed is an answer as any other", "[http3]") {
  http3_site site;
  site.answer = [](auto& to, std::int64_t id, const std::string&) {
    to.send(id, head({{":status", "421"}}), true);
  };
  site.network.run([](http3_site& s) -> task<void> {
    client c(s.network.transport(), s.options());
    for (int i = 0; i < 2; ++i) {
      auto r = co_await c.get(address);
      CHECK(r.status() == 421);
    }
  }(site));
  CHECK(site.connections == 1);
}

TEST_CASE("10,000 streams, of which many are canceled, leave nothing behind", "[http3]") {
  http3_site site;
  site.network.datagrams.delay = 1ms;
  const std::string data = pattern(3000);
  site.answer = [&](auto& to, std::int64_t id, const std::string&) {
    to.send(id, head({{":status", "200"}}) + data_frame(data), true);
  };
  // The server's side ends when the client says that it reads no more.
  site.script.on_reset = [](auto& from, std::int64_t id, std::uint64_t code) {
    from.reset(id, code);
  };
  std::size_t whole = 0, stopped = 0;
  site.network.run([&](http3_site& s) -> task<void> {
    client c(s.network.transport(), s.options());
    auto first = co_await c.get(address);  // so that no request is stopped while it connects
    CHECK(first.status() == 200);
    std::mt19937 random(1);
    const auto ask = [&](std::chrono::microseconds until) -> task<void> {
      const std::string content(random() % 3000, 'u');
      request_options how{.content = content};
      if (until.count() != 0) how.timeout = until;
      auto outcome = co_await c.try_send(method::put, address, how);
      if (!outcome) CHECK(outcome.error().category() == error_category::timeout);
      ++(outcome ? whole : stopped);
    };
    for (int round = 0; round < 100; ++round) {
      std::vector<task<void>> all;
      for (int i = 0; i < 100; ++i)
        all.push_back(ask(std::chrono::microseconds(random() % 3 == 0 ? 0 : random() % 6000)));
      co_await when_all(std::move(all));
    }
    auto last = co_await c.get(address);
    CHECK(last.on_reused_connection());
    co_await sleep_for(s.network.transport(), 10s);
    CHECK(s.last->streams_opened > 100);
    CHECK(s.last->streams_closed == s.last->streams_opened);
    CHECK(s.last->received.empty());
  }(site));
  // Until the server allows new streams in place of canceled ones, requests open other connections.
  CHECK(site.connections < 10);
  CHECK(whole + stopped == 10'000);
  CHECK(whole > 3000);
  CHECK(stopped > 2000);
}
