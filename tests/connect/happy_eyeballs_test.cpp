#include <cohttps/connect/happy_eyeballs.hpp>
#include <cohttps/testing/memory_network.hpp>
#include <cohttps/transport/sleep.hpp>

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <utility>
#include <vector>

using namespace cohttps;
using namespace std::chrono_literals;
using testing::memory_network;
using testing::memory_stream;
using testing::memory_transport;

namespace {

task<void> wait_for_end(memory_stream s) {
  std::byte in[1];
  (void)co_await s.read_some(in, {});
}

std::vector<endpoint> addresses(std::initializer_list<std::string_view> texts) {
  std::vector<endpoint> all;
  for (const auto text : texts) {
    all.push_back(parse_address(text).value());
    all.back().port = 443;
  }
  return all;
}

std::string join(const std::vector<endpoint>& all) {
  std::string out;
  for (const endpoint& e : all) out += (out.empty() ? "" : " ") + address_text(e);
  return out;
}

/// What came of a race, and when, from its begin on.
struct outcome {
  std::string winner;  // or the error's message
  std::vector<error::attempt> attempts;
  std::chrono::nanoseconds took{};
  std::vector<std::pair<std::chrono::nanoseconds, std::string>> begun;
};

outcome race(memory_network& network, std::vector<endpoint> to,
             std::chrono::nanoseconds delay = 250ms) {
  outcome o;
  const time_point start = network.loop().now();
  network.on_connect = [&](const endpoint& e, const socket_options&) {
    o.begun.emplace_back(network.loop().now() - start, address_text(e));
  };
  const socket_options how;
  auto run = [&]() -> task<void> {
    detail::connect_race r(network.transport(), to, how, delay);
    auto stream = co_await r.run({});
    o.took = network.loop().now() - start;
    CHECK(network.open_streams == (stream ? 1 : 0));
    if (stream) {
      o.winner = address_text(r.winner());
    } else {
      o.winner = stream.error().message();
      o.attempts = stream.error().attempts();
    }
  };
  network.run(run());
  CHECK(network.open_streams == 0);
  network.on_connect = nullptr;
  return o;
}

}  // namespace

TEST_CASE("families take turns, beginning with the first address's") {
  CHECK(join(detail::interleave({})).empty());
  CHECK(join(detail::interleave(addresses({"1.1.1.1"}))) == "1.1.1.1");
  CHECK(join(detail::interleave(addresses({"::1", "::2", "::3", "1.1.1.1", "2.2.2.2"}))) ==
        "::1 1.1.1.1 ::2 2.2.2.2 ::3");
  CHECK(join(detail::interleave(addresses({"1.1.1.1", "2.2.2.2", "::1"}))) ==
        "1.1.1.1 ::1 2.2.2.2");
  CHECK(join(detail::interleave(addresses({"1.1.1.1", "::1", "2.2.2.2", "::2"}))) ==
        "1.1.1.1 ::1 2.2.2.2 ::2");
  CHECK(join(detail::interleave(addresses({"1.1.1.1", "2.2.2.2"}))) == "1.1.1.1 2.2.2.2");
}

TEST_CASE("a first address that answers in time is the only one tried") {
  memory_network network;
  network.listen("2001:db8::1", 443, wait_for_end, 200ms);
  network.listen("192.0.2.1", 443, wait_for_end);
  const outcome o = race(network, addresses({"2001:db8::1", "192.0.2.1"}));
  CHECK(o.winner == "2001:db8::1");
  CHECK(o.took == 200ms);
  CHECK(o.begun.size() == 1);
}

TEST_CASE("a dead first address costs exactly the delay") {
  for (const auto delay : {10ms, 250ms, 1000ms}) {
    memory_network network;
    network.black_hole("2001:db8::1", 443);
    network.listen("192.0.2.1", 443, wait_for_end);
    const outcome o = race(network, addresses({"2001:db8::1", "192.0.2.1"}), delay);
    CHECK(o.winner == "192.0.2.1");
    CHECK(o.took == delay);
  }
}

TEST_CASE("the delay is 10 ms at least") {
  memory_network network;
  network.black_hole("192.0.2.1", 443);
  network.listen("192.0.2.2", 443, wait_for_end);
  CHECK(race(network, addresses({"192.0.2.1", "192.0.2.2"}), 0ms).took == 10ms);
}

TEST_CASE("a refusal brings on the next attempt at once, and the delay counts from there") {
  memory_network network;
  network.refuse("192.0.2.1", 443, 30ms);
  network.black_hole("192.0.2.2", 443);
  network.black_hole("192.0.2.3", 443);
  network.listen("192.0.2.4", 443, wait_for_end, 100ms);
  const outcome o = race(network, addresses({"192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"}));
  CHECK(o.winner == "192.0.2.4");
  REQUIRE(o.begun.size() == 4);
  CHECK(o.begun[0].first == 0ms);
  CHECK(o.begun[1].first == 30ms);
  CHECK(o.begun[2].first == 280ms);
  CHECK(o.begun[3].first == 530ms);
  CHECK(o.took == 630ms);
}

TEST_CASE("an early attempt may still win, and a late refusal brings on nothing") {
  memory_network network;
  network.listen("192.0.2.1", 443, wait_for_end, 600ms);
  network.refuse("192.0.2.2", 443, 100ms);
  network.black_hole("192.0.2.3", 443);
  network.black_hole("192.0.2.4", 443);
  const outcome o = race(network, addresses({"192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"}));
  CHECK(o.winner == "192.0.2.1");
  CHECK(o.took == 600ms);
  REQUIRE(o.begun.size() == 3);  // the fourth, due at 600 ms, is not needed any more
  CHECK(o.begun[2].first == 350ms);
}

TEST_CASE("of two that connect in the same moment one wins and the other is closed") {
  memory_network network;
  network.listen("192.0.2.1", 443, wait_for_end, 300ms);
  network.listen("192.0.2.2", 443, wait_for_end, 50ms);
  const outcome o = race(network, addresses({"192.0.2.1", "192.0.2.2"}));
  CHECK(o.winner == "192.0.2.1");
  CHECK(o.took == 300ms);
}

TEST_CASE("when all fail the error has what came of each") {
  memory_network network;
  network.refuse("192.0.2.1", 443, 10ms);
  network.black_hole("2001:db8::1", 443);
  const outcome o = race(network, addresses({"192.0.2.1", "2001:db8::1", "192.0.2.2"}));
  CHECK(o.winner.starts_with("none of the host's 3 addresses accepted a connection"));
  REQUIRE(o.attempts.size() == 3);
  CHECK(o.attempts[0].endpoint == "192.0.2.1:443");
  CHECK(o.attempts[0].message.find("Connection refused") != std::string::npos);
  CHECK(o.attempts[1].endpoint == "[2001:db8::1]:443");
  CHECK(o.attempts[1].message.find("Connection timed out") != std::string::npos);
  CHECK(o.attempts[2].message.find("Connection refused") != std::string::npos);
}

TEST_CASE("16 addresses are tried; the others are named") {
  memory_network network;
  std::vector<endpoint> many;
  for (int i = 1; i <= 20; ++i)
    many.push_back(parse_address("192.0.2." + std::to_string(i)).value());
  const outcome o = race(network, many);
  CHECK(o.begun.size() == detail::max_raced_addresses);
  REQUIRE(o.attempts.size() == 20);
  CHECK(o.attempts[15].message.find("refused") != std::string::npos);
  CHECK(o.attempts[16].message == "not tried");
  CHECK(o.attempts[19].endpoint == "192.0.2.20:0");
}

TEST_CASE("a race that is destroyed while it runs leaves nothing behind") {
  for (int turns = 0; turns < 12; ++turns) {
    memory_network network;
    network.listen("192.0.2.1", 443, wait_for_end, 900ms);
    network.refuse("192.0.2.2", 443, 20ms);
    network.listen("192.0.2.3", 443, wait_for_end, 500ms);
    const socket_options how;
    auto run = [&]() -> task<void> {
      detail::connect_race r(network.transport(),
                             addresses({"192.0.2.1", "192.0.2.2", "192.0.2.3"}), how, 250ms);
      auto stream = co_await r.run({});
      co_await sleep_for(network.transport(), 1h);
    };
    {
      auto root = testing::detail::keep(run());
      for (int i = 0; i < turns; ++i) network.loop().run_one();
    }
    CHECK(network.open_streams == 0);
    network.run_servers();
  }
}
