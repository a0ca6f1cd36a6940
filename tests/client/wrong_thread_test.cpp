// Operations that are started on a thread that has nothing to do with their client's loop.
#include <cohttps/cohttps.hpp>
#include <cohttps/testing/memory_network.hpp>
#include <cohttps/transport/asio/transport.hpp>
#include <cohttps/transport/sleep.hpp>

#include <catch2/catch_test_macros.hpp>

#if defined(COHTTPS_USE_BOOST_ASIO)
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_future.hpp>
#else
#include <asio/ip/tcp.hpp>
#include <asio/use_future.hpp>
#endif

#include <atomic>
#include <coroutine>
#include <future>
#include <latch>
#include <optional>
#include <string>
#include <thread>

using namespace cohttps;
using namespace std::chrono_literals;

namespace {

/// Accepts, and never answers.
struct silent_server {
  explicit silent_server(asio::io_context& loop)
      : acceptor(loop, {asio::ip::address_v4::loopback(), 0}),
        url("http://127.0.0.1:" + std::to_string(acceptor.local_endpoint().port()) + "/") {}
  asio::ip::tcp::acceptor acceptor;
  std::string url;
};

client_options plain() { return {.allow_plaintext = true, .timeout = 20s}; }

std::string outcome(const result<response>& r) {
  return r ? "answered" : std::string(r.error().reason());
}

/// A coroutine that runs until it waits, without a loop.
struct started {
  struct promise_type {
    started get_return_object() noexcept { return {}; }
    std::suspend_never initial_suspend() const noexcept { return {}; }
    std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    void unhandled_exception() const noexcept { std::terminate(); }
  };
};
started start(client& c, const std::string& url, stop_token stop, std::string& ended) {
  ended = outcome(co_await c.try_get(url).with_stop(stop));
}

}  // namespace

TEST_CASE("an operation of a client whose operations run on another thread is refused") {
  asio::io_context loop(1);
  const silent_server server(loop);
  client c(asio_transport(loop), plain());
  const auto work = asio::make_work_guard(loop);
  std::jthread runs([&] { loop.run(); });
  auto waiting = c.try_get(server.url)(asio::use_future);
  // This thread has no loop of its own: the operation must not begin here.
  std::string here;
  stop_source never;
  const auto started_at = std::chrono::steady_clock::now();
  asio_transport(loop)
      .start([&](stop_token) -> task<int> { co_return 0; },  // the first one has begun after this
             asio::use_future)
      .get();
  start(c, server.url, never, here);
  CHECK(here == "wrong_thread");
  CHECK(std::chrono::steady_clock::now() - started_at < 5s);
  auto other = c.try_get(server.url)(asio::use_future);  // a token may be used on any thread
  CHECK(other.wait_for(20ms) == std::future_status::timeout);
  loop.stop();
  runs.join();
  // Nobody runs the loop, but what it began still counts.
  here.clear();
  start(c, server.url, never, here);
  CHECK(here == "wrong_thread");
}

TEST_CASE("the same inside of `run`, and the error says what to do") {
  std::latch has_client(1), refused(1);
  client* shared = nullptr;
  std::string url;
  stop_source stop;
  std::jthread runs([&] {
    auto work = [&]() -> task<void> {
      silent_server server(asio_transport::current().context());
      client c(plain());
      shared = &c;
      url = server.url;
      auto op = c.try_get(url).with_stop(stop);
      auto release = [&]() -> task<void> {
        has_client.count_down();
        refused.wait();  // this thread's loop stands still meanwhile
        co_await sleep_for(1ms);
        stop.request_stop();
      };
      auto [got, nothing] = co_await when_all(std::move(op), release());
      CHECK(outcome(got) == "canceled");
    };
    run(work());
  });
  has_client.wait();
  auto wrong = [&]() -> task<result<response>> { co_return co_await shared->try_get(url); };
  const auto r = run(wrong());
  refused.count_down();
  REQUIRE_FALSE(r);
  CHECK(r.error().category() == error_category::usage);
  CHECK(r.error().reason() == "wrong_thread");
  CHECK(r.error().message().find("completion token") != std::string::npos);
}

TEST_CASE("operations may begin before the loop runs, and the client may change its thread") {
  asio::io_context loop(1);
  std::optional<silent_server> server(loop);
  client c(asio_transport(loop), plain());
  std::string first, second, third;
  stop_source stop;
  start(c, server->url, stop, first);
  std::thread([&] { start(c, server->url, stop, second); }).join();  // nothing runs yet
  CHECK(first.empty());
  CHECK(second.empty());
  std::thread([&] {
    // One turn after the other; this thread is the loop's, also between them.
    loop.run_for(10ms);
    loop.restart();
    asio::post(loop, [&] { start(c, server->url, stop, third); });
    loop.run_for(10ms);
    loop.restart();
    std::string fourth;
    start(c, server->url, stop, fourth);
    CHECK(fourth.empty());
    asio::post(loop, [&] { stop.request_stop(); });
    server.reset();
    loop.run_for(10s);
    CHECK(fourth == "canceled");
  }).join();
  CHECK(first == "canceled");
  CHECK(second == "canceled");
  CHECK(third == "canceled");
  // Nothing runs now: another thread may take the client over.
  loop.restart();
  server.emplace(loop);
  stop_source again;
  std::string fifth;
  start(c, server->url, again, fifth);
  CHECK(fifth.empty());
  asio::post(loop, [&] { again.request_stop(); });
  server.reset();
  loop.run_for(10s);
  CHECK(fifth == "canceled");
}

TEST_CASE("a transport that cannot tell refuses nothing") {
  testing::memory_network network;
  CHECK(any_transport(network.transport()).place() == loop_place::unknown);
  asio::io_context loop(1);
  const any_transport over{asio_transport(loop)};
  CHECK(over.place() == loop_place::elsewhere);
  asio::post(loop, [&] { CHECK(over.place() == loop_place::on_loop); });
  loop.run();
}
