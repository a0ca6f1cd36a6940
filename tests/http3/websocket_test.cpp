// WebSockets over streams of HTTP/3 (RFC 9220), with a server in memory and a manual clock.
#include "http3/http3_site.hpp"
#include "websocket/frames.hpp"

#include <cohttps/task/when_all.hpp>
#include <cohttps/transport/sleep.hpp>
#include <cohttps/websocket.hpp>

#include <catch2/catch_test_macros.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <nghttp3/nghttp3.h>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace cohttps;
using namespace cohttps::testing;
using namespace std::chrono_literals;

namespace {

const std::string address = "wss://example.com/chat";

/// SETTINGS_ENABLE_CONNECT_PROTOCOL = 1 (RFC 9220, 3).
std::string control_with_connect() { return varint(0) + frame(0x4, varint(0x8) + varint(1)); }

/// Opens each WebSocket, and calls `on_frame` for each frame of a client; what that gives is sent.
struct websocket_site : http3_site {
  websocket_site() {
    control_bytes = control_with_connect();
    answer = [](server&, std::int64_t, const std::string&) {};
    begun = [this](server& to, std::int64_t id) {
      one& w = opened[id];
      if (!std::exchange(w.open, true)) {
        if (on_open) return on_open(to, id);
        to.send(id, head({{":status", "200"}}), false);
      }
      std::string all = read_frames(to.received[id]).content;
      w.received += all.substr(w.content);
      w.content = all.size();
      for (const ws_frame& f : take_client_frames(w.received))
        if (std::string out = on_frame(to, id, f); !out.empty())
          to.send(id, data_frame(out), f.op == 8);
    };
  }

  std::function<void(server&, std::int64_t)> on_open = {};
  std::function<std::string(server&, std::int64_t, const ws_frame&)> on_frame =
      [](server&, std::int64_t, const ws_frame& f) {
        return f.op < 3 || f.op == 8 ? server_frame(f.op, f.payload, f.final) : std::string();
      };

 private:
  struct one {
    bool open = false;
    std::size_t content = 0;
    std::string received;
  };
  std::map<std::int64_t, one> opened;
};

/// The fields of a section that uses no dynamic table.
std::map<std::string, std::string> fields_of(const std::string& section) {
  nghttp3_qpack_decoder* decoder = nullptr;
  nghttp3_qpack_stream_context* context = nullptr;
  REQUIRE(nghttp3_qpack_decoder_new(&decoder, 0, 0, nghttp3_mem_default()) == 0);
  REQUIRE(nghttp3_qpack_stream_context_new(&context, 0, nghttp3_mem_default()) == 0);
  std::map<std::string, std::string> out;
  const auto* at = reinterpret_cast<const std::uint8_t*>(section.data());
  const auto* const end = at + section.size();
  const auto text = [](nghttp3_rcbuf* b) {
    const auto bytes = nghttp3_rcbuf_get_buf(b);
    std::string copy(reinterpret_cast<const char*>(bytes.base), bytes.len);
    nghttp3_rcbuf_decref(b);
    return copy;
  };
  while (true) {
    nghttp3_qpack_nv line{};
    std::uint8_t flags = 0;
    const auto read = nghttp3_qpack_decoder_read_request(decoder, context, &line, &flags, at,
                                                         static_cast<std::size_t>(end - at), 1);
    REQUIRE(read >= 0);
    at += read;
    if (flags & NGHTTP3_QPACK_DECODE_FLAG_EMIT) {
      auto name = text(line.name);
      out.emplace(std::move(name), text(line.value));
    }
    if (flags & NGHTTP3_QPACK_DECODE_FLAG_FINAL) break;
  }
  nghttp3_qpack_stream_context_del(context);
  nghttp3_qpack_decoder_del(decoder);
  return out;
}

/// Runs `f(client)` against the site.
template <class F>
void with_client(websocket_site& site, F f, http_versions versions = http_versions::http_3) {
  site.network.run([](websocket_site& s, F& work, http_versions v) -> task<void> {
    auto options = s.options();
    options.versions = v;
    client c(s.network.transport(), std::move(options));
    co_await work(c);
  }(site, f, versions));
}

template <class Awaitable>
task<std::string> reason_of(Awaitable work) {
  try {
    (void)co_await std::move(work);
  } catch (const error& e) {
    co_return std::string(e.reason());
  }
  co_return "";
}

task<void> echo(websocket_stream& socket, std::string text) {
  co_await socket.send(text);
  auto m = co_await socket.receive();
  REQUIRE(m);
  CHECK((m->text() == text));
}

}  // namespace

TEST_CASE("messages go both ways over a stream of HTTP/3, and it is closed in order", "[http3]") {
  websocket_site site;
  with_client(site, [](client& c) -> task<void> {
    auto socket = co_await c.websocket(address);
    CHECK(socket.connection().protocol == "HTTP/3");
    for (const std::size_t size : {0u, 1u, 125u, 126u, 65'536u, 300'000u})
      co_await echo(socket, std::string(size, 'x'));
    co_await socket.close(1001, "bye");
    CHECK(socket.close_code() == 1001);
    CHECK(socket.close_reason() == "bye");
    auto late = co_await reason_of(socket.send("late"));
    CHECK(late == "websocket_closed");
  });
  CHECK(site.connections == 1);
  CHECK(site.resets.empty());
  site.network.run_servers();
  REQUIRE(site.closed.size() == 1);
  CHECK(site.closed[0].error_code == 0x100);  // H3_NO_ERROR
}

TEST_CASE("the head of a WebSocket over HTTP/3 is an extended CONNECT", "[http3]") {
  websocket_site site;
  std::string request;
  site.on_open = [&](auto& to, std::int64_t id) {
    request = to.received[id];
    to.send(id, head({{":status", "200"}, {"sec-websocket-protocol", "chat"}}), false);
  };
  with_client(site, [](client& c) -> task<void> {
    auto socket = co_await c.websocket(address, {.protocols = {"chat"}});
    CHECK(socket.protocol() == "chat");
  });
  REQUIRE(read_frames(request).sections.size() == 1);
  const auto sent = fields_of(read_frames(request).sections[0]);
  CHECK(sent.at(":method") == "CONNECT");
  CHECK(sent.at(":protocol") == "websocket");
  CHECK(sent.at(":scheme") == "https");
  CHECK(sent.at(":path") == "/chat");
  CHECK(sent.at(":authority") == "example.com");
  CHECK(sent.at("sec-websocket-version") == "13");
  CHECK(sent.at("sec-websocket-protocol") == "chat");
  for (const char* name : {"connection", "upgrade", "sec-websocket-key"})
    CHECK_FALSE(sent.contains(name));  // RFC 8441, 5
}

TEST_CASE("two WebSockets and a GET share one HTTP/3 connection", "[http3]") {
  websocket_site site;
  with_client(site, [](client& c) -> task<void> {
    auto first = co_await c.websocket(address);
    auto second = co_await c.websocket(address);
    co_await when_all(echo(first, "one"), echo(second, "two"));
    co_await first.close();
    co_await echo(second, "still here");
    co_await second.close();
  });
  CHECK(site.connections == 1);
}

TEST_CASE("one coroutine receives over HTTP/3 while another one sends", "[http3]") {
  websocket_site site;
  with_client(site, [](client& c) -> task<void> {
    auto socket = co_await c.websocket(address);
    auto sending = [](websocket_stream& s) -> task<void> {
      for (int i = 0; i < 50; ++i) co_await s.send(std::string(20'000, 'y'));
    };
    auto receiving = [](websocket_stream& s) -> task<void> {
      for (int i = 0; i < 50; ++i) {
        auto m = co_await s.receive();
        REQUIRE(m);
        CHECK(m->data.size() == 20'000);
      }
    };
    co_await when_all(sending(socket), receiving(socket));
    co_await socket.close();
  });
}

TEST_CASE("a server of HTTP/3 that knows no CONNECT with a protocol is asked for none", "[http3]") {
  for (const std::string& settings : {control(), varint(0) + frame(0x4, varint(0x8) + varint(0))}) {
    websocket_site site;
    site.control_bytes = settings;
    bool asked = false;
    site.on_open = [&](auto&, std::int64_t) { asked = true; };
    with_client(site, [](client& c) -> task<void> {
      auto why = co_await reason_of(c.websocket(address));
      CHECK(why == "extended_connect_unsupported");
    });
    CHECK_FALSE(asked);
  }
}

TEST_CASE("a server of HTTP/3 refuses to open a WebSocket", "[http3]") {
  websocket_site site;
  site.on_open = [](auto& to, std::int64_t id) {
    to.send(id, head({{":status", "403"}}) + data_frame("no"), true);
  };
  with_client(site, [](client& c) -> task<void> {
    try {
      auto socket = co_await c.websocket(address);
      FAIL("it was opened");
    } catch (const error& e) {
      CHECK(e.reason() == "not_upgraded");
      CHECK(e.status() == 403);
    }
  });
}

TEST_CASE("a stream of HTTP/3 is reset in the middle of a WebSocket", "[http3]") {
  websocket_site site;
  site.on_frame = [](auto& to, std::int64_t id, const ws_frame& f) {
    if (f.payload == "reset") to.reset(id, 0x102);  // H3_INTERNAL_ERROR
    if (f.payload == "end") to.send(id, "", true);
    return f.payload == "reset" || f.payload == "end" ? std::string()
                                                      : server_frame(f.op, f.payload);
  };
  with_client(site, [](client& c) -> task<void> {
    auto other = co_await c.websocket(address);
    for (const auto& [last, reason] :
         {std::pair("reset", "stream_reset"), std::pair("end", "websocket_aborted")}) {
      CAPTURE(last);
      auto socket = co_await c.websocket(address);
      co_await echo(socket, "before");
      co_await socket.send(last);
      auto why = co_await reason_of(socket.receive());
      CHECK(why == reason);
      auto again = co_await reason_of(socket.send("after"));
      CHECK(again == reason);
      CHECK(socket.close_code() == websocket::close_code::abnormal);
      co_await socket.close();  // does nothing
    }
    co_await echo(other, "the other stream goes on");
    co_await other.close();
  });
  CHECK(site.connections == 1);
}

TEST_CASE("a server of HTTP/3 that takes no more ends the sending of a WebSocket", "[http3]") {
  websocket_site site;
  site.on_frame = [](auto& to, std::int64_t id, const ws_frame&) {
    to.stop(id, 0x100);
    return std::string();
  };
  with_client(site, [](client& c) -> task<void> {
    auto socket = co_await c.websocket(address);
    co_await socket.send("first");
    co_await sleep_for(c.transport(), 100ms);
    std::string why;
    for (int i = 0; i < 20 && why.empty(); ++i)
      why = co_await reason_of(socket.send(std::string(60'000, 'z')));
    CHECK(why == "peer_stopped_reading");
  });
}

TEST_CASE("a WebSocket over HTTP/3 that is destroyed resets its stream alone", "[http3]") {
  websocket_site site;
  with_client(site, [&](client& c) -> task<void> {
    auto stays = co_await c.websocket(address);
    {
      auto goes = co_await c.websocket(address);
      co_await echo(goes, "short");
    }
    co_await echo(stays, "long");
    co_await stays.close();
  });
  CHECK(site.connections == 1);
  REQUIRE(site.resets.size() == 1);
  CHECK(site.resets[0] == 0x10c);  // H3_REQUEST_CANCELLED
}

TEST_CASE("a network that ends under a WebSocket over HTTP/3 is found out by pings", "[http3]") {
  websocket_site site;
  with_client(site, [&](client& c) -> task<void> {
    auto socket = co_await c.websocket(address, {.ping_interval = 1s, .pong_timeout = 2s});
    co_await echo(socket, "hello");
    site.network.datagrams.loss = 1;
    auto why = co_await reason_of(socket.receive());
    CHECK(why == "websocket_pong");
  });
}

TEST_CASE("a WebSocket over HTTP/3 on a network that loses and turns datagrams", "[http3]") {
  for (const unsigned seed : {1u, 2u, 3u}) {
    CAPTURE(seed);
    websocket_site site;
    site.network.datagrams.random.seed(seed);
    site.network.datagrams.loss = 0.05;
    site.network.datagrams.delay = 5ms;
    site.network.datagrams.jitter = 10ms;
    with_client(site, [](client& c) -> task<void> {
      auto socket = co_await c.websocket(address);
      for (std::size_t i = 0; i < 20; ++i) co_await echo(socket, std::string(1000 * i, 'a'));
      co_await socket.close();
      CHECK(socket.close_code() == 1000);
    });
  }
}
