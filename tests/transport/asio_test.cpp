#include <cohttps/run.hpp>
#include <cohttps/task/when_all.hpp>
#include <cohttps/task/when_any.hpp>
#include <cohttps/transport/asio/run.hpp>
#include <cohttps/transport/asio/transport.hpp>
#include <cohttps/transport/sleep.hpp>

#include <catch2/catch_test_macros.hpp>

#include <memory>
#include <optional>
#include <string>
#include <support/allocations.hpp>
#include <thread>

#if defined(COHTTPS_USE_BOOST_ASIO)
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#else
#include <asio/buffer.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/write.hpp>
#endif

using namespace cohttps;
using namespace std::chrono_literals;

namespace {

std::span<const std::byte> bytes(std::string_view s) { return std::as_bytes(std::span(s)); }

/// A listening socket on loopback.
struct listener {
  explicit listener(asio_transport t)
      : acceptor(t.context(), {asio::ip::address_v4::loopback(), 0}) {}
  endpoint at() const {
    endpoint e{.port = acceptor.local_endpoint().port()};
    e.address[0] = std::byte{127};
    e.address[3] = std::byte{1};
    return e;
  }
  asio::ip::tcp::socket accept() { return acceptor.accept(); }
  asio::ip::tcp::acceptor acceptor;
};

}  // namespace

TEST_CASE("bytes go both ways over a socket; its end is 0 bytes") {
  auto talk = []() -> task<void> {
    auto t = asio_transport::current();
    listener l(t);
    auto s = co_await t.connect(l.at(), {});
    REQUIRE(s);
    auto peer = l.accept();
    CHECK(s->idle());
    auto sent = co_await s->write_some(bytes("hello"), {});
    CHECK(sent.value() == 5);
    char in[10];
    CHECK(peer.read_some(asio::buffer(in)) == 5);
    asio::write(peer, asio::buffer("world", 5));
    peer.close();
    CHECK_FALSE(s->idle());
    std::byte got[10];
    auto first = co_await s->read_some(got, {});
    CHECK(first.value() == 5);
    auto last = co_await s->read_some(got, {});
    CHECK(last.value() == 0);
  };
  run(talk());
}

TEST_CASE("a refused connection is a connect error that names the address") {
  auto dial = []() -> task<void> {
    auto t = asio_transport::current();
    endpoint nowhere;
    {
      listener l(t);
      nowhere = l.at();
    }
    auto s = co_await t.connect(nowhere, {});
    REQUIRE_FALSE(s);
    CHECK(s.error().category() == error_category::connect);
    CHECK(s.error().reason() == "connection_refused");
    CHECK(s.error().message().find(to_string(nowhere)) != std::string::npos);
  };
  run(dial());
}

TEST_CASE("names and literals are resolved; unknown names are resolve errors") {
  auto look_up = []() -> task<void> {
    auto t = asio_transport::current();
    auto v4 = co_await t.resolve("127.0.0.1", 80, {});
    REQUIRE(v4);
    CHECK(to_string(v4->front()) == "127.0.0.1:80");
    auto v6 = co_await t.resolve("::1", 443, {});
    REQUIRE(v6);
    CHECK(to_string(v6->front()) == "[::1]:443");
    auto name = co_await t.resolve("localhost", 80, {});
    REQUIRE(name);
    CHECK_FALSE(name->empty());
    auto none = co_await t.resolve("no-such-host.invalid", 80, {});
    REQUIRE_FALSE(none);
    CHECK(none.error().category() == error_category::resolve);
  };
  run(look_up());
}

TEST_CASE("a stop ends a read, a look-up and a sleep") {
  auto wait = []() -> task<void> {
    auto t = asio_transport::current();
    listener l(t);
    auto s = co_await t.connect(l.at(), {});
    std::byte in[1];
    auto read = [&](stop_token stop) -> task<error_category> {
      auto got = co_await s->read_some(in, stop);
      co_return got ? error_category::usage : got.error().category();
    };
    auto first = co_await when_any(sleep_for(1ms), sleep_for(1h));
    CHECK(first.index() == 0);
    stop_source stop;
    auto stopper = [&]() -> task<void> {
      co_await sleep_for(1ms);
      stop.request_stop();
    };
    auto [category, nothing] = co_await when_all(read(stop), stopper());
    CHECK(category == error_category::canceled);

    stop_source already;
    already.request_stop();
    auto looked_up = co_await t.resolve("localhost", 80, already);
    CHECK(looked_up.error().category() == error_category::canceled);
    auto connected = co_await t.connect(l.at(), already);
    CHECK(connected.error().category() == error_category::canceled);
  };
  run(wait());
}

TEST_CASE("a frame that is destroyed while its socket waits is not resumed") {
  asio::io_context context;
  asio_transport t(context);
  listener l(t);
  std::optional<asio_stream> stream;
  auto dial = [&]() -> task<void> { stream.emplace(*co_await t.connect(l.at(), {})); };
  {
    task<void> work = dial();
    auto root = detail::make_run_root(std::move(work));
    detail::run_on(context, root);
  }
  std::byte in[1];
  auto read = [&]() -> task<void> {
    (void)co_await stream->read_some(in, {});
    FAIL("resumed");
  };
  {
    task<void> work = read();
    auto root = detail::make_run_root(std::move(work));
    root.start();
  }
  context.restart();
  context.run();
}

TEST_CASE("a run that waits for nothing is an error, and so is one inside another") {
  struct nothing {
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<>) const noexcept {}
    void await_resume() const noexcept {}
  };
  auto hang = []() -> task<void> { co_await nothing{}; };
  CHECK_THROWS_AS(run(hang()), error);
  auto nested = [&]() -> task<void> {
    CHECK_THROWS_AS(run(hang()), error);
    co_return;
  };
  run(nested());
  CHECK_THROWS_AS(asio_transport::current(), error);
}

TEST_CASE("reads, writes and sleeps allocate nothing once warm") {
  auto talk = []() -> task<std::size_t> {
    auto t = asio_transport::current();
    listener l(t);
    auto s = co_await t.connect(l.at(), {});
    auto peer = l.accept();
    char echo[16];
    std::size_t before = 0;
    for (int i = 0; i < 200; ++i) {
      if (i == 100) before = allocations::count();
      (void)co_await s->write_some(bytes("0123456789"), {});
      asio::write(peer, asio::buffer(echo, peer.read_some(asio::buffer(echo))));
      std::byte in[16];
      (void)co_await s->read_some(in, {});
    }
    co_return allocations::count() - before;
  };
  CHECK(run(talk()) == 0);
}

TEST_CASE("what is posted runs on the loop, from any thread; a loop that ends destroys it") {
  auto token = std::make_shared<int>();
  int called = 0;
  {
    asio::io_context context(1);
    asio_transport t(context);
    std::jthread([&] { t.post([&called] { ++called; }); }).join();
    t.post([&called] { ++called; });
    CHECK(called == 0);
    context.run();
    CHECK(called == 2);
    t.post([&called, token] { ++called; });
  }
  CHECK(called == 2);
  CHECK(token.use_count() == 1);
}
