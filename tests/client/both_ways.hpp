// What the tests of requests share whose answer comes while their content is sent.
#pragma once

#include "client/support.hpp"

#include <cohttps/client/content.hpp>
#include <cohttps/transport/sleep.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <stdexcept>
#include <string>
#include <utility>

namespace cohttps::testing {

inline std::string both_ways_text(std::size_t size) {
  std::string s(size, '\0');
  for (std::size_t i = 0; i < size; ++i) s[i] = static_cast<char>('a' + (i / 7 + i * 3) % 26);
  return s;
}

/// Gives `pieces` pieces of 40,000 bytes, each after a turn of the loop.
inline content in_pieces(memory_network& network, std::size_t pieces) {
  return content::generated([&network, i = std::size_t{0}, pieces]() mutable -> task<std::string> {
    co_await sleep_for(network.transport(), std::chrono::milliseconds(1));
    co_return i++ == pieces ? std::string() : std::string(40'000, 'x');
  });
}

/// A network whose host sends the content of each request back as it comes, and the client's
/// options for it. It reads no more than it can send.
struct echoing_network {
  memory_network& network;
  std::function<client_options()> options;
};

inline void check_echoes(const echoing_network& at) {
  const std::string all = both_ways_text(3'000'000);
  auto work = [&]() -> task<void> {
    client c(at.network.transport(), at.options());
    auto whole = co_await c.post("http://host/", content::borrowed(all));
    CHECK((whole.content() == all));
    auto made = co_await c.post("http://host/", in_pieces(at.network, 60));
    CHECK(made.content().size() == 60 * 40'000);
    // The connection was in order each time.
    CHECK(made.on_reused_connection());
    auto stream = co_await c.stream(method::post, "http://host/", content::borrowed(all));
    std::string got;
    while (true) {
      const auto part = co_await stream.read();
      if (part.empty()) break;
      got.append(reinterpret_cast<const char*>(part.data()), part.size());
      co_await sleep_for(at.network.transport(), std::chrono::microseconds(100));
    }
    CHECK((got == all));
    CHECK(stream.complete());
  };
  const auto begun = at.network.loop().now();
  at.network.run(work());
  CHECK(at.network.loop().now() - begun < std::chrono::seconds(20));  // nothing waited for a limit
  at.network.run_servers();
  CHECK(at.network.open_streams == 0);
}

/// Each piece is made of the answer to the one before it.
inline void check_a_conversation(const echoing_network& at) {
  auto work = [&]() -> task<void> {
    client c(at.network.transport(), at.options());
    std::string next = "0";
    auto made = content::generated([&]() -> task<std::string> {
      while (next.empty()) co_await sleep_for(at.network.transport(), std::chrono::seconds(40));
      co_return next == "end" ? std::string() : std::exchange(next, {});
    });
    auto stream = co_await c.stream(method::post, "http://host/", std::move(made));
    std::string all;
    while (true) {
      const auto part = co_await stream.read();
      if (part.empty()) break;
      all.append(reinterpret_cast<const char*>(part.data()), part.size());
      next = all.size() == 5 ? "end" : std::to_string(all.size());
    }
    CHECK(all == "01234");
  };
  at.network.run(work());
}

/// The source fails after the head of the answer has come.
inline void check_failing_sources(const echoing_network& at) {
  auto work = [&]() -> task<void> {
    client c(at.network.transport(), at.options());
    int given = 0;
    auto throws = content::generated([&]() -> task<std::string> {
      co_await sleep_for(at.network.transport(), std::chrono::milliseconds(1));
      if (++given == 3) throw std::runtime_error("no more");
      co_return "piece";
    });
    auto stream = co_await c.stream(method::post, "http://host/", std::move(throws));
    std::string thrown;
    try {
      while (true) (void)co_await stream.read();
    } catch (const std::exception& e) {
      thrown = e.what();
    }
    CHECK(thrown == "no more");

    auto short_of = content::generated(
        [&, n = 0]() mutable -> task<std::string> {
          co_await sleep_for(at.network.transport(), std::chrono::milliseconds(1));
          co_return n++ < 2 ? "piece" : "";
        },
        100);
    auto r = co_await c.try_send(method::post, "http://host/", std::move(short_of));
    REQUIRE_FALSE(r);
    CHECK(r.error().category() == error_category::usage);
    CHECK(r.error().reason() == "content_length_mismatch");
    CHECK(r.error().phase() == phase::send);
    CHECK(c.statistics().active == 0);
  };
  at.network.run(work());
  at.network.run_servers();
  CHECK(at.network.open_streams == 0);
}

/// A stream that is destroyed while content goes out, in `next` and in a write.
inline void check_destroyed_streams(const echoing_network& at) {
  auto work = [&]() -> task<void> {
    client c(at.network.transport(), at.options());
    for (int reads : {0, 1, 5}) {
      auto stream = co_await c.stream(method::post, "http://host/", in_pieces(at.network, 100));
      for (int i = 0; i < reads; ++i) (void)co_await stream.read();
    }
    {
      auto stream =
          co_await c.stream(method::post, "http://host/", content(both_ways_text(4'000'000)));
      (void)co_await stream.read();
    }
    CHECK(c.statistics().active == 0);
    auto after_all = co_await c.post("http://host/", content(std::string("fine")));
    CHECK(after_all.text() == "fine");
  };
  at.network.run(work());
  at.network.run_servers();
  CHECK(at.network.open_streams == 0);
}

inline void check_progress_both_ways(const echoing_network& at) {
  auto work = [&]() -> task<void> {
    client c(at.network.transport(), at.options());
    progress last;
    std::size_t in_the_middle = 0;
    auto r = co_await c.post("http://host/", content(both_ways_text(3'000'000)),
                             {.on_progress = [&](const progress& p) {
                               last = p;
                               in_the_middle += p.received != 0 && p.sent != 3'000'000;
                             }});
    CHECK(r.content().size() == 3'000'000);
    CHECK(last.sent == 3'000'000);
    CHECK(last.received == 3'000'000);
    CHECK(in_the_middle > 0);
  };
  at.network.run(work());
}

/// A peer that stops taking and giving is not waited for longer than the limit, which is named.
/// `at` answers with a head and then does nothing.
inline void check_limit_both_ways(const echoing_network& at) {
  auto work = [&]() -> task<void> {
    client c(at.network.transport(), at.options());
    const auto begun = at.network.loop().now();
    auto r = co_await c.try_send(method::post, "http://host/", content(both_ways_text(3'000'000)));
    REQUIRE_FALSE(r);
    CHECK(r.error().category() == error_category::timeout);
    CHECK(r.error().phase() == phase::send);
    CHECK(at.network.loop().now() - begun == std::chrono::seconds(30));
  };
  at.network.run(work());
}

}  // namespace cohttps::testing
