// How often a WebSocket asks for memory, from a message to its echo.
#include "client/support.hpp"
#include "support/allocation_count.hpp"
#include "websocket/echo.hpp"

#include <cohttps/websocket.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <thread>

using namespace cohttps;
using namespace cohttps::testing;

namespace {

/// Allocations of a message and its echo in the steady state, the server's included: it makes none.
std::uint64_t allocations_of_echoes(std::size_t size) {
  memory_network network;
  network.capacity = 1024 * 1024;
  network.listen("host", 80, echo_websocket);
  auto work = [&]() -> task<std::uint64_t> {
    client c(network.transport(), plain());
    auto socket = co_await c.websocket("ws://host/", {.compression = {.enabled = false}});
    const std::string message(size, 'x');
    std::uint64_t before = 0, frames_before = 0;
    for (int i = 0; i < 60; ++i) {
      if (i == 40) before = allocations::count(), frames_before = recycler::allocated();
      co_await socket.send(message);
      auto answer = co_await socket.receive();
      if (!answer || answer->text() != message) FAIL("no echo");
    }
    const std::uint64_t made =
        allocations::count() - before;  // CHECK allocates with some reporters
    CHECK(recycler::allocated() == frames_before);
    co_return made;
  };
  return network.run(work());
}

}  // namespace

TEST_CASE("a message of a WebSocket and its echo allocate nothing in the steady state") {
  if (!recycler::recycles) SKIP("a sanitizer gives every frame memory of its own");
  for (const std::size_t size : {std::size_t{0}, std::size_t{100}, std::size_t{1024}}) {
    CAPTURE(size);
    // A thread of its own has a recycler that other tests have not filled.
    std::uint64_t count = 0;
    std::thread([&] { count = allocations_of_echoes(size); }).join();
    CHECK(count == 0);
  }
}
