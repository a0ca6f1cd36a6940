// WebSockets with other people's servers, and with proxies before them.
#include "servers/client_support.hpp"
#include "servers/peer.hpp"
#include "servers/process.hpp"
#include "servers/programs.hpp"

#include <cohttps/task/when_all.hpp>
#include <cohttps/websocket.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <certificate_authority.hpp>
#include <chrono>
#include <filesystem>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

using namespace cohttps;
using namespace cohttps::testing;
using namespace std::chrono_literals;

namespace {

enum class websocket_program { node_ws, python_websockets };

std::string first_of(std::initializer_list<const char*> paths) {
  for (const char* path : paths)
    if (std::filesystem::exists(path)) return path;
  return {};
}

/// A server that echoes, plain and over TLS; and a proxy before it.
class websocket_server {
 public:
  explicit websocket_server(websocket_program what) {
    const bool node = what == websocket_program::node_ws;
    const std::string program = first_of({node ? "/usr/bin/node" : "/usr/bin/python3"});
    const std::string package = node ? first_of({"/usr/share/nodejs/ws/package.json"})
                                     : first_of({"/usr/lib/python3/dist-packages/websockets"});
    if (program.empty() || package.empty())
      SKIP("there is no WebSocket server on this machine; tools/setup test installs it");
    const std::string folder = COHTTPS_SERVERS_FOLDER;
    process_.emplace(
        std::vector<std::string>{
            program, folder + (node ? "/websocket_server.js" : "/websocket_server.py"),
            std::to_string(ports_[0]), std::to_string(ports_[1]), certificate(), key()},
        folder_.path() / "out", folder_.path() / "err");
    wait_for(ports_[0]);
    wait_for(ports_[1]);
  }

  /// Puts nginx or haproxy before it: TLS on a port of its own.
  std::string behind_nginx() {
    const std::string program = first_of({"/usr/sbin/nginx"});
    if (program.empty()) SKIP("there is no nginx on this machine; tools/setup test installs it");
    const auto conf = folder_.write(
        "nginx.conf",
        "daemon off; master_process off; pid " + path("nginx.pid") + "; error_log stderr;\n" +
            "events {}\nhttp { access_log off; client_body_temp_path " + path("b") +
            "; proxy_temp_path " + path("p") + "; fastcgi_temp_path " + path("f") +
            "; uwsgi_temp_path " + path("u") + "; scgi_temp_path " + path("s") + ";\n" +
            "server { listen 127.0.0.1:" + std::to_string(ports_[2]) + " ssl; ssl_certificate " +
            certificate() + "; ssl_certificate_key " + key() +
            ";\nlocation / { proxy_pass http://127.0.0.1:" + std::to_string(ports_[0]) +
            "; proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; " +
            "proxy_set_header Connection \"upgrade\"; } } }\n");
    front_.emplace(
        std::vector<std::string>{program, "-c", conf.string(), "-p", folder_.path().string()},
        folder_.path() / "front.out", folder_.path() / "front.err");
    wait_for(ports_[2]);
    return "wss://localhost:" + std::to_string(ports_[2]) + "/";
  }
  std::string behind_haproxy(bool http2) {
    const std::string program = first_of({"/usr/sbin/haproxy"});
    if (program.empty()) SKIP("there is no haproxy on this machine; tools/setup test installs it");
    const auto pem =
        folder_.write("both.pem", folder_.read("certificate.pem") + folder_.read("key.pem"));
    const auto conf = folder_.write(
        "haproxy.cfg",
        "defaults\n mode http\n timeout connect 5s\n timeout client 60s\n timeout server 60s\n"
        " timeout tunnel 60s\nfrontend f\n bind 127.0.0.1:" +
            std::to_string(ports_[2]) + " ssl crt " + pem.string() + " alpn " +
            (http2 ? "h2,http/1.1" : "http/1.1") +
            "\n default_backend b\nbackend b\n server s 127.0.0.1:" + std::to_string(ports_[0]) +
            "\n");
    front_.emplace(std::vector<std::string>{program, "-f", conf.string(), "-db"},
                   folder_.path() / "front.out", folder_.path() / "front.err");
    wait_for(ports_[2]);
    return "wss://localhost:" + std::to_string(ports_[2]) + "/";
  }

  std::string url(bool secure) const {
    return (secure ? "wss://localhost:" : "ws://localhost:") + std::to_string(ports_[secure]) + "/";
  }
  client_options options() const {
    return {.tls = tls_context({.system_roots = false, .root_pem = root_.certificate_pem()}),
            .allow_plaintext = true};
  }

 private:
  std::string path(const char* name) const { return (folder_.path() / name).string(); }
  std::string certificate() const { return path("certificate.pem"); }
  std::string key() const { return path("key.pem"); }
  void wait_for(std::uint16_t port) {
    const auto end = std::chrono::steady_clock::now() + 20s;
    while (!accepts(port)) {
      if (process_->wait(5ms) || std::chrono::steady_clock::now() > end)
        throw std::runtime_error("the server does not start: " + folder_.read("err"));
    }
  }

  temporary_folder folder_;
  certificate_authority root_;
  std::array<std::uint16_t, 3> ports_ = free_ports<3>();
  bool written_ = [this] {
    const auto issued = root_.issue({.dns = {"localhost"}, .ip = {"127.0.0.1"}});
    folder_.write("certificate.pem", issued.chain_pem);
    folder_.write("key.pem", issued.key_pem);
    return true;
  }();
  std::optional<child_process> process_;
  std::optional<child_process> front_;
};

std::string random_text(std::size_t size, unsigned seed) {
  std::mt19937 random(seed);
  std::string text(size, ' ');
  for (char& c : text) c = static_cast<char>('a' + random() % 4);
  return text;
}

/// Messages of many sizes, text and binary, one by one and a hundred at a time.
task<void> exchange(websocket_stream& socket) {
  for (const std::size_t size :
       {0u, 1u, 63u, 64u, 125u, 126u, 127u, 1000u, 65535u, 65536u, 300'000u}) {
    const std::string text = random_text(size, static_cast<unsigned>(size));
    co_await socket.send(text);
    auto m = co_await socket.receive();
    REQUIRE(m);
    CHECK((m->is_text && m->text() == text));
    co_await socket.send(std::as_bytes(std::span(text)));
    m = co_await socket.receive();
    REQUIRE(m);
    CHECK((!m->is_text && m->text() == text));
  }
  auto sending = [](websocket_stream& s) -> task<void> {
    for (int i = 0; i < 100; ++i) co_await s.send("message " + std::to_string(i));
  };
  auto receiving = [](websocket_stream& s) -> task<int> {
    int right = 0;
    for (int i = 0; i < 100; ++i) {
      auto m = co_await s.receive();
      right += m && m->text() == "message " + std::to_string(i);
    }
    co_return right;
  };
  auto [nothing, right] = co_await when_all(sending(socket), receiving(socket));
  (void)nothing;
  CHECK(right == 100);
  co_await socket.send_part("in ", false);
  co_await socket.send_part("three ", false);
  co_await socket.send_part("parts", true);
  auto m = co_await socket.receive();
  REQUIRE(m);
  CHECK(m->text() == "in three parts");
}

}  // namespace

TEST_CASE("WebSockets: messages, compression, control frames and the end") {
  const auto program = GENERATE(websocket_program::node_ws, websocket_program::python_websockets);
  const bool secure = GENERATE(false, true);
  const int compression = GENERATE(0, 1, 2);  // none, with and without context takeover
  CAPTURE(static_cast<int>(program), secure, compression);
  const websocket_server server(program);
  auto work = [&]() -> task<void> {
    client c(server.options());
    const websocket_options how{
        .protocols = {"other", "chat"},
        .compression = {.enabled = compression > 0, .context_takeover = compression == 1}};
    const std::string url = server.url(secure);
    {
      auto socket = co_await c.websocket(url, how);
      CHECK(socket.protocol() == "chat");
      CHECK(socket.compressed() == (compression > 0));
      co_await exchange(socket);
      co_await socket.send("ping me");
      auto m = co_await socket.receive();
      REQUIRE(m);
      CHECK(m->text() == "pong: are you there");
      auto pinging = [](websocket_stream& s) -> task<bool> {
        const auto took = co_await s.ping();
        co_await s.send("done");
        co_return took > 0ns;
      };
      auto receiving = [](websocket_stream& s) -> task<std::string> {
        auto got = co_await s.receive();
        co_return got ? std::string(got->text()) : "closed";
      };
      auto [done, pinged] = co_await when_all(receiving(socket), pinging(socket));
      CHECK((pinged && done == "done"));
      co_await socket.close(4000, "enough");
      CHECK(socket.close_code() == 4000);
    }
    auto socket = co_await c.websocket(url, how);
    co_await socket.send("close me");
    auto m = co_await socket.receive();
    CHECK_FALSE(m);
    CHECK((socket.close_code() == 4001 && socket.close_reason() == "as you wish"));
    auto other = co_await c.websocket(url, how);
    co_await other.send("drop me");
    auto dropped = co_await other.try_receive();
    CHECK_FALSE(dropped);
  };
  run(work());
}

TEST_CASE("WebSockets: through nginx and haproxy, over HTTP/1.1 and HTTP/2") {
  const int front = GENERATE(0, 1, 2);
  CAPTURE(front);
  websocket_server server(websocket_program::python_websockets);
  const std::string url = front == 0 ? server.behind_nginx() : server.behind_haproxy(front == 2);
  auto work = [&]() -> task<void> {
    client c(server.options());
    if (front == 2) {
      // The connection has to be there, so that the opening finds that it takes other protocols.
      std::string page = url;
      page.replace(0, 3, "https");
      auto r = co_await c.try_get(page);
      CHECK(r);
    }
    auto socket = co_await c.websocket(url);
    CHECK(socket.connection().protocol == (front == 2 ? "HTTP/2" : "HTTP/1.1"));
    co_await exchange(socket);
    co_await socket.close();
    CHECK(socket.close_code() == 1000);
  };
  run(work());
}

TEST_CASE("WebSockets: 64 at a time") {
  const websocket_server server(websocket_program::node_ws);
  auto one = [&](client& c) -> task<int> {
    const std::string url = server.url(true);
    auto socket = co_await c.websocket(url);
    int right = 0;
    for (int i = 0; i < 50; ++i) {
      const std::string text = random_text(1024, static_cast<unsigned>(i));
      co_await socket.send(text);
      auto m = co_await socket.receive();
      right += m && m->text() == text;
    }
    co_await socket.close();
    co_return right;
  };
  auto work = [&]() -> task<void> {
    auto options = server.options();
    options.pool.per_host = 64;
    client c(options);
    std::vector<task<int>> all;
    for (int i = 0; i < 64; ++i) all.push_back(one(c));
    const auto right = co_await when_all(std::move(all));
    for (const int count : right) CHECK(count == 50);
  };
  run(work());
}
