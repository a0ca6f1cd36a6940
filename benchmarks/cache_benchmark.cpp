// A hit of a cache before a client: what an answer without a server costs, and what a layer that
// only passes on costs beside it.
#include "allocations.hpp"

#include <cohttps/cache.hpp>
#include <cohttps/client.hpp>
#include <cohttps/middleware.hpp>
#include <cohttps/testing/memory_network.hpp>
#if defined(BENCHMARK_HAS_SQLITE)
#include <cohttps/stores/sqlite_cache.hpp>
#endif

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <utility>

using namespace cohttps;

namespace {

using testing::memory_network;

const fields usual_headers{{"Server", "nginx"},
                           {"Date", "Thu, 01 Jan 1970 00:00:00 GMT"},
                           {"Content-Type", "application/json"},
                           {"Cache-Control", "public, max-age=31536000, stale-while-revalidate=60"},
                           {"ETag", "\"5f5e100-1\""},
                           {"Vary", "Accept-Encoding"}};

/// Puts a response into a store and asks for it again and again.
void hit(benchmark::State& state, const std::shared_ptr<cache_store>& store) {
  memory_network network;
  const std::string content(static_cast<std::size_t>(state.range(0)), 'x');
  auto work = [&]() -> task<void> {
    client c(network.transport(), {.allow_plaintext = true});
    http_cache cache(store);
    c.use(cache.layer());
    auto head = std::make_shared<cached_response>();
    head->status = 200;
    head->headers = usual_headers;
    head->headers.erase("date");
    head->requested = head->received = std::chrono::system_clock::now();
    auto writer = co_await store->write("http://host/", std::move(head));
    (void)co_await (*writer)->write(std::as_bytes(std::span(content)));
    (void)co_await (*writer)->commit();
    auto warm = co_await c.get("http://host/");
    if (warm.content().size() != content.size()) state.SkipWithError("no hit");
    const allocations::counter counter;
    for (auto _ : state) {
      auto response = co_await c.get("http://host/");
      benchmark::DoNotOptimize(response.content().data());
    }
    counter.report(state);
    if (cache.statistics().misses != 0) state.SkipWithError("not all were hits");
  };
  network.run(work());
}

void hit_in_memory(benchmark::State& state) { hit(state, std::make_shared<memory_cache>()); }
BENCHMARK(hit_in_memory)->Arg(100)->Arg(1024)->Arg(64 * 1024);

#if defined(BENCHMARK_HAS_SQLITE)
void hit_in_sqlite(benchmark::State& state) {
  std::string folder = (std::filesystem::temp_directory_path() / "cohttps-bench-XXXXXX").string();
  if (!::mkdtemp(folder.data())) return state.SkipWithError("no folder");
  auto opened = sqlite_cache::open(folder + "/cache.db");
  if (opened)
    hit(state, *std::move(opened));
  else
    state.SkipWithError("no file");
  std::filesystem::remove_all(folder);
}
BENCHMARK(hit_in_sqlite)->Arg(100)->Arg(1024)->Arg(64 * 1024)->Arg(1024 * 1024);
#endif

/// A layer that answers by itself, behind so many that pass on: what is not the cache's. A layer
/// costs the difference, divided by their number.
void answer_of_layer(benchmark::State& state) {
  memory_network network;
  auto work = [&]() -> task<void> {
    client c(network.transport(), {.allow_plaintext = true});
    for (int i = 0; i < state.range(0); ++i)
      c.use([](request& r, next_handler next) -> task<result<response>> {
        co_return co_await next(r);
      });
    c.use([](request&, next_handler) -> task<result<response>> {
      co_return response::make(200, usual_headers, "x");
    });
    auto warm = co_await c.get("http://host/");
    const allocations::counter counter;
    for (auto _ : state) {
      auto response = co_await c.get("http://host/");
      benchmark::DoNotOptimize(response.content().data());
    }
    counter.report(state);
  };
  network.run(work());
}
BENCHMARK(answer_of_layer)->Arg(0)->Arg(10);

}  // namespace

BENCHMARK_MAIN();
