// The column of heap allocations. Include it in one source file of a program.
#pragma once

#include "../tests/support/allocations.hpp"

#include <benchmark/benchmark.h>

#include <cstdint>

namespace allocations {

/// From construction to `report`, over the iterations of a benchmark:
/// ```
///   allocations::counter counter;
///   for (auto _ : state) ...
///   counter.report(state);   // adds the column "allocs"
/// ```
class counter {
 public:
  void report(benchmark::State& state) const {
    state.counters["allocs"] = benchmark::Counter(static_cast<double>(count() - before_),
                                                  benchmark::Counter::kAvgIterations);
  }

 private:
  std::uint64_t before_ = count();
};

}  // namespace allocations
