// Parts of a client that every request passes: the cookie jar and the pool's decisions.
#include "allocations.hpp"

#include <cohttps/core/recycled.hpp>
#include <cohttps/core/recycler.hpp>
#include <cohttps/http/cookie/cookie_jar.hpp>
#include <cohttps/pool/policy.hpp>

#include <benchmark/benchmark.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>

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
