// How often a request over a session that is used for long asks for memory.
#include "http2/frames.hpp"
#include "support/allocations.hpp"

#include <cohttps/http2/session.hpp>

#include <catch2/catch_test_macros.hpp>

#include <cstdint>
#include <string>
#include <vector>

using namespace cohttps;
using namespace cohttps::testing;

namespace {

std::span<const std::byte> bytes_of(std::string_view s) { return std::as_bytes(std::span(s)); }

/// One after another, each answered by the same head and content.
struct requests {
  http2::session client;
  fields headers{{"host", "example.com"}, {"accept", "*/*"}, {"user-agent", "x"}};
  std::vector<std::string> answers;
  std::size_t at = 0;

  explicit requests(std::size_t count) {
    REQUIRE(client.receive(bytes_of(frames::hello()), {}).has_value());
    const std::string head = frames::status("200") + frames::line("server", "nginx") +
                             frames::line("content-type", "text/html") +
                             frames::line("content-length", "5");
    for (std::uint32_t i = 0; i < count; ++i)
      answers.push_back(frames::headers(2 * i + 1, head) +
                        frames::data(2 * i + 1, "hello", frames::end_stream));
  }

  bool one() {
    http2::stream s;
    const http2::request_head head{method::get, "https", "/a", headers, 0};
    if (!client.open(s, head)) return false;
    client.outgoing().clear();
    if (!client.receive(bytes_of(answers[at++]), {})) return false;
    const response_head taken = s.take_head();
    const auto content = s.take_content();
    client.outgoing().clear();
    while (client.next_changed()) continue;
    return s.ended() && content.size() == 5 && taken.headers.size() == 3;
  }
};

}  // namespace

TEST_CASE("a request over a session that is used for long allocates nothing") {
  if (!recycler::recycles) SKIP("a sanitizer gives every block memory of its own");
  requests all(60);
  bool fine = true;
  for (int i = 0; i < 20; ++i) fine = fine && all.one();
  const std::uint64_t before = allocations::count();
  for (int i = 0; i < 40; ++i) fine = fine && all.one();
  const std::uint64_t made = allocations::count() - before;
  CHECK(fine);
  CHECK(made == 0);
}
