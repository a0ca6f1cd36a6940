// Parsing, resolving and editing URLs; "allocs" is heap allocations an operation.
#include "allocations.hpp"

#include <cohttps/url/url.hpp>

#include <benchmark/benchmark.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace {

using cohttps::url;

void parse(benchmark::State& state, std::string_view text) {
  const allocations::counter counter;
  for (auto _ : state) benchmark::DoNotOptimize(url::parse(text));
  counter.report(state);
  state.SetBytesProcessed(static_cast<std::int64_t>(text.size()) * state.iterations());
}

BENCHMARK_CAPTURE(parse, short, "https://example.com/");
BENCHMARK_CAPTURE(parse, typical,
                  "https://www.example.com/articles/2024/05/a-typical-article?page=2&lang=en#top");
BENCHMARK_CAPTURE(parse, long_query,
                  "https://api.example.com:8443/v1/search?q=network+programming&fields=id,title,"
                  "author,published&sort=-published&limit=100&offset=200&token="
                  "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
BENCHMARK_CAPTURE(parse, upper_case, "HTTPS://WWW.Example.COM/Index.html");
BENCHMARK_CAPTURE(parse, dot_segments, "https://example.com/a/b/../../c/./d/%2e%2e/e");
BENCHMARK_CAPTURE(parse, to_encode, "https://example.com/caf\xc3\xa9 au lait?q=\"cr\xc3\xa8me\"");
BENCHMARK_CAPTURE(parse, credentials, "https://user:secret@example.com/private");
BENCHMARK_CAPTURE(parse, ipv4, "https://192.0.2.1:8443/status");
BENCHMARK_CAPTURE(parse, ipv6, "https://[2001:db8::8a2e:370:7334]/status");
#ifdef COHTTPS_HAS_IDN2
BENCHMARK_CAPTURE(parse, idna,
                  "https://b\xc3\xbc"
                  "cher.example/");
#endif
BENCHMARK_CAPTURE(parse, refused, "https://exa mple.com/");

void resolve(benchmark::State& state, std::string_view reference) {
  const url base = *url::parse("https://www.example.com/articles/2024/05/index.html?page=2");
  const allocations::counter counter;
  for (auto _ : state) benchmark::DoNotOptimize(url::parse(reference, base));
  counter.report(state);
}

BENCHMARK_CAPTURE(resolve, path, "/login?next=%2F");
BENCHMARK_CAPTURE(resolve, relative, "../06/other.html");
BENCHMARK_CAPTURE(resolve, absolute, "https://auth.example.com/login?next=%2F");

void append_query(benchmark::State& state) {
  const url plain = *url::parse("https://api.example.com/search");
  const allocations::counter counter;
  for (auto _ : state) {
    url u = plain;
    benchmark::DoNotOptimize(u.append_query("q", "a b&c").append_query("page", "2"));
  }
  counter.report(state);
}

BENCHMARK(append_query);

}  // namespace

BENCHMARK_MAIN();
