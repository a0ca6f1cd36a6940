// When Asio's loop gets its turn, and when it may end.
#include <cohttps/run.hpp>
#include <cohttps/task/when_all.hpp>
#include <cohttps/transport/asio/transport.hpp>
#include <cohttps/transport/sleep.hpp>

#include <catch2/catch_test_macros.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#if defined(COHTTPS_USE_BOOST_ASIO)
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#else
#include <asio/ip/tcp.hpp>
#include <asio/post.hpp>
#endif

using namespace cohttps;
using namespace std::chrono_literals;

namespace {

void count(void* calls) noexcept { ++*static_cast<int*>(calls); }

/// A stream and the other end of its connection.
struct connected {
  explicit connected(asio::io_context& context)
      : acceptor(context, {asio::ip::make_address("127.0.0.1"), 0}), peer(context) {}
  task<void> connect(asio_transport& over) {
    endpoint to = *parse_address("127.0.0.1");
    to.port = acceptor.local_endpoint().port();
    stream = co_await over.connect(to, {});
    acceptor.accept(peer);
  }
  asio::ip::tcp::acceptor acceptor;
  asio::ip::tcp::socket peer;
  result<asio_stream> stream = fail(error_category::usage, "none", "not connected");
};

}  // namespace

TEST_CASE("asio: a timer that is detached stays set, and keeps no loop alive") {
  asio::io_context context;
  asio_transport over(context);
  auto timer = over.make_timer();
  int calls = 0;

  SECTION("the loop ends at once") {
    asio::post(context, [&] {
      timer.set(over.now() + 1h, count, &calls);
      CHECK(timer.detach());
      CHECK(timer.detach());
    });
    context.run();
    CHECK(calls == 0);
  }
  SECTION("attached again it is waited for") {
    asio::post(context, [&] {
      timer.set(over.now() + 20ms, count, &calls);
      CHECK(timer.detach());
      timer.attach();
      timer.attach();
    });
    context.run();
    CHECK(calls == 1);
  }
  SECTION("it fires while something else keeps the loop") {
    auto other = over.make_timer();
    int others = 0;
    asio::post(context, [&] {
      timer.set(over.now() + 5ms, count, &calls);
      CHECK(timer.detach());
      other.set(over.now() + 50ms, count, &others);
    });
    context.run();
    CHECK(calls == 1);
    CHECK(others == 1);
  }
  SECTION("it can be set anew, canceled and destroyed") {
    asio::post(context, [&] {
      auto third = over.make_timer();
      third.set(over.now() + 1h, count, &calls);
      CHECK(third.detach());
      timer.set(over.now() + 1h, count, &calls);
      CHECK(timer.detach());
      timer.set(over.now() + 1ms, count, &calls);
    });
    context.run();
    CHECK(calls == 1);
    context.restart();
    asio::post(context, [&] {
      timer.set(over.now() + 1h, count, &calls);
      CHECK(timer.detach());
      timer.cancel();
    });
    context.run();
    CHECK(calls == 1);
    context.restart();
    CHECK(context.run() == 0);
  }
  SECTION("outside of the loop it stays attached") {
    timer.set(over.now() + 5ms, count, &calls);
    CHECK_FALSE(timer.detach());
    context.run();
    CHECK(calls == 1);
  }
  SECTION("the loop may go first") {
    std::optional<asio::io_context> gone(std::in_place);
    asio_transport there(*gone);
    auto left = there.make_timer();
    asio::post(*gone, [&] {
      left.set(there.now() + 1h, count, &calls);
      CHECK(left.detach());
    });
    gone->run();
    CHECK(calls == 0);
  }
}

TEST_CASE("asio: a stream that never has to wait lets the others have their turn") {
  run([]() -> task<void> {
    auto over = asio_transport::current();
    connected c(over.context());
    co_await c.connect(over);
    bool other_ran = false;
    int writes = 0, reads = 0;
    const std::byte one[1]{};
    over.post([&] { other_ran = true; });
    while (!other_ran && writes < 1000) {
      const auto sent = co_await c.stream->write_some(one, {});
      REQUIRE(sent);
      ++writes;
    }
    CHECK(other_ran);
    CHECK(writes <= 20);

    c.peer.send(asio::buffer(std::string(4000, 'x')));
    co_await sleep_for(over, 5ms);
    other_ran = false;
    over.post([&] { other_ran = true; });
    std::byte in[1];
    while (!other_ran && reads < 1000) {
      const auto got = co_await c.stream->read_some(in, {});
      REQUIRE(got);
      ++reads;
    }
    CHECK(other_ran);
    CHECK(reads <= 20);
  }());
}

TEST_CASE("asio: what is read without waiting is read in order, to the end") {
  run([]() -> task<void> {
    auto over = asio_transport::current();
    connected c(over.context());
    co_await c.connect(over);
    std::string sent;
    for (int i = 0; i < 5000; ++i) sent += std::to_string(i);
    c.peer.send(asio::buffer(sent));
    c.peer.close();
    std::string got;
    std::vector<std::byte> in(7);
    while (true) {
      const auto size = co_await c.stream->read_some(in, {});
      REQUIRE(size);
      if (*size == 0) break;
      got.append(reinterpret_cast<const char*>(in.data()), *size);
    }
    CHECK((got == sent));
  }());
}
