// Tasks that are started with a completion token, and loops that end before them.
#include <cohttps/transport/asio/transport.hpp>
#include <cohttps/transport/sleep.hpp>

#include <catch2/catch_test_macros.hpp>

#include <filesystem>
#include <future>
#include <iterator>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>

#if defined(COHTTPS_USE_BOOST_ASIO)
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#else
#include <asio/bind_cancellation_slot.hpp>
#include <asio/bind_executor.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/use_future.hpp>
#endif

using namespace cohttps;
using namespace std::chrono_literals;

namespace {

endpoint at(const asio::ip::tcp::acceptor& acceptor) {
  endpoint e = *parse_address("127.0.0.1");
  e.port = acceptor.local_endpoint().port();
  return e;
}

/// The ways to wait; each holds `token` in its frame.
task<int> wait_for_time(asio_transport t, stop_token stop, std::shared_ptr<int>) {
  co_await sleep_for(t, 1h, stop);
  co_return 1;
}
task<int> wait_for_bytes(asio_transport t, const endpoint& to, stop_token stop,
                         std::shared_ptr<int>) {
  auto s = co_await t.connect(to, stop);
  std::byte in[1];
  (void)co_await s->read_some(in, stop);
  co_return 1;
}
task<int> wait_for_name(asio_transport t, stop_token stop, std::shared_ptr<int>) {
  (void)co_await t.resolve("name", 80, stop);
  co_return 1;
}
detail::look_up_outcome hanging(const std::string&) {
  std::this_thread::sleep_for(50ms);  // longer than the test
  return {};
}

}  // namespace

TEST_CASE("a loop that is destroyed ends what was started on it, wherever it waits") {
  auto token = std::make_shared<int>();
  auto handler_token = std::make_shared<int>();
  const auto handler = [handler_token](std::exception_ptr, int) { FAIL("called"); };
  {
    asio::io_context context(1);
    asio_transport t(context);
    detail::resolver_threads::of(context).replace_system(&hanging);
    asio::ip::tcp::acceptor acceptor(context, {asio::ip::address_v4::loopback(), 0});
    const endpoint to = at(acceptor);
    t.start([&](stop_token s) { return wait_for_time(t, s, token); }, handler);
    t.start([&](stop_token s) { return wait_for_bytes(t, to, s, token); }, handler);
    t.start([&](stop_token s) { return wait_for_name(t, s, token); }, handler);
    for (int i = 0; i < 10; ++i) context.poll();
    CHECK(token.use_count() > 3);
    t.start([&](stop_token s) { return wait_for_time(t, s, token); }, handler);  // never begins
  }
  CHECK(token.use_count() == 1);
  CHECK(handler_token.use_count() == 2);  // here, and in `handler`
}

TEST_CASE("the loop's sockets and timers may have been made before the first start") {
  auto token = std::make_shared<int>();
  {
    asio::io_context context(1);
    asio_transport t(context);
    asio::ip::tcp::acceptor acceptor(context, {asio::ip::address_v4::loopback(), 0});
    auto timer = t.make_timer();
    const endpoint to = at(acceptor);
    t.start([&](stop_token s) { return wait_for_bytes(t, to, s, token); },
            [](std::exception_ptr, int) {});
    for (int i = 0; i < 10; ++i) context.poll();
    CHECK(token.use_count() > 1);
  }
  CHECK(token.use_count() == 1);
}

TEST_CASE("a future of a loop that is gone is a broken promise") {
  std::future<int> future;
  {
    asio::io_context context(1);
    asio_transport t(context);
    future = t.start([&](stop_token s) { return wait_for_time(t, s, nullptr); }, asio::use_future);
    context.poll();
  }
  CHECK_THROWS_AS(future.get(), std::future_error);
}

// Asio 1.22 does not know the coroutines of newer Clangs.
#if defined(ASIO_HAS_CO_AWAIT) || defined(BOOST_ASIO_HAS_CO_AWAIT)
TEST_CASE("Asio's own coroutines that await a task end with the loop, too") {
  auto token = std::make_shared<int>();
  {
    asio::io_context context(1);
    asio_transport t(context);
    auto outer = [&](std::shared_ptr<int> held) -> asio::awaitable<void> {
      (void)co_await t.start([&](stop_token s) { return wait_for_time(t, s, held); },
                             asio::use_awaitable);
      FAIL("resumed");
    };
    asio::co_spawn(context, outer(token), asio::detached);
    for (int i = 0; i < 10; ++i) context.poll();
    CHECK(token.use_count() > 1);
  }
  CHECK(token.use_count() == 1);
}

#endif

TEST_CASE("a task that has ended is not ended again") {
  int called = 0;
  {
    asio::io_context context(1);
    asio_transport t(context);
    auto quick = [&](stop_token) -> task<int> { co_return 7; };
    for (int i = 0; i < 3; ++i)
      t.start(quick, [&](std::exception_ptr failure, int value) {
        CHECK_FALSE(failure);
        called += value;
      });
    context.run();
  }
  CHECK(called == 21);
}

TEST_CASE("what a handler throws leaves from the loop") {
  asio::io_context context(1);
  asio_transport t(context);
  auto quick = [&](stop_token) -> task<int> { co_return 7; };
  t.start(quick, [](std::exception_ptr, int) { throw std::runtime_error("the handler's"); });
  CHECK_THROWS_AS(context.run(), std::runtime_error);
}

TEST_CASE("a cancellation after the end, or after the loop's, does nothing") {
  asio::cancellation_signal signal;
  int called = 0;
  {
    asio::io_context context(1);
    asio_transport t(context);
    auto quick = [&](stop_token) -> task<int> { co_return 7; };
    t.start(quick, asio::bind_cancellation_slot(signal.slot(),
                                                [&](std::exception_ptr, int) { ++called; }));
    context.run();
    CHECK(called == 1);
    CHECK_FALSE(signal.slot().has_handler());
    context.restart();
    t.start(
        [&](stop_token s) { return wait_for_time(t, s, nullptr); },
        asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr, int) { ++called; }));
    context.poll();
  }
  signal.emit(asio::cancellation_type::terminal);
  CHECK(called == 1);
}

TEST_CASE("a cancellation reaches the task, from another thread's executor as well") {
  // The signal belongs to `outer`'s thread, the task to `inner`'s.
  asio::io_context inner(1), outer(1);
  auto alive = asio::make_work_guard(inner);
  asio_transport t(inner);
  std::jthread thread([&] { inner.run(); });
  int canceled = 0;
  for (int i = 0; i < 200; ++i) {
    asio::cancellation_signal signal;
    auto wait = [&](stop_token stop) -> task<bool> {
      // Ends by itself at about the time of the cancellation.
      co_return co_await sleep_for(t, std::chrono::microseconds(i), stop);
    };
    bool done = false;
    asio::post(outer, [&] {
      t.start(wait,
              asio::bind_cancellation_slot(
                  signal.slot(), asio::bind_executor(outer, [&](std::exception_ptr, bool elapsed) {
                    CHECK_FALSE(signal.slot().has_handler());
                    done = true;
                    canceled += !elapsed;
                  })));
      asio::post(outer, [&] { signal.emit(asio::cancellation_type::terminal); });
    });
    outer.restart();
    outer.run();
    CHECK(done);
  }
  CHECK(canceled > 0);
  alive.reset();
}

#if defined(__linux__)
TEST_CASE("a future that is completed by the loop's thread starts no others") {
  const auto threads = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/task"), {});
  };
  asio::io_context loop;
  asio_transport t(loop);
  const auto before = threads();
  std::future<int> one = t.start([](stop_token) -> task<int> { co_return 1; }, asio::use_future);
  loop.run();
  CHECK(one.get() == 1);
  CHECK(threads() == before);
}
#endif
