// WebSockets over connections in memory (RFC 6455).
#include "client/http2_host.hpp"
#include "client/support.hpp"
#include "websocket/frames.hpp"

#include <cohttps/core/base64.hpp>
#include <cohttps/task/when_any.hpp>
#include <cohttps/tls/hash.hpp>
#include <cohttps/transport/sleep.hpp>
#include <cohttps/websocket.hpp>

#include <functional>

using namespace cohttps;
using namespace cohttps::testing;
using namespace std::chrono_literals;

namespace {

/// A server that opens WebSockets and calls `on_frame` for each frame of the client; what that
/// gives is sent.
struct websocket_host {
  std::string request;
  std::string extra;             // fields of the opening response
  std::string accept;            // in place of the right Sec-WebSocket-Accept
  std::string first;             // sent with the response
  std::vector<ws_frame> frames;  // of the client
  bool ends_after_close = true;
  std::function<std::string(const ws_frame&)> on_frame = [](const ws_frame& f) {
    if (f.op == 8) return server_frame(8, f.payload);
    return f.op < 3 ? server_frame(f.op, f.payload, f.final) : std::string();
  };

  memory_network::server server() {
    return [this](memory_stream s) -> task<void> {
      std::byte in[512];
      std::string received;
      while (received.find("\r\n\r\n") == received.npos) {
        auto got = co_await s.read_some(in, {});
        if (!got || *got == 0) co_return;
        received += text_of(std::span(in).first(*got));
      }
      const auto end = received.find("\r\n\r\n") + 4;
      request = received.substr(0, end);
      received.erase(0, end);
      const auto key_at = ascii::lower(request).find("sec-websocket-key: ") + 19;
      const std::string key = request.substr(key_at, request.find('\r', key_at) - key_at);
      const std::string right = to_base64(tls::sha1(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"));
      std::string out =
          "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: "
          "websocket\r\nSec-WebSocket-Accept: " +
          (accept.empty() ? right : accept) + "\r\n" + extra + "\r\n" + first;
      bool over = false;
      while (true) {
        for (std::size_t at = 0; at < out.size();) {
          auto sent = co_await s.write_some(bytes_of(out).subspan(at), {});
          if (!sent) co_return;
          at += *sent;
        }
        if (over && ends_after_close) co_return;
        out.clear();
        auto got = co_await s.read_some(in, {});
        if (!got || *got == 0) co_return;
        received += text_of(std::span(in).first(*got));
        for (const ws_frame& f : take_client_frames(received)) {
          frames.push_back(f);
          over = over || f.op == 8;
          out += on_frame(f);
        }
      }
    };
  }
};

/// Runs `f(socket)` over a WebSocket to `host`.
template <class F>
void with_socket(memory_network& network, websocket_host& host, F f,
                 websocket_options options = {}) {
  network.listen("host", 80, host.server());
  auto work = [&]() -> task<void> {
    client c(network.transport(), plain());
    auto socket = co_await c.websocket("ws://host/chat", options);
    co_await f(socket, network);
  };
  network.run(work());
  CHECK(network.open_streams == 0);
}

task<std::string> reason_of(task<void> work) {
  try {
    co_await std::move(work);
  } catch (const error& e) {
    co_return std::string(e.reason());
  }
  co_return "";
}

std::string reason_of_opening(websocket_host& host, websocket_options options = {}) {
  memory_network network;
  network.listen("host", 80, host.server());
  auto work = [&]() -> task<std::string> {
    client c(network.transport(), plain());
    try {
      auto socket = co_await c.websocket("ws://host/", options);
    } catch (const error& e) {
      co_return std::string(e.reason());
    }
    co_return "";
  };
  return network.run(work());
}

}  // namespace

TEST_CASE("messages go both ways over a WebSocket, however they are split") {
  for_each_read_size([](memory_network& network) {
    websocket_host host;
    with_socket(network, host,
                [&](websocket_stream& socket, memory_network&) -> task<void> {
                  co_await socket.send("hello");
                  auto m = co_await socket.receive();
                  REQUIRE(m);
                  CHECK((m->is_text && m->is_last && m->text() == "hello"));
                  const std::string much(70'000, '\x01');
                  co_await socket.send(bytes_of(much));
                  m = co_await socket.receive();
                  REQUIRE(m);
                  CHECK((!m->is_text && m->text() == much));
                  co_await socket.close(1001, "bye");
                  CHECK(socket.close_code() == 1001);
                  CHECK(socket.close_reason() == "bye");
                  m = co_await socket.receive();
                  CHECK_FALSE(m);
                  auto reason = co_await reason_of(socket.send("late"));
                  CHECK(reason == "websocket_closed");
                },
                {.protocols = {"chat", "superchat"}});
    CHECK(host.request.starts_with("GET /chat HTTP/1.1\r\n"));
    for (const std::string_view line :
         {"\r\nHost: host\r\n", "\r\nConnection: Upgrade\r\n", "\r\nUpgrade: websocket\r\n",
          "\r\nSec-WebSocket-Version: 13\r\n", "\r\nSec-WebSocket-Protocol: chat, superchat\r\n"})
      CHECK(host.request.find(line) != std::string::npos);
  });
}

TEST_CASE("a response that is none of a WebSocket") {
  websocket_host host;
  CHECK(reason_of_opening(host).empty());
  host.accept = "AAAAAAAAAAAAAAAAAAAAAAAAAAA=";
  CHECK(reason_of_opening(host) == "websocket_opening");
  host.accept.clear();
  host.extra = "Sec-WebSocket-Protocol: chat\r\n";
  CHECK(reason_of_opening(host) == "websocket_opening");
  CHECK(reason_of_opening(host, {.protocols = {"other"}}) == "websocket_opening");
  CHECK(reason_of_opening(host, {.protocols = {"other", "chat"}}).empty());
  host.extra = "Sec-WebSocket-Extensions: foo\r\n";
  CHECK(reason_of_opening(host) == "websocket_extension");
  host.extra = "Sec-WebSocket-Extensions: permessage-deflate\r\n";
  CHECK(reason_of_opening(host, {.compression = {.enabled = false}}) == "websocket_extension");

  plain_host page;
  page.host.then(plain_response("no", "403 Forbidden"));
  auto work = [&]() -> task<std::string> {
    client c(page.network.transport(), plain());
    try {
      auto socket = co_await c.websocket("ws://host/");
    } catch (const error& e) {
      co_return std::string(e.reason());
    }
    co_return "";
  };
  CHECK(page.network.run(work()) == "not_upgraded");
}

TEST_CASE("pings are answered while a message is awaited, between the pieces of one, too") {
  memory_network network;
  websocket_host host;
  host.first = server_frame(9, "one") + server_frame(1, "a", false) + server_frame(9, "two") +
               server_frame(0, "b");
  with_socket(network, host, [&](websocket_stream& socket, memory_network&) -> task<void> {
    auto m = co_await socket.receive();
    REQUIRE(m);
    CHECK(m->text() == "ab");
    co_await socket.close();
  });
  REQUIRE(host.frames.size() == 3);
  CHECK((host.frames[0].op == 10 && host.frames[0].payload == "one"));
  CHECK((host.frames[1].op == 10 && host.frames[1].payload == "two"));
  CHECK(host.frames[2].op == 8);
}

TEST_CASE("parts of messages, as they come and as they are sent") {
  memory_network network;
  websocket_host host;
  with_socket(network, host, [&](websocket_stream& socket, memory_network&) -> task<void> {
    co_await socket.send_part("a", false);
    auto reason = co_await reason_of(socket.send("another"));
    CHECK(reason == "websocket_busy");
    co_await socket.send_part("b", true);
    std::string got;
    while (auto part = co_await socket.receive_part()) {
      got += part->text();
      if (part->is_last) break;
    }
    CHECK(got == "ab");
    co_await socket.close();
  });
}

TEST_CASE("the server closes, with a code, without, and without a word") {
  const auto closed_by = [](std::string bytes, bool ends) {
    memory_network network;
    websocket_host host;
    host.first = bytes;
    if (ends) host.ends_after_close = true;
    std::string outcome;
    with_socket(network, host, [&](websocket_stream& socket, memory_network&) -> task<void> {
      try {
        auto m = co_await socket.receive();
        outcome = m ? "message" : std::to_string(socket.close_code()) + ' ' + socket.close_reason();
      } catch (const error& e) {
        outcome = e.reason();
      }
    });
    std::string sent;
    for (const auto& f : host.frames) sent += f.op == 8 ? f.payload : "?";
    return outcome + " | " + sent;
  };
  CHECK(closed_by(server_close(1000, "bye"), true) == "1000 bye | \x03\xe8");
  CHECK(closed_by(server_frame(8, ""), true) == "1005  | ");
  CHECK(closed_by(server_frame(3, ""), true) == "websocket_frame | \x03\xea");
  CHECK(closed_by(server_frame(1, "\xff"), true) == "websocket_utf8 | \x03\xef");
}

TEST_CASE("a connection that ends without a close frame") {
  memory_network network;
  websocket_host host;
  host.on_frame = [](const ws_frame&) { return std::string(); };
  network.listen("host", 80, [&](memory_stream s) -> task<void> {
    websocket_host inner;
    // Only the opening, then the end.
    std::byte in[1024];
    std::string received;
    while (received.find("\r\n\r\n") == received.npos) {
      auto got = co_await s.read_some(in, {});
      if (!got || *got == 0) co_return;
      received += text_of(std::span(in).first(*got));
    }
    const auto key_at = ascii::lower(received).find("sec-websocket-key: ") + 19;
    const std::string key = received.substr(key_at, received.find('\r', key_at) - key_at);
    const std::string out =
        "HTTP/1.1 101 x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: " +
        to_base64(tls::sha1(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")) + "\r\n\r\n\x81\x05he";
    (void)co_await s.write_some(bytes_of(out), {});
  });
  auto work = [&]() -> task<std::string> {
    client c(network.transport(), plain());
    auto socket = co_await c.websocket("ws://host/");
    co_return co_await reason_of(
        [](websocket_stream& s) -> task<void> { (void)co_await s.receive(); }(socket));
  };
  CHECK(network.run(work()) == "websocket_aborted");
}

TEST_CASE("a server that does not answer a close frame is not waited for long") {
  memory_network network;
  websocket_host host;
  host.on_frame = [](const ws_frame&) { return std::string(); };
  host.ends_after_close = false;
  with_socket(network, host,
              [&](websocket_stream& socket, memory_network& n) -> task<void> {
                const auto began = n.transport().now();
                co_await socket.close();
                CHECK(n.transport().now() - began == 3s);
                CHECK(socket.close_code() == websocket::close_code::abnormal);
              },
              {.close_timeout = 3s});
}

TEST_CASE("a ping of the client's, and a pong that does not come") {
  for (const bool answers : {true, false}) {
    CAPTURE(answers);
    memory_network network;
    websocket_host host;
    host.on_frame = [&](const ws_frame& f) {
      if (f.op == 9 && answers) return server_frame(10, f.payload);
      return f.op == 8 ? server_frame(8, f.payload) : std::string();
    };
    with_socket(network, host,
                [&](websocket_stream& socket, memory_network&) -> task<void> {
                  auto reason = co_await reason_of(
                      [](websocket_stream& s) -> task<void> { (void)co_await s.ping(); }(socket));
                  CHECK(reason == "websocket_ping");  // nobody receives
                  auto receiving = [](websocket_stream& s) -> task<std::string> {
                    try {
                      auto m = co_await s.receive();
                      co_return m ? "message" : "closed";
                    } catch (const error& e) {
                      co_return std::string(e.reason());
                    }
                  };
                  auto pinging = [](websocket_stream& s) -> task<std::string> {
                    auto why = co_await reason_of(
                        [](websocket_stream& w) -> task<void> { (void)co_await w.ping(); }(s));
                    co_await s.close();
                    co_return why;
                  };
                  auto [received, pinged] = co_await when_all(receiving(socket), pinging(socket));
                  CHECK(received == (answers ? "closed" : "websocket_pong"));
                  CHECK(pinged == (answers ? "" : "websocket_pong"));
                },
                {.pong_timeout = 2s});
  }
}

TEST_CASE("pings in silence find out that nobody is there") {
  for (const bool answers : {true, false}) {
    CAPTURE(answers);
    memory_network network;
    websocket_host host;
    int pings = 0;
    host.on_frame = [&](const ws_frame& f) {
      pings += f.op == 9;
      return f.op == 9 && answers && pings < 4 ? server_frame(10, f.payload) : std::string();
    };
    with_socket(network, host,
                [&](websocket_stream& socket, memory_network& n) -> task<void> {
                  const auto began = n.transport().now();
                  auto reason = co_await reason_of([](websocket_stream& s) -> task<void> {
                    (void)co_await s.receive();
                  }(socket));
                  CHECK(reason == "websocket_pong");
                  CHECK(n.transport().now() - began >= (answers ? 40s : 12s));
                },
                {.ping_interval = 10s, .pong_timeout = 2s});
    CHECK(pings == (answers ? 4 : 1));
  }
}

TEST_CASE("one coroutine receives while another one sends") {
  for_each_read_size([](memory_network& network) {
    websocket_host host;
    host.first = server_frame(9, "p") + server_frame(1, "first");
    with_socket(network, host, [&](websocket_stream& socket, memory_network&) -> task<void> {
      auto sending = [](websocket_stream& s) -> task<int> {
        for (int i = 0; i < 20; ++i) co_await s.send(std::string(1000, static_cast<char>('a' + i)));
        co_return 20;
      };
      auto receiving = [](websocket_stream& s) -> task<int> {
        int count = 0;
        while (count < 21) {
          auto m = co_await s.receive();
          if (!m) break;
          ++count;
        }
        co_return count;
      };
      auto [sent, received] = co_await when_all(sending(socket), receiving(socket));
      CHECK((sent == 20 && received == 21));
      co_await socket.close();
    });
  });
}

TEST_CASE("a WebSocket is closed by one coroutine while another one receives") {
  memory_network network;
  websocket_host host;
  with_socket(network, host, [&](websocket_stream& socket, memory_network&) -> task<void> {
    auto receiving = [](websocket_stream& s) -> task<bool> {
      auto m = co_await s.receive();
      co_return m.has_value();
    };
    auto closing = [](websocket_stream& s) -> task<void> { co_await s.close(); };
    auto [got, nothing] = co_await when_all(receiving(socket), closing(socket));
    (void)nothing;
    CHECK_FALSE(got);
    CHECK(socket.close_code() == 1000);
  });
}

TEST_CASE("close waits for the server's close frame although messages come first") {
  for (const auto pause : {0ms, 5ms}) {
    CAPTURE(pause);
    memory_network network;
    websocket_host host;
    host.on_frame = [](const ws_frame& f) {
      return server_frame(1, "a") + server_frame(1, "b") + server_frame(8, f.payload);
    };
    with_socket(network, host, [&](websocket_stream& socket, memory_network& n) -> task<void> {
      // It is away for `pause` after each message.
      auto receiving = [&](websocket_stream& s) -> task<bool> {
        while (true) {
          auto m = co_await s.receive();
          if (!m) break;
          if (pause > 0ms) co_await sleep_for(n.transport(), pause);
        }
        co_return true;
      };
      auto closing = [](websocket_stream& s) -> task<std::uint16_t> {
        co_await s.close();
        co_return s.close_code();
      };
      auto [ended, code] = co_await when_all(receiving(socket), closing(socket));
      CHECK(ended);
      CHECK(code == 1000);
    });
  }
}

TEST_CASE("a server that sends messages and never closes is left after close_timeout") {
  memory_network network;
  websocket_host host;
  host.ends_after_close = false;
  host.on_frame = [](const ws_frame&) { return server_frame(1, "a") + server_frame(1, "b"); };
  const auto with_limit = websocket_options{.close_timeout = 2s};
  with_socket(
      network, host,
      [&](websocket_stream& socket, memory_network& n) -> task<void> {
        auto receiving = [](websocket_stream& s) -> task<std::string> {
          while (true) {
            auto m = co_await s.try_receive();
            if (!m) co_return std::string(m.error().reason());
            if (!*m) co_return "closed";
          }
        };
        auto closing = [](websocket_stream& s) -> task<void> { co_await s.close(); };
        const auto started = n.loop().now();
        auto [end, nothing] = co_await when_all(receiving(socket), closing(socket));
        (void)nothing;
        CHECK(end == "websocket_aborted");
        CHECK(n.loop().now() - started == 2s);
      },
      with_limit);
}

TEST_CASE("text that is not UTF-8 is not sent, nor is a reserved code") {
  memory_network network;
  websocket_host host;
  with_socket(network, host, [&](websocket_stream& socket, memory_network&) -> task<void> {
    auto reason = co_await reason_of(socket.send("\xff"));
    CHECK(reason == "websocket_not_utf8");
    reason = co_await reason_of(socket.close(1006));
    CHECK(reason == "websocket_close_code");
    co_await socket.close();
  });
}

TEST_CASE("each operation of a WebSocket fails or is stopped in turn") {
  for_each_fault([](memory_network& network, stop_source& stop) -> result<void> {
    websocket_host host;
    network.listen("host", 80, host.server());
    auto work = [&]() -> task<result<void>> {
      client c(network.transport(), plain());
      try {
        const request_options how{.stop = stop};
        auto socket = co_await c.websocket("ws://host/", {.request = how});
        co_await socket.send("hello");
        (void)co_await socket.receive();
        co_await socket.close();
      } catch (const error& e) {
        co_return std::unexpected(e);
      }
      co_return result<void>();
    };
    return network.run(work());
  });
}

TEST_CASE("destroyed at any time") {
  memory_network network;
  websocket_host host;
  with_socket(network, host,
              [&](websocket_stream& socket, memory_network& n) -> task<void> {
                co_await socket.send("hello");
                // Given up in the middle of a wait.
                auto given_up = co_await when_any(
                    [&](stop_token) -> task<void> { (void)co_await socket.receive(); },
                    [&](stop_token t) { return sleep_for(n.transport(), 1ms, t); });
                (void)given_up;
              },
              {.ping_interval = 1s});
}

TEST_CASE("a WebSocket over a stream of HTTP/2 (RFC 8441)") {
  memory_network network;
  http2_host host;
  host.early = true;
  host.settings = {{NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1}};
  std::string received;
  host.answer = [&](http2_host::served& s, http2_request& r) {
    if (r[":method"] != "CONNECT") return s.peer.respond(r.id, {{":status", "200"}}, "page");
    CHECK(r[":protocol"] == "websocket");
    CHECK(r["sec-websocket-version"] == "13");
    s.peer.begin(r.id, {{":status", "200"}});
    s.peer.on_content = [&](http2_request& to, std::string_view part) {
      received += part;
      for (const auto& f : take_client_frames(received)) {
        s.peer.append(to.id, server_frame(f.op, f.payload));
        if (f.op == 8) s.peer.end(to.id);
      }
    };
  };
  network.listen("host", 80, host.plain());
  auto work = [&]() -> task<void> {
    client c(network.transport(), prior_knowledge());
    auto socket = co_await c.websocket("ws://host/");
    CHECK(socket.connection().protocol == "HTTP/2");
    co_await socket.send("over a stream");
    auto m = co_await socket.receive();
    REQUIRE(m);
    CHECK(m->text() == "over a stream");
    auto page = co_await c.get("http://host/page");
    CHECK(page.text() == "page");
    co_await socket.close();
    CHECK(socket.close_code() == 1000);
  };
  network.run(work());
  CHECK(network.open_streams == 0);
}
