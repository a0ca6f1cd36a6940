// A client whose local address changes migrates its connections (RFC 9000, 9).
#include "client/support.hpp"
#include "http3/http3_site.hpp"

#include <cohttps/task/when_all.hpp>
#include <cohttps/transport/sleep.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <chrono>
#include <string>

using namespace cohttps;
using namespace cohttps::testing;
using namespace std::chrono_literals;

namespace {

const std::string address = "https://example.com/";

/// A machine that can lose its address.
struct moving_site : http3_site {
  moving_site() { network.datagrams.delay = 5ms; }
  void move_to(std::string_view text) { network.datagrams.local = *parse_address(text); }
};

}  // namespace

TEST_CASE("a download goes on when the local address changes", "[http3]") {
  const bool refuses = GENERATE(false, true);
  CAPTURE(refuses);
  moving_site site;
  site.network.datagrams.refuse_lost = refuses;
  const std::string content(3'000'000, 'x');
  site.answer = [&](auto& to, std::int64_t id, const std::string&) {
    to.send(id, head({{":status", "200"}}) + data_frame(content), true);
  };
  site.network.run([](moving_site& s, const std::string& expected) -> task<void> {
    client c(s.network.transport(), s.options());
    auto stream = co_await c.stream(method::get, address);
    std::string all;
    std::vector<std::byte> in(50'000);
    bool moved = false;
    auto started = s.network.loop().now();
    while (true) {
      const auto count = co_await stream.read_some(in);
      if (count == 0) break;
      all.append(reinterpret_cast<const char*>(in.data()), count);
      if (!moved && all.size() > 500'000) {
        moved = true;
        s.move_to("10.0.0.2");
        started = s.network.loop().now();
      }
    }
    CHECK(all == expected);
    CHECK(s.network.loop().now() - started < 4s);
    auto next = co_await c.get(address);
    CHECK(next.on_reused_connection());
  }(site, content));
  CHECK(site.connections == 1);
  CHECK(site.last->paths() == 2);
}

TEST_CASE("an upload goes on when the local address changes, more than once", "[http3]") {
  moving_site site;
  std::string received;
  site.answer = [&](auto& to, std::int64_t id, const std::string& all) {
    received = read_frames(all).content;
    to.send(id, head({{":status", "200"}}) + data_frame("done"), true);
  };
  const std::string content(2'000'000, 'y');
  site.network.run([](moving_site& s, const std::string& sent) -> task<void> {
    client c(s.network.transport(), s.options());
    const auto upload = [&]() -> task<void> {
      auto r = co_await c.post(address, sent);
      CHECK(r.text() == "done");
    };
    const auto move = [&]() -> task<void> {
      for (const auto* next : {"10.0.0.2", "10.0.0.3", "10.0.0.1"}) {
        co_await sleep_for(c.transport(), 60ms);
        s.move_to(next);
        co_await sleep_for(c.transport(), 1500ms);
      }
    };
    co_await when_all(upload(), move());
  }(site, content));
  CHECK(received == content);
  CHECK(site.connections == 1);
}

TEST_CASE("an idle connection is used from the new address", "[http3]") {
  moving_site site;
  site.network.run([](moving_site& s) -> task<void> {
    client c(s.network.transport(), s.options());
    for (const auto* next : {"10.0.0.2", "10.0.0.3"}) {
      (void)co_await c.get(address);
      s.move_to(next);
      co_await sleep_for(c.transport(), 5s);
    }
    const auto started = s.network.loop().now();
    auto r = co_await c.get(address);
    CHECK(r.text() == "hello");
    CHECK(r.on_reused_connection());
    CHECK(s.network.loop().now() - started < 4s);
  }(site));
  CHECK(site.connections == 1);
  CHECK(site.last->paths() == 3);
}

TEST_CASE("a silent network leads to no migration while the address is there", "[http3]") {
  moving_site site;
  std::size_t sockets = 0;
  site.network.on_connect = [&](const endpoint&, const socket_options&) { ++sockets; };
  site.network.run([](moving_site& s) -> task<void> {
    client c(s.network.transport(), s.options());
    (void)co_await c.get(address);
    bool deaf = true;
    s.network.datagrams.on_send = [&](bool, std::span<std::byte>) { return !deaf; };
    const auto ask = [&]() -> task<void> {
      auto r = co_await c.get(address);
      CHECK(r.text() == "hello");
      CHECK(r.on_reused_connection());
    };
    const auto end = [&]() -> task<void> {
      co_await sleep_for(c.transport(), 3500ms);
      deaf = false;
    };
    co_await when_all(ask(), end());
    s.network.datagrams.on_send = {};
  }(site));
  CHECK(site.last->paths() == 1);
  CHECK(sockets >= 1 + 3);  // after 250 ms, 750 ms, 1,750 ms
  CHECK(sockets <= 1 + 8);
}

TEST_CASE("a server that forbids migration gets none, and the request ends in time", "[http3]") {
  moving_site site;
  site.script.parameters = [](std::vector<std::uint8_t> ours) {
    ours.insert(ours.end(), {0x0c, 0x00});  // disable_active_migration
    return std::optional(std::move(ours));
  };
  site.network.run([](moving_site& s) -> task<void> {
    client c(s.network.transport(), s.options());
    (void)co_await c.get(address);
    s.move_to("10.0.0.2");
    // The request is sent again over a new connection.
    auto r = co_await c.try_get(address, {.timeout = 120s});
    if (!r) CHECK(r.error().reason() == "peer_unresponsive");
    auto next = co_await c.get(address);
    CHECK(next.text() == "hello");
  }(site));
  CHECK(site.connections == 2);
}

TEST_CASE("a stop at any time of a migration ends the request, and the next one works", "[http3]") {
  for (const bool refuses : {false, true})
    for (auto time = 1ms; time < 1400ms; time += 23ms) {
      CAPTURE(refuses, time.count());
      moving_site site;
      site.network.datagrams.refuse_lost = refuses;
      site.network.run([](moving_site& s, std::chrono::nanoseconds limit) -> task<void> {
        client c(s.network.transport(), s.options());
        (void)co_await c.get(address);
        s.move_to("10.0.0.2");
        auto stopped = co_await c.try_get(address, {.timeout = limit});
        if (!stopped) CHECK(stopped.error().category() == error_category::timeout);
        auto next = co_await c.get(address);
        CHECK(next.text() == "hello");
      }(site, time));
    }
}

TEST_CASE("loss, disorder and damage during a migration lose no byte", "[http3]") {
  const std::string content(600'000, 'z');
  for (unsigned seed = 1; seed <= 12; ++seed) {
    CAPTURE(seed);
    moving_site site;
    site.network.datagrams.random.seed(seed);
    site.network.datagrams.loss = 0.05;
    site.network.datagrams.corruption = 0.02;
    site.network.datagrams.copies = 0.05;
    site.network.datagrams.jitter = 8ms;
    site.answer = [&](auto& to, std::int64_t id, const std::string&) {
      to.send(id, head({{":status", "200"}}) + data_frame(content), true);
    };
    site.network.run([](moving_site& s, const std::string& expected) -> task<void> {
      client c(s.network.transport(), s.options());
      (void)co_await c.get(address);  // there is no migration before the handshake is confirmed
      const auto fetch = [&]() -> task<void> {
        auto r = co_await c.get(address);
        CHECK(r.text() == expected);
      };
      const auto move = [&]() -> task<void> {
        for (const auto* next : {"10.0.0.2", "10.0.0.3"}) {
          co_await sleep_for(c.transport(), 150ms);
          s.move_to(next);
          co_await sleep_for(c.transport(), 1300ms);
        }
      };
      co_await when_all(fetch(), move());
    }(site, content));
    CHECK(site.connections == 1);
  }
}
