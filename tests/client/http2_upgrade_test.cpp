// Other protocols over a stream (RFC 8441).
#include "client/http2_host.hpp"
#include "client/support.hpp"

using namespace cohttps;
using namespace cohttps::testing;
using namespace std::chrono_literals;

namespace {

/// Says "hello", then sends everything back, until it gets "bye".
struct echo_host {
  http2_host host;
  std::string status = "200";
  explicit echo_host(bool able = true) {
    host.early = true;
    if (able) host.settings = {{NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1}};
    host.answer = [this](http2_host::served& s, http2_request& r) {
      if (r[":method"] != "CONNECT") return s.peer.respond(r.id, {{":status", "200"}}, "page");
      if (status != "200") return s.peer.respond(r.id, {{":status", status}});
      s.peer.begin(r.id, {{":status", "200"}, {"sec-websocket-protocol", "chat"}});
      s.peer.append(r.id, "hello");
      s.peer.on_content = [&s](http2_request& to, std::string_view part) {
        s.peer.append(to.id, part);
        if (to.content.ends_with("bye")) s.peer.end(to.id);
      };
    };
  }
};

std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

task<std::string> read_exactly(upgraded& from, std::size_t size) {
  std::string out;
  while (out.size() < size) {
    auto part = co_await from.read();
    if (part.empty()) break;
    out += text_of(part);
  }
  co_return out;
}

task<std::string> reason_of_upgrade(client& c, std::string url) {
  try {
    auto raw = co_await c.upgrade(url, "websocket");
  } catch (const error& e) {
    co_return std::string(e.reason());
  }
  co_return "";
}

}  // namespace

TEST_CASE("bytes go both ways over a stream, beside requests on the same connection") {
  for_each_read_size([](memory_network& network) {
    echo_host at;
    network.listen("host", 80, at.host.plain());
    auto work = [&]() -> task<void> {
      client c(network.transport(), prior_knowledge());
      {
        const request_options how{
            .headers = {{"sec-websocket-key", "AAAA"}, {"sec-websocket-version", "13"}}};
        auto raw = co_await c.upgrade("http://host/chat?a", "websocket", how);
        CHECK(raw.connection().protocol == "HTTP/2");
        CHECK(raw.headers().find("sec-websocket-protocol") == "chat");
        auto hello = co_await read_exactly(raw, 5);
        CHECK(hello == "hello");
        const std::string much(5'000, 'x');
        auto [nothing, back] = co_await when_all(raw.write(much), read_exactly(raw, much.size()));
        (void)nothing;
        CHECK((back == much));
        auto page = co_await c.get("http://host/page");
        CHECK(page.text() == "page");
        co_await raw.write("bye");
        auto last = co_await read_exactly(raw, 100);
        CHECK(last == "bye");
      }
      CHECK(c.statistics().created == 1);
      CHECK(c.statistics().idle == 1);
      auto page = co_await c.get("http://host/page");
      CHECK(page.on_reused_connection());
    };
    network.run(work());
    auto& seen = at.host.connections.front().peer.requests.begin()->second;
    CHECK(seen[":method"] == "CONNECT");
    CHECK(seen[":protocol"] == "websocket");
    CHECK(seen[":scheme"] == "http");
    CHECK(seen[":path"] == "/chat?a");
    CHECK(seen[":authority"] == "host");
    CHECK(seen["sec-websocket-version"] == "13");
    for (const char* none : {"sec-websocket-key", "connection", "upgrade", "content-length"})
      CHECK_FALSE(seen.head.contains(none));
  });
}

TEST_CASE("a stream that is dropped is reset, and its connection goes on") {
  memory_network network;
  echo_host at;
  network.listen("host", 80, at.host.plain());
  auto work = [&]() -> task<void> {
    client c(network.transport(), prior_knowledge());
    {
      auto raw = co_await c.upgrade("http://host/", "websocket");
      (void)co_await read_exactly(raw, 5);
    }
    auto page = co_await c.get("http://host/page");
    CHECK(page.on_reused_connection());
  };
  network.run(work());
  CHECK(at.host.connections.front().peer.resets ==
        std::map<std::int32_t, std::uint32_t>{{1, NGHTTP2_CANCEL}});
}

TEST_CASE("a server that does not take it over HTTP/2, or says no") {
  memory_network network;
  echo_host old(false), refusing;
  refusing.status = "403";
  network.listen("old", 80, old.host.plain());
  network.listen("refusing", 80, refusing.host.plain());
  auto work = [&]() -> task<void> {
    client c(network.transport(), prior_knowledge());
    auto reason = co_await reason_of_upgrade(c, "http://old/");
    CHECK(reason == "extended_connect_unsupported");
    reason = co_await reason_of_upgrade(c, "http://refusing/");
    CHECK(reason == "not_upgraded");
    CHECK(c.statistics().idle == 2);
  };
  network.run(work());
}

TEST_CASE("which connection an upgrade takes: a stream where one is known to do, else HTTP/1.1") {
  memory_network network;
  echo_host able, unable(false);
  const std::string switching =
      "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
  scripted_host h1;
  h1.then(switching);
  network.listen("localhost", 443, able.host.tls(localhost_certificate()));
  auto work = [&]() -> task<void> {
    client c(network.transport(), trusting());
    (void)co_await c.get("https://localhost/page");
    auto raw = co_await c.upgrade("https://localhost/", "websocket");
    CHECK(raw.connection().protocol == "HTTP/2");
    CHECK(raw.connection().tls->alpn == "h2");
    auto hello = co_await read_exactly(raw, 5);
    CHECK(hello == "hello");
    CHECK(c.statistics().created == 1);
  };
  network.run(work());

  // A connection is there, but does not take it.
  std::size_t connections = 0;
  auto modern = unable.host.tls(localhost_certificate());
  auto plain = h1.tls(localhost_certificate(), {.alpn = {"http/1.1"}});
  network.listen("localhost", 444, [&](memory_stream s) {
    return connections++ == 0 ? modern(std::move(s)) : plain(std::move(s));
  });
  auto other = [&]() -> task<void> {
    client c(network.transport(), trusting());
    (void)co_await c.get("https://localhost:444/page");
    auto raw = co_await c.upgrade("https://localhost:444/", "websocket");
    CHECK(raw.connection().protocol == "HTTP/1.1");
  };
  network.run(other());
}

TEST_CASE("an upgrade over HTTP/2 whose connection fails or is stopped") {
  for_each_fault([](memory_network& network, stop_token stop) -> result<int> {
    network.read_limit = 1024;
    echo_host at;
    network.listen("host", 80, at.host.plain());
    auto work = [&]() -> task<result<int>> {
      client c(network.transport(), prior_knowledge());
      try {
        request_options how{.stop = stop};
        auto raw = co_await c.upgrade("http://host/", "websocket", how);
        (void)co_await read_exactly(raw, 5);
        const std::string much(5'000, 'x');
        auto [nothing, back] = co_await when_all(raw.write(much), read_exactly(raw, much.size()));
        (void)nothing;
        if (back != much) co_return fail(error_category::peer_closed, "short", "cut short");
      } catch (const error& e) {
        co_return std::unexpected(e);
      }
      co_return 0;
    };
    auto outcome = network.run(work());
    network.run_servers();
    return outcome;
  });
}
