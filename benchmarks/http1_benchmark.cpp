// Reading responses and writing requests, without I/O.
#include "allocations.hpp"

#include <cohttps/core/buffer.hpp>
#include <cohttps/http1/request_writer.hpp>
#include <cohttps/http1/response_parser.hpp>
#include <cohttps/http1/scan.hpp>

#include <benchmark/benchmark.h>

#include <charconv>
#include <span>
#include <string>
#include <string_view>

namespace {

using namespace cohttps;
using namespace cohttps::http1;
using event = response_parser::event;

// A head as a large site sends it.
const std::string large_head =
    "HTTP/1.1 200 OK\r\n"
    "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
    "Content-Type: text/html; charset=utf-8\r\n"
    "Content-Length: 0\r\n"
    "Connection: keep-alive\r\n"
    "Server: nginx/1.25.3\r\n"
    "Vary: Accept-Encoding, Accept-Language, Cookie\r\n"
    "ETag: W/\"5e1b7c1e-1d4c0b3a9f2e8d7c6b5a4938271605f4\"\r\n"
    "Cache-Control: private, max-age=0, must-revalidate, no-transform\r\n"
    "Strict-Transport-Security: max-age=63072000; includeSubDomains; preload\r\n"
    "Content-Security-Policy: default-src 'self'; script-src 'self' 'nonce-d2hhdCBhIG5vbmNl'; "
    "img-src 'self' data: https://images.example.com; style-src 'self' 'unsafe-inline'; "
    "frame-ancestors 'none'; base-uri 'self'; form-action 'self'\r\n"
    "Set-Cookie: session=0123456789abcdef0123456789abcdef; Path=/; HttpOnly; Secure\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "X-Frame-Options: DENY\r\n"
    "X-Request-Id: 7c1e5e1b-4c1d-3a0b-2e9f-6b7c8d5a4938\r\n"
    "Referrer-Policy: strict-origin-when-cross-origin\r\n"
    "\r\n";

const std::string small_head = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nServer: x\r\n\r\n";

std::string chunked(std::size_t content, std::size_t chunk) {
  std::string out = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (; content != 0; content -= std::min(chunk, content)) {
    const std::size_t n = std::min(chunk, content);
    char digits[16];
    out.append(digits, std::to_chars(digits, digits + 16, n, 16).ptr);
    out.append("\r\n").append(n, 'x').append("\r\n");
  }
  return out + "0\r\n\r\n";
}

// One response in reads of `piece` bytes; the number of content bytes.
std::size_t read_all(response_parser& parser, std::string_view bytes, std::size_t piece) {
  parser.start(method::get);
  std::size_t at = 0, end = 0, content = 0;
  for (;;) {
    end = std::min(bytes.size(), end + piece);
    for (;;) {
      const auto step = parser.parse(std::as_bytes(std::span(bytes.substr(at, end - at))));
      if (!step) std::abort();
      at += step->consumed;
      content += step->body.size();
      if (step->what == event::complete) return content;
      if (step->what == event::need_more) break;
    }
  }
}

void run(benchmark::State& state, std::string_view bytes, std::size_t piece) {
  response_parser parser;
  read_all(parser, bytes, piece);
  allocations::counter counter;
  for (auto _ : state) benchmark::DoNotOptimize(read_all(parser, bytes, piece));
  counter.report(state);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes.size()));
}

void small_response(benchmark::State& state) { run(state, small_head, 16384); }
BENCHMARK(small_response);

void large_response_head(benchmark::State& state) { run(state, large_head, 16384); }
BENCHMARK(large_response_head);

void large_response_head_in_pieces(benchmark::State& state) {
  run(state, large_head, static_cast<std::size_t>(state.range(0)));
}
BENCHMARK(large_response_head_in_pieces)->Arg(1)->Arg(64);

void chunked_content(benchmark::State& state) {
  run(state, chunked(1 << 20, static_cast<std::size_t>(state.range(0))), 16384);
}
BENCHMARK(chunked_content)->Arg(16)->Arg(1024)->Arg(16384);

void head_that_is_taken(benchmark::State& state) {
  response_parser parser;
  allocations::counter counter;
  for (auto _ : state) {
    read_all(parser, large_head, 16384);
    benchmark::DoNotOptimize(parser.take_head());
  }
  counter.report(state);
}
BENCHMARK(head_that_is_taken);

void field_value_scan(benchmark::State& state) {
  const std::string value(static_cast<std::size_t>(state.range(0)), 'v');
  for (auto _ : state) benchmark::DoNotOptimize(scan::field_value_end(value));
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(field_value_scan)->Arg(16)->Arg(64)->Arg(1024);

void field_value_scan_portable(benchmark::State& state) {
  const std::string value(static_cast<std::size_t>(state.range(0)), 'v');
  for (auto _ : state) benchmark::DoNotOptimize(scan::detail::field_value_end_swar(value));
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(field_value_scan_portable)->Arg(16)->Arg(64)->Arg(1024);

void request_head(benchmark::State& state) {
  const fields headers{{"Host", "example.com"},
                       {"User-Agent", "cohttps"},
                       {"Accept", "text/html,application/json;q=0.9,*/*;q=0.8"},
                       {"Accept-Encoding", "gzip, br, zstd"},
                       {"Authorization", "Bearer 0123456789abcdef0123456789abcdef"}};
  buffer out;
  if (!write_request_head(out, method::get, "/a/path?with=query", headers)) std::abort();
  allocations::counter counter;
  for (auto _ : state) {
    out.clear();
    benchmark::DoNotOptimize(write_request_head(out, method::get, "/a/path?with=query", headers));
  }
  counter.report(state);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(out.size()));
}
BENCHMARK(request_head);

void fields_lookup(benchmark::State& state) {
  response_parser parser;
  read_all(parser, large_head, 16384);
  for (auto _ : state)
    benchmark::DoNotOptimize(parser.head().headers.find("strict-transport-security"));
}
BENCHMARK(fields_lookup);

}  // namespace

BENCHMARK_MAIN();
