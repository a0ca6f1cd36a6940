#include <cohttps/task/when_all.hpp>
#include <cohttps/testing/memory_network.hpp>
#include <cohttps/transport/sleep.hpp>

#include <catch2/catch_test_macros.hpp>

#include <memory>
#include <string>
#include <thread>
#include <utility>

using namespace cohttps;
using namespace std::chrono_literals;
using testing::fault_plan;
using testing::memory_network;
using testing::memory_stream;

namespace {

std::span<const std::byte> bytes(std::string_view s) { return std::as_bytes(std::span(s)); }

/// Sends back what it gets.
task<void> echo(memory_stream s) {
  std::byte block[100];
  while (true) {
    auto got = co_await s.read_some(block, {});
    if (!got || *got == 0) co_return;
    auto rest = std::span<const std::byte>(block).first(*got);
    while (!rest.empty()) {
      auto taken = co_await s.write_some(rest, {});
      if (!taken) co_return;
      rest = rest.subspan(*taken);
    }
  }
}

task<result<memory_stream>> dial(memory_network& net) {
  auto t = net.transport();
  auto addresses = co_await t.resolve("host", 80, {});
  if (!addresses) co_return pass(std::move(addresses));
  co_return co_await t.connect(addresses->front(), {});
}

}  // namespace

TEST_CASE("bytes come back in order through reads of any size and a narrow pipe") {
  for (const std::size_t limit : {1u, 5u, 13u, 64u, 1024u, 16384u}) {
    memory_network net;
    net.read_limit = limit;
    net.capacity = 50;
    net.listen("host", 80, echo);
    std::string sent, back;
    auto talk = [&]() -> task<void> {
      auto s = co_await dial(net);
      auto write = [&]() -> task<void> {
        for (int i = 0; i < 200; ++i) {
          const std::string piece(static_cast<std::size_t>(i % 40),
                                  static_cast<char>('a' + i % 26));
          for (auto rest = bytes(piece); !rest.empty();) {
            auto taken = co_await s->write_some(rest, {});
            rest = rest.subspan(taken.value());
          }
          sent += piece;
        }
      };
      auto read = [&]() -> task<void> {
        while (back.size() < 200 / 40 * (39 * 40 / 2)) {
          std::byte in[7];
          auto got = co_await s->read_some(in, {});
          back.append(reinterpret_cast<const char*>(in), got.value());
        }
      };
      co_await when_all(write(), read());
    };
    net.run(talk());
    CHECK(back == sent);
    CHECK(net.open_streams == 0);
  }
}

TEST_CASE("a closed end is the end of the stream for the other, and breaks its writes") {
  memory_network net;
  net.listen("host", 80,
             [](memory_stream s) -> task<void> { (void)co_await s.write_some(bytes("bye"), {}); });
  auto talk = [&]() -> task<void> {
    auto s = co_await dial(net);
    co_await sleep_for(net.transport(), 1s);
    CHECK_FALSE(s->idle());
    std::byte in[10];
    auto first = co_await s->read_some(in, {});
    if (!first) FAIL(first.error().what());
    CHECK(*first == 3);
    auto last = co_await s->read_some(in, {});
    CHECK(last.value() == 0);
    auto broken = co_await s->write_some(bytes("x"), {});
    REQUIRE_FALSE(broken);
    CHECK(broken.error().category() == error_category::peer_closed);
  };
  net.run(talk());
}

TEST_CASE("a stop ends a read that waits, in the next turn of the loop") {
  memory_network net;
  net.listen("host", 80, [](memory_stream s) -> task<void> {
    std::byte in[1];
    (void)co_await s.read_some(in, {});
  });
  auto talk = [&]() -> task<void> {
    auto s = co_await dial(net);
    stop_source stop;
    std::byte in[1];
    auto reader = [&]() -> task<void> {
      auto got = co_await s->read_some(in, stop);
      REQUIRE_FALSE(got);
      CHECK(got.error().category() == error_category::canceled);
    };
    auto stopper = [&]() -> task<void> {
      co_await sleep_for(net.transport(), 1s);
      stop.request_stop();
    };
    const auto started = net.loop().now();
    co_await when_all(reader(), stopper());
    CHECK(net.loop().now() - started == 1s);
  };
  net.run(talk());
}

TEST_CASE("each operation can be made to fail or to be stopped") {
  for (auto kind : {fault_plan::kind::fail, fault_plan::kind::stop}) {
    for (std::size_t nth = 0; nth < 4; ++nth) {
      memory_network net;
      net.listen("host", 80, echo);
      stop_source stop;
      net.faults = {kind, nth, &stop};
      auto talk = [&]() -> task<std::size_t> {
        auto t = net.transport();
        auto addresses = co_await t.resolve("host", 80, stop);
        if (!addresses) co_return 0;
        auto s = co_await t.connect(addresses->front(), stop);
        if (!s) co_return 1;
        if (!co_await s->write_some(bytes("x"), stop)) co_return 2;
        std::byte in[1];
        if (!co_await s->read_some(in, stop)) co_return 3;
        co_return 4;
      };
      CHECK(net.run(talk()) == nth);
      CHECK(net.open_streams == 0);
    }
  }
}

TEST_CASE("a frame that is destroyed while it waits leaves nothing behind") {
  memory_network net;
  net.listen("host", 80, echo);
  auto wait = [&]() -> task<void> {
    auto s = co_await dial(net);
    std::byte in[1];
    (void)co_await s->read_some(in, {});
  };
  {
    auto root = testing::detail::keep(wait());
    for (int i = 0; i < 10; ++i) net.loop().run_one();
    CHECK(net.open_streams == 1);
  }
  CHECK(net.open_streams == 0);
  net.run_servers();
}

TEST_CASE("waiting for what cannot happen is an error, not a hang") {
  memory_network net;
  net.listen("host", 80, [](memory_stream s) -> task<void> {
    std::byte in[1];
    (void)co_await s.read_some(in, {});
  });
  auto wait = [&]() -> task<void> {
    auto s = co_await dial(net);
    std::byte in[1];
    (void)co_await s->read_some(in, {});
  };
  CHECK_THROWS_AS(net.run(wait()), error);
}

TEST_CASE("what is posted runs in order, soon and never inside the call, from any thread") {
  memory_network net;
  auto t = net.transport();
  std::string log;
  auto work = [&]() -> task<void> {
    t.post([&] {
      log += 'a';
      t.post([&] { log += 'c'; });
      log += 'b';
    });
    CHECK(log.empty());
    std::jthread([&] { t.post([&] { log += 'd'; }); }).join();
    co_await sleep_for(t, 1s);
  };
  net.run(work());
  CHECK(log == "abdc");
}

TEST_CASE("a loop that is destroyed destroys what was posted and scheduled") {
  auto token = std::make_shared<int>();
  struct reposting {  // posts again as it goes
    testing::manual_loop* loop;
    std::shared_ptr<int> held;
    int left;
    reposting(testing::manual_loop* l, std::shared_ptr<int> h, int n)
        : loop(l), held(std::move(h)), left(n) {}
    ~reposting() {
      if (left == 0) return;
      auto next = std::make_shared<reposting>(loop, held, left - 1);
      loop->post([next] {});
    }
  };
  {
    testing::manual_loop loop;
    auto first = std::make_shared<reposting>(&loop, token, 3);
    loop.post([first] { FAIL("called"); });
    loop.schedule(loop.now() + 1h, [token] { FAIL("called"); });
  }
  CHECK(token.use_count() == 1);
}

TEST_CASE("a stop resumes nobody from inside of it") {
  memory_network net;
  net.black_hole("192.0.2.1", 80);
  net.resolve_delay = 1h;
  auto t = net.transport();
  int ended = 0;
  stop_source stop;
  auto look_up = [&]() -> task<void> {
    auto got = co_await t.resolve("host", 80, stop);
    CHECK(got.error().category() == error_category::canceled);
    ++ended;
  };
  auto connect = [&]() -> task<void> {
    endpoint to = *parse_address("192.0.2.1");
    to.port = 80;
    auto got = co_await t.connect(to, stop);
    CHECK(got.error().category() == error_category::canceled);
    ++ended;
  };
  auto stopper = [&]() -> task<void> {
    co_await sleep_for(t, 1s);
    stop.request_stop();
    CHECK(ended == 0);
  };
  const auto started = net.loop().now();
  auto all = [&]() -> task<void> { co_await when_all(look_up(), connect(), stopper()); };
  net.run(all());
  CHECK(ended == 2);
  CHECK(net.loop().now() - started == 1s);
}

TEST_CASE("names have the addresses that they are given, and peers behave as they are told") {
  memory_network net;
  net.name("host", {"2001:db8::1", "192.0.2.1"});
  net.listen("192.0.2.1", 80, echo, 2s);
  net.refuse("2001:db8::1", 80, 3s);
  net.black_hole("192.0.2.9", 80);
  net.listen_unix("/run/echo", echo);
  auto t = net.transport();
  auto talk = [&]() -> task<void> {
    auto found = co_await t.resolve("host", 80, {});
    REQUIRE(found.value().size() == 2);
    CHECK(to_string(found->front()) == "[2001:db8::1]:80");
    auto before = t.now();
    auto refused = co_await t.connect(found->front(), {});
    CHECK(refused.error().reason() == "connection_refused");
    CHECK(t.now() - before == 3s);
    before = t.now();
    auto late = co_await t.connect(found->back(), {});
    CHECK(late);
    CHECK(t.now() - before == 2s);
    before = t.now();
    auto literal = co_await t.resolve("192.0.2.9", 80, {});
    auto nobody = co_await t.connect(literal->front(), {});
    CHECK(nobody.error().reason() == "connect_failed");
    CHECK(t.now() - before == 127s);
    const endpoint path = unix_endpoint("/run/echo");
    auto local = co_await t.connect(path, {});
    CHECK(local);
  };
  net.run(talk());
}

TEST_CASE("what can be written at once is taken, as far as there is room") {
  memory_network net;
  net.capacity = 10;
  std::string got;
  net.listen("host", 80, [&](memory_stream s) -> task<void> {
    std::byte in[100];
    while (true) {
      auto n = co_await s.read_some(in, {});
      if (!n || *n == 0) co_return;
      got.append(reinterpret_cast<const char*>(in), *n);
    }
  });
  auto talk = [&]() -> task<void> {
    auto s = co_await dial(net);
    CHECK(s->try_write(bytes("0123456")) == 7);
    CHECK(s->try_write(bytes("0123456")) == 3);
    CHECK(s->try_write(bytes("0123456")) == 0);
    co_await sleep_for(net.transport(), 1s);
    CHECK(s->try_write(bytes("bye")) == 3);
    s->close();
    CHECK(s->try_write(bytes("x")) == 0);
    co_await sleep_for(net.transport(), 1s);
  };
  net.run(talk());
  CHECK(got == "0123456012bye");
}
