// How often a GET over HTTP/2 asks for memory, from the call to the response.
#include "client/support.hpp"
#include "http2/frames.hpp"
#include "support/allocation_count.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

using namespace cohttps;
using namespace cohttps::testing;

namespace {

/// Answers the nth head that comes with the nth of `answers`, and asks for no memory in doing so.
task<void> serve(memory_stream s, const std::vector<std::string>& answers) {
  std::array<std::byte, 4096> in;
  std::size_t have = 0, preface = 24, answered = 0;
  const std::string hello = frames::hello();
  auto sent = co_await s.write_some(std::as_bytes(std::span(hello)), {});
  while (sent) {
    auto got = co_await s.read_some(std::span(in).subspan(have), {});
    if (!got || *got == 0) co_return;
    have += *got;
    std::size_t at = preface;
    while (have >= at + 9) {
      const auto byte = [&](std::size_t i) { return std::to_integer<std::size_t>(in[at + i]); };
      const std::size_t size = 9 + (byte(0) << 16 | byte(1) << 8 | byte(2));
      if (have < at + size) break;
      const bool head = byte(3) == 1;
      at += size;
      if (!head) continue;
      sent = co_await s.write_some(std::as_bytes(std::span(answers[answered++])), {});
    }
    std::copy(in.begin() + static_cast<std::ptrdiff_t>(at),
              in.begin() + static_cast<std::ptrdiff_t>(have), in.begin());
    have -= at;
    preface = 0;
  }
}

}  // namespace

TEST_CASE("a GET over HTTP/2 in the steady state allocates nothing") {
  if (!recycler::recycles) SKIP("a sanitizer gives every frame memory of its own");
  std::vector<std::string> answers;
  for (std::uint32_t id = 1; id < 80; id += 2)
    answers.push_back(
        frames::headers(id, frames::status("200") + frames::line("content-length", "5")) +
        frames::data(id, "hello", frames::end_stream));
  memory_network network;
  network.listen("host", 80, [&](memory_stream s) { return serve(std::move(s), answers); });
  auto work = [&]() -> task<std::uint64_t> {
    client c(network.transport(), {.allow_plaintext = true, .versions = http_versions::http_2});
    std::uint64_t before = 0, frames_before = 0;
    for (int i = 0; i < 30; ++i) {
      if (i == 20) before = allocations::count(), frames_before = recycler::allocated();
      auto r = co_await c.get("http://host/");
      if (r.content() != "hello") FAIL(r.content());
    }
    CHECK(recycler::allocated() == frames_before);
    co_return allocations::count() - before;
  };
  const auto each = network.run(work());
  CHECK(each == 0);
}
