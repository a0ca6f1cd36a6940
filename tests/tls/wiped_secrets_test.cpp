// Secrets do not stay in memory that was given back: what the client frees is looked through.
#include "support.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <malloc.h>
#include <new>
#include <optional>
#include <string>
#include <vector>

namespace {

// While `watching`, what is freed is kept, to be looked through once the secret is known.
struct quarantine {
  bool watching = false;
  std::size_t size = 0;
  std::array<void*, 200'000> blocks{};

  void free(void* block) noexcept {
    if (watching && block && size < blocks.size())
      blocks[size++] = block;
    else
      std::free(block);
  }
  // How many blocks hold `secret`; frees all of them.
  std::size_t search(const std::vector<std::uint8_t>& secret) {
    std::size_t found = 0;
    for (std::size_t i = 0; i < size; ++i) {
      const auto* begin = static_cast<const std::uint8_t*>(blocks[i]);
      const auto* end = begin + ::malloc_usable_size(blocks[i]);
      if (std::search(begin, end, secret.begin(), secret.end()) != end) ++found;
    }
    for (std::size_t i = 0; i < size; ++i) std::free(blocks[i]);
    size = 0;
    return found;
  }
};
quarantine freed;

}  // namespace

void* operator new(std::size_t size) {
  if (void* block = std::malloc(size ? size : 1)) return block;
  throw std::bad_alloc();
}
void operator delete(void* block) noexcept { freed.free(block); }
void operator delete(void* block, std::size_t) noexcept { freed.free(block); }

using namespace cohttps;
using namespace cohttps::testing;

namespace {

template <class F>
auto watched(F&& call) {
  freed.watching = true;
  auto result = call();
  freed.watching = false;
  return result;
}

}  // namespace

TEST_CASE("the search finds a secret that is not wiped") {
  const std::vector<std::uint8_t> secret{9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 11, 12, 13, 14, 15, 16};
  watched([&] {
    const auto copy = secret;
    return copy.size();
  });
  CHECK(freed.search(secret) == 1);
  CHECK(freed.search(secret) == 0);
}

TEST_CASE("the keys of a connection are wiped") {
  std::optional<tls_server_peer> server(std::in_place, localhost_certificate());
  buffer incoming;
  std::optional<tls::engine> client(std::in_place, context_trusting(), "localhost", 443,
                                    std::vector<std::string>{"http/1.1"});
  REQUIRE(watched([&] { return client->start(std::chrono::system_clock::now()); }));
  const auto carry = [&] {
    while (!client->outgoing().empty() || !server->outgoing.empty()) {
      server->receive(client->outgoing().data());
      client->outgoing().clear();
      incoming.append(server->outgoing.data());
      server->outgoing.clear();
      const auto got = watched([&] { return client->receive(incoming); });
      REQUIRE(got);
    }
  };
  carry();
  REQUIRE(client->handshake_done());
  for (int i = 0; i < 5; ++i) {
    server->send(std::string(1000, 'x'));
    carry();
  }
  REQUIRE(watched([&] { return client->send(std::as_bytes(std::span("y", 1))); }));
  client->outgoing().clear();
  const auto of_handshake = server->handshake_secret;
  const auto of_data = server->traffic_secret;
  REQUIRE(of_data.size() == 32);
  watched([&] {
    client.reset();
    return true;
  });
  const auto blocks = freed.size;
  CHECK(blocks > 100);
  REQUIRE(blocks < freed.blocks.size());
  // One search frees the blocks, so both are looked for in it.
  std::size_t found = 0;
  for (std::size_t i = 0; i < freed.size; ++i) {
    const auto* begin = static_cast<const std::uint8_t*>(freed.blocks[i]);
    const auto* end = begin + ::malloc_usable_size(freed.blocks[i]);
    if (std::search(begin, end, of_handshake.begin(), of_handshake.end()) != end) ++found;
  }
  CHECK(found == 0);
  CHECK(freed.search(of_data) == 0);
}
