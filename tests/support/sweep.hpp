// Runs a scenario under every read size, and with every operation failing in turn.
#pragma once

#include <cohttps/core/stop.hpp>
#include <cohttps/testing/memory_network.hpp>

#include <catch2/catch_test_macros.hpp>

#include <cstddef>
#include <optional>

namespace cohttps::testing {

/// Calls `body(network)` with a new network for each read size.
template <class Body>
void for_each_read_size(Body body) {
  for (const std::size_t size : {1u, 5u, 13u, 64u, 1024u, 16384u}) {
    CAPTURE(size);
    memory_network network;
    network.read_limit = size;
    body(network);
  }
}

/// Calls `body(network, stop)` once undisturbed, which has to succeed, then once for each operation
/// that this took, twice: with the operation failing, and with a stop asked for during it. `body`
/// gives a `result`; what it holds of the network it has closed when it returns.
template <class Body>
void for_each_fault(Body body) {
  std::size_t operations = 0;
  {
    memory_network network;
    stop_source stop;
    auto outcome = body(network, stop);
    if (!outcome) FAIL(outcome.error().what());
    operations = network.faults.seen;
    REQUIRE(operations > 0);
    CHECK(network.open_streams == 0);
  }
  for (auto kind : {fault_plan::kind::fail, fault_plan::kind::stop}) {
    for (std::size_t nth = 0; nth < operations; ++nth) {
      CAPTURE(kind, nth);
      memory_network network;
      stop_source stop;
      network.faults = {kind, nth, &stop};
      auto outcome = body(network, stop);
      CHECK(network.open_streams == 0);
      if (kind == fault_plan::kind::stop && !outcome)
        CHECK(outcome.error().category() == error_category::canceled);
    }
  }
}

}  // namespace cohttps::testing
