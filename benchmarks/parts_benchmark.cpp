// Parts of a client that every request passes: the cookie jar and the pool's decisions; and the
// masks of WebSocket.
#include "allocations.hpp"

#include <cohttps/core/recycled.hpp>
#include <cohttps/core/recycler.hpp>
#include <cohttps/http/cookie/cookie_jar.hpp>
#include <cohttps/pool/policy.hpp>
#include <cohttps/websocket/frame.hpp>

#include <benchmark/benchmark.h>

#include <chrono>
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace cohttps;

// So many cookies of as many hosts, three of which are for the one that is asked.
void cookie_match(benchmark::State& state) {
  cookie_jar jar;
  const auto now = std::chrono::system_clock::now();
  for (int i = 0; i < state.range(0); ++i) {
    const auto at = *url::parse("https://host" + std::to_string(i) + ".example/");
    (void)jar.store(at, "id=0123456789abcdef; Path=/; Secure; HttpOnly", now);
  }
  const auto here = *url::parse("https://www.shop.example/cart/items?page=2");
  for (const char* one : {"session=0123456789abcdef; Path=/; Secure", "lang=en; Path=/cart",
                          "seen=1; Domain=shop.example; Max-Age=3600"})
    (void)jar.store(here, one, now);
  const allocations::counter counter;
  for (auto _ : state) benchmark::DoNotOptimize(jar.cookie_header(here, now));
  counter.report(state);
}
BENCHMARK(cookie_match)->Arg(0)->Arg(100)->Arg(3000);

/// Masks while it copies, beside a copy alone: 1 KiB is in the first cache, 64 MiB are in none.
template <bool Masks>
void copy_of_message(benchmark::State& state) {
  const auto size = static_cast<std::size_t>(state.range(0));
  const std::vector<std::byte> from(size, std::byte{'x'});
  std::vector<std::byte> to(size);
  const websocket::mask_key key{std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}};
  for (auto _ : state) {
    if constexpr (Masks)
      websocket::copy_masked(from, to.data(), key);
    else
      std::memcpy(to.data(), from.data(), size);
    benchmark::DoNotOptimize(to.data());
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(copy_of_message<true>)->Arg(1024)->Arg(64 << 20);
BENCHMARK(copy_of_message<false>)->Arg(1024)->Arg(64 << 20);

struct connection {
  static bool usable() noexcept { return true; }
};

// A kept connection is taken and given back, with so many other hosts in the pool.
void pool_lease(benchmark::State& state) {
  using policy = pool::policy<std::unique_ptr<connection>>;
  policy decide({.per_host = 8, .total = 2000});
  const auto to = [](int i) {
    return detail::route{.to = {"https", "host" + std::to_string(i) + ".example", 443}};
  };
  const std::chrono::steady_clock::time_point now{};
  const auto lease = [&](const detail::route& where) {
    policy::request asking;
    decide.ask(where, asking, now);
    if (!asking.granted->opened)
      decide.opened(*asking.granted, std::make_unique<connection>(), 1, now);
    decide.give_back(*std::exchange(asking.granted, nullptr), true, now);
  };
  for (int i = 0; i < state.range(0); ++i) lease(to(i));
  const detail::route here = to(0);
  const allocations::counter counter;
  for (auto _ : state) lease(here);
  counter.report(state);
}
BENCHMARK(pool_lease)->Arg(1)->Arg(1000);

/// Two texts at a time, as a request and its response have them: from the heap, and from what
/// earlier ones left.
template <class Text>
void texts(benchmark::State& state) {
  const allocations::counter counter;
  for (auto _ : state) {
    Text sent, received;
    sent.reserve(240);
    received.reserve(300);
    benchmark::DoNotOptimize(sent.data());
    benchmark::DoNotOptimize(received.data());
  }
  counter.report(state);
}
BENCHMARK(texts<std::string>);
BENCHMARK(texts<recycled<std::string>>);

/// A connection's buffer for records, given back and taken again.
template <bool Recycled>
void record_buffer(benchmark::State& state) {
  constexpr std::size_t size = 32 * 1024;
  const allocations::counter counter;
  for (auto _ : state) {
    void* block = Recycled ? recycler::allocate(size) : ::operator new(size);
    benchmark::DoNotOptimize(block);
    Recycled ? recycler::deallocate(block, size) : ::operator delete(block);
  }
  counter.report(state);
}
BENCHMARK(record_buffer<false>);
BENCHMARK(record_buffer<true>);

}  // namespace

BENCHMARK_MAIN();
