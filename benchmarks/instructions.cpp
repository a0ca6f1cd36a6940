// Work whose instructions are counted: `instructions WORK COUNT` does it so often, without
// arguments it says with what it was built. tests/structure/instructions.py counts with callgrind.
#include "../tests/http2/frames.hpp"
#include "../tests/websocket/echo.hpp"

#include <cohttps/cohttps.hpp>
#include <cohttps/core/buffer.hpp>
#include <cohttps/http/cookie/cookie_jar.hpp>
#include <cohttps/http/fields.hpp>
#include <cohttps/http1/request_writer.hpp>
#include <cohttps/http1/response_parser.hpp>
#include <cohttps/testing/memory_network.hpp>
#include <cohttps/testing/memory_tls.hpp>
#include <cohttps/url/url.hpp>
#include <cohttps/websocket.hpp>

#include <asio.hpp>
#include <botan/version.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>
#include <vector>

using namespace cohttps;

namespace {

constexpr std::string_view head =
    "HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Tue, 24 Nov 2026 03:00:00 GMT\r\n"
    "Content-Type: application/octet-stream\r\nContent-Length: 1024\r\n"
    "Last-Modified: Mon, 23 Nov 2026 12:00:00 GMT\r\nConnection: keep-alive\r\n"
    "ETag: \"6744a1c0-400\"\r\nAccept-Ranges: bytes\r\n\r\n";

void keep(const void* result) { asm volatile("" : : "r"(result) : "memory"); }

void url_parse(int count) {
  for (int i = 0; i < count; ++i) {
    const auto parsed =
        url::parse("https://www.example.com:8443/a/path/of/some/length?with=a&query=b");
    keep(&parsed);
  }
}

void response_parse(int count) {
  const std::string whole = std::string(head) + std::string(1024, 'x');
  http1::response_parser parser;
  for (int i = 0; i < count; ++i) {
    parser.start(method::get);
    auto rest = std::as_bytes(std::span(whole));
    while (true) {
      const auto step = parser.parse(rest);
      if (!step || step->what == http1::response_parser::event::complete) break;
      rest = rest.subspan(step->consumed);
    }
    keep(&parser);
  }
}

void chunked_parse(int count) {
  std::string whole = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 16; ++i) whole += "40\r\n" + std::string(64, 'x') + "\r\n";
  whole += "0\r\n\r\n";
  http1::response_parser parser;
  for (int i = 0; i < count; ++i) {
    parser.start(method::get);
    auto rest = std::as_bytes(std::span(whole));
    while (true) {
      const auto step = parser.parse(rest);
      if (!step || step->what == http1::response_parser::event::complete) break;
      rest = rest.subspan(step->consumed);
    }
    keep(&parser);
  }
}

void request_write(int count) {
  const fields headers{{"host", "www.example.com"},
                       {"user-agent", "cohttps/0.1"},
                       {"accept", "*/*"},
                       {"accept-encoding", "gzip, deflate, br, zstd"}};
  buffer out;
  for (int i = 0; i < count; ++i) {
    const auto written = http1::write_request_head(out, method::get, "/a/path?query", headers);
    keep(&written);
    out.clear();
  }
}

void cookie_match(int count) {
  cookie_jar jar;
  const auto now = std::chrono::system_clock::time_point(std::chrono::hours(500'000));
  for (int i = 0; i < 100; ++i)
    jar.store(*url::parse("https://host" + std::to_string(i) + ".example/"), "name=value; Path=/",
              now);
  const auto at = url::parse("https://host50.example/some/where");
  for (int i = 0; i < count; ++i) {
    const auto value = jar.cookie_header(*at, now);
    keep(value.data());
  }
}

/// On a kept connection; the server's part included.
void get(int count) {
  testing::memory_network network;
  network.listen("host", 80, [](testing::memory_stream s) -> task<void> {
    const std::string answer = std::string(head) + std::string(1024, 'x');
    std::vector<std::byte> in(16 * 1024);
    while (true) {
      const auto got = co_await s.read_some(in, {});
      if (!got || *got == 0) co_return;
      const auto sent = co_await s.write_some(std::as_bytes(std::span(answer)), {});
      if (!sent) co_return;
    }
  });
  auto work = [&]() -> task<void> {
    client c(network.transport(), {.allow_plaintext = true});
    for (int i = 0; i < count; ++i) {
      const auto got = co_await c.get("http://host/some/longer/path?of=a&request=b");
      keep(got.content().data());
    }
  };
  network.run(work());
}

/// Answers each head of a request over HTTP/2, and reads nothing else.
task<void> serve_http2(testing::memory_stream s) {
  using namespace testing;
  const std::string content(1024, 'x'), hello = frames::hello();
  const std::string block = frames::status("200") + frames::line("content-length", "1024");
  std::vector<std::byte> in(64 * 1024);
  std::size_t have = 0, at = 24;  // behind the preface
  auto sent = co_await s.write_some(std::as_bytes(std::span(hello)), {});
  while (sent) {
    const auto got = co_await s.read_some(std::span(in).subspan(have), {});
    if (!got || *got == 0) co_return;
    have += *got;
    while (sent && have >= at + 9) {
      const auto byte = [&](std::size_t i) { return std::to_integer<std::uint32_t>(in[at + i]); };
      const std::size_t size = 9 + (byte(0) << 16 | byte(1) << 8 | byte(2));
      if (have < at + size) break;
      const std::uint32_t id = byte(5) << 24 | byte(6) << 16 | byte(7) << 8 | byte(8);
      const bool is_head = byte(3) == 1;
      at += size;
      if (!is_head) continue;
      const std::string answer =
          frames::headers(id, block) + frames::data(id, content, frames::end_stream);
      sent = co_await s.write_some(std::as_bytes(std::span(answer)), {});
    }
    if (have < at) continue;
    std::memmove(in.data(), in.data() + at, have - at);
    have -= std::exchange(at, 0);
  }
}

/// On a kept connection; the server's part included.
void get_http2(int count) {
  testing::memory_network network;
  network.listen("host", 80, serve_http2);
  auto work = [&]() -> task<void> {
    client c(network.transport(), {.allow_plaintext = true, .versions = http_versions::http_2});
    for (int i = 0; i < count; ++i) {
      const auto got = co_await c.get("http://host/some/longer/path?of=a&request=b");
      keep(got.content().data());
    }
  };
  network.run(work());
}

/// A message of 1 KiB and its echo; the server's part included.
void websocket(int count) {
  testing::memory_network network;
  network.listen("host", 80, testing::echo_websocket);
  auto work = [&]() -> task<void> {
    client c(network.transport(), {.allow_plaintext = true});
    auto socket = co_await c.websocket("ws://host/", {.compression = {.enabled = false}});
    const std::vector<std::byte> message(1024, std::byte{'x'});
    for (int i = 0; i < count; ++i) {
      co_await socket.send(std::span<const std::byte>(message));
      const auto got = co_await socket.receive();
      keep(got->data.data());
    }
  };
  network.run(work());
}

// ---- a GET over TLS 1.3 on a socket, from a server in another process --------------------------

/// Answers each read of the one client that connects, until that client closes the connection.
int serve_tls(const std::string& path) {
  testing::memory_authority authority;
  const auto certificate = authority.issue("localhost");
  asio::io_context loop;
  asio::local::stream_protocol::acceptor acceptor(loop, path);
  std::FILE* out = std::fopen((path + ".part").c_str(), "w");
  std::fputs(authority.root_pem().c_str(), out);
  std::fclose(out);
  std::rename((path + ".part").c_str(), (path + ".pem").c_str());
  auto socket = acceptor.accept();
  testing::memory_tls_server tls(certificate);
  const std::string answer = std::string(head) + std::string(1024, 'x');
  std::vector<std::byte> in(64 * 1024);
  asio::error_code code;
  while (true) {
    const std::size_t size = socket.read_some(asio::buffer(in), code);
    if (code) return 0;
    std::string request;
    if (!tls.receive(std::span(in).first(size), request)) return 1;
    if (!request.empty()) tls.send(answer);
    asio::write(socket, asio::buffer(tls.outgoing().data().data(), tls.outgoing().size()), code);
    tls.outgoing().clear();
  }
}

std::string own_path;  // "/proc/self/exe" is valgrind's

void get_tls(int count) {
  const std::string folder = "/tmp/cohttps-instructions-" + std::to_string(::getpid());
  std::filesystem::create_directory(folder);
  const std::string path = folder + "/socket", pem = path + ".pem";
  const pid_t server = ::fork();
  if (server == 0)
    ::_exit(::execl(own_path.c_str(), "instructions", "serve", path.c_str(), nullptr));
  for (int i = 0; i < 200 && !std::filesystem::exists(pem); ++i) ::usleep(100'000);
  auto work = [&]() -> task<void> {
    client c({.tls = tls_context({.system_roots = false, .root_file = pem}), .unix_socket = path});
    for (int i = 0; i < count; ++i) {
      const auto got = co_await c.get("https://localhost/some/longer/path?of=a&request=b");
      keep(got.content().data());
    }
  };
  run(work());
  ::waitpid(server, nullptr, 0);
  std::filesystem::remove_all(folder);
}

constexpr struct {
  std::string_view name;
  void (*does)(int);
} works[] = {{"url_parse", url_parse},
             {"response_parse", response_parse},
             {"chunked_parse", chunked_parse},
             {"request_write", request_write},
             {"cookie_match", cookie_match},
             {"get", get},
             {"get_http2", get_http2},
             {"websocket", websocket},
             {"get_tls", get_tls}};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
#if defined(__clang__)
    std::printf("clang %d", __clang_major__);
#else
    std::printf("gcc %d.%d", __GNUC__, __GNUC_MINOR__);
#endif
    std::printf(", Botan %d.%d\n", BOTAN_VERSION_MAJOR, BOTAN_VERSION_MINOR);
    for (const auto& work : works) std::printf("%s\n", work.name.data());
    return 0;
  }
  own_path = std::filesystem::absolute(argv[0]);
  if (std::string_view(argv[1]) == "serve") return serve_tls(argv[2]);
  for (const auto& work : works)
    if (work.name == argv[1]) return work.does(std::atoi(argv[2])), 0;
  return 2;
}
