// One GET over the network in memory, on a kept connection: what the client itself costs.
//
// The scripted side answers without parsing, and its share is measured alone (`bare_exchange`).
#include "allocations.hpp"

#include <cohttps/client.hpp>
#include <cohttps/task/when_all.hpp>
#include <cohttps/testing/memory_network.hpp>

#include <benchmark/benchmark.h>

#include <string>

using namespace cohttps;

namespace {

using testing::memory_network;
using testing::memory_stream;

/// Answers each read with one response, as if every read were one request.
memory_network::server answering(std::string response) {
  return [response](memory_stream s) -> task<void> {
    std::vector<std::byte> in(16 * 1024);
    while (true) {
      auto got = co_await s.read_some(in, {});
      if (!got || *got == 0) co_return;
      for (auto rest = std::as_bytes(std::span(response)); !rest.empty();) {
        auto taken = co_await s.write_some(rest, {});
        if (!taken) co_return;
        rest = rest.subspan(*taken);
      }
    }
  };
}

std::string response_of(std::size_t size) {
  return "HTTP/1.1 200 OK\r\nServer: nginx\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
         "Content-Type: text/plain\r\nContent-Length: " +
         std::to_string(size) + "\r\nConnection: keep-alive\r\n\r\n" + std::string(size, 'x');
}

void get(benchmark::State& state) {
  memory_network network;
  network.capacity = 1024 * 1024;
  const auto size = static_cast<std::size_t>(state.range(0));
  network.listen("host", 80, answering(response_of(size)));
  auto work = [&]() -> task<void> {
    client client(network.transport(), {.allow_plaintext = true});
    auto warm = co_await client.get("http://host/");
    const allocations::counter counter;
    for (auto _ : state) {
      auto response = co_await client.get("http://host/");
      benchmark::DoNotOptimize(response.text().data());
    }
    counter.report(state);
  };
  network.run(work());
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(get)->Arg(0)->Arg(1024)->Arg(64 * 1024);

/// The same bytes over the same network without a client.
void bare_exchange(benchmark::State& state) {
  memory_network network;
  network.capacity = 1024 * 1024;
  const auto size = static_cast<std::size_t>(state.range(0));
  const std::string answer = response_of(size);
  network.listen("host", 80, answering(answer));
  auto work = [&]() -> task<void> {
    auto transport = network.transport();
    auto addresses = co_await transport.resolve("host", 80, {});
    auto stream = co_await transport.connect(addresses->front(), {});
    const std::string request = "GET / HTTP/1.1\r\nHost: host\r\n\r\n";
    std::vector<std::byte> in(16 * 1024);
    const allocations::counter counter;
    for (auto _ : state) {
      auto sent = co_await stream->write_some(std::as_bytes(std::span(request)), {});
      benchmark::DoNotOptimize(sent);
      for (std::size_t read = 0; read < answer.size();) {
        auto got = co_await stream->read_some(in, {});
        read += *got;
      }
    }
    counter.report(state);
  };
  network.run(work());
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(bare_exchange)->Arg(0)->Arg(1024)->Arg(64 * 1024);

task<int> ready() { co_return 1; }

void task_resume(benchmark::State& state) {
  testing::manual_loop loop;
  auto work = [&]() -> task<void> {
    const allocations::counter counter;
    for (auto _ : state) {
      int value = co_await ready();
      benchmark::DoNotOptimize(value);
    }
    counter.report(state);
  };
  testing::run(loop, work());
}
BENCHMARK(task_resume);

void when_all_of_two(benchmark::State& state) {
  testing::manual_loop loop;
  auto work = [&]() -> task<void> {
    const allocations::counter counter;
    for (auto _ : state) {
      auto both = co_await when_all(ready(), ready());
      benchmark::DoNotOptimize(both);
    }
    counter.report(state);
  };
  testing::run(loop, work());
}
BENCHMARK(when_all_of_two);

}  // namespace

BENCHMARK_MAIN();
