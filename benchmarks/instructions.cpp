// Work whose instructions are counted: `instructions WORK COUNT` does it so often, without
// arguments it says with what it was built. tests/structure/instructions.py counts with callgrind.
#include <cohttps/client.hpp>
#include <cohttps/core/buffer.hpp>
#include <cohttps/http/cookie/cookie_jar.hpp>
#include <cohttps/http/fields.hpp>
#include <cohttps/http1/request_writer.hpp>
#include <cohttps/http1/response_parser.hpp>
#include <cohttps/testing/memory_network.hpp>
#include <cohttps/url/url.hpp>

#include <botan/version.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>
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

constexpr struct {
  std::string_view name;
  void (*does)(int);
} works[] = {{"url_parse", url_parse},         {"response_parse", response_parse},
             {"chunked_parse", chunked_parse}, {"request_write", request_write},
             {"cookie_match", cookie_match},   {"get", get}};

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
  for (const auto& work : works)
    if (work.name == argv[1]) return work.does(std::atoi(argv[2])), 0;
  return 2;
}
