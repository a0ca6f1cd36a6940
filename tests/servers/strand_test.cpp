// A client on a strand: thread pools, and loops that several threads run.
#include "servers/client_support.hpp"

#include <cohttps/cohttps.hpp>
#include <cohttps/transport/asio/transport.hpp>
#include <cohttps/transport/sleep.hpp>

#if defined(COHTTPS_USE_BOOST_ASIO)
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#else
#include <asio/bind_cancellation_slot.hpp>
#include <asio/bind_executor.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/strand.hpp>
#include <asio/thread_pool.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/use_future.hpp>
#endif

#include <atomic>
#include <filesystem>
#include <future>
#include <iterator>
#include <latch>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

using namespace cohttps;
using namespace cohttps::testing;
using namespace std::chrono_literals;

namespace {

/// A pool, and a client on a strand of it. The client ends when the pool's threads have.
struct pool_client {
  explicit pool_client(const client_options& options = trusting())
      : strand(asio::make_strand(pool)), c(std::in_place, asio_strand_transport(strand), options) {}
  ~pool_client() {
    pool.stop();
    pool.join();
    c.reset();
  }

  asio::thread_pool pool{4};
  asio::strand<asio::thread_pool::executor_type> strand;
  std::optional<client> c;
};

/// Asks `times` times, one request after the other, from any of the pool's threads.
struct chain {
  client& c;
  std::string url;
  std::string expected;
  int times;
  std::atomic<int>& right;
  std::latch& done;

  static void next(const std::shared_ptr<chain>& self) {
    if (self->times-- == 0) return self->done.count_down();
    self->c.get(self->url)([self](std::exception_ptr failed, response r) {
      if (!failed && r.text() == self->expected) ++self->right;
      next(self);
    });
  }
};

int requests_by_chains(client& c, const std::string& url, const std::string& expected, int chains,
                       int times, const auto& executor) {
  std::atomic<int> right = 0;
  std::latch done(chains);
  for (int i = 0; i < chains; ++i)
    asio::post(executor, [&, self = std::make_shared<chain>(c, url, expected, times, right, done)] {
      chain::next(self);
    });
  done.wait();
  return right;
}

detail::look_up_outcome hanging(const std::string&) {
  std::this_thread::sleep_for(100ms);  // longer than the test
  return {};
}

#if defined(__linux__)
std::ptrdiff_t threads_of_process() {
  return std::distance(std::filesystem::directory_iterator("/proc/self/task"), {});
}
#endif

}  // namespace

TEST_CASE("a client on a pool's strand answers requests from all its threads") {
  auto& server = web_server();
  descriptor_balance balance;
  pool_client with;
  const std::string url = server.url(site::both, "/small.txt");
  CHECK(requests_by_chains(*with.c, url, server.small, 50, 20, with.pool.get_executor()) == 1000);
}

// Asio 1.22 does not know the coroutines of newer Clangs.
#if defined(ASIO_HAS_CO_AWAIT) || defined(BOOST_ASIO_HAS_CO_AWAIT)
TEST_CASE("coroutines of a pool await the operations of a client on a strand") {
  auto& server = web_server();
  descriptor_balance balance;
  pool_client with;
  const std::string url = server.url(site::both, "/small.txt");
  std::atomic<int> right = 0;
  std::mutex mutex;
  std::set<std::thread::id> threads;
  std::latch done(50);
  auto session = [&]() -> asio::awaitable<void> {
    for (int i = 0; i < 20; ++i) {
      response r = co_await with.c->get(url)(asio::use_awaitable);
      right += r.text() == server.small;
      const std::lock_guard lock(mutex);
      threads.insert(std::this_thread::get_id());
    }
    done.count_down();
  };
  for (int i = 0; i < 50; ++i) asio::co_spawn(with.pool, session(), asio::detached);
  done.wait();
  CHECK(right == 1000);
  CHECK(threads.size() > 1);  // a handler's own executor is the pool, and not the strand
}
#endif

TEST_CASE("a client on a strand of a loop that four threads run") {
  auto& server = web_server();
  descriptor_balance balance;
  asio::io_context loop(4);
  auto work = asio::make_work_guard(loop);
  std::optional<client> c(std::in_place, asio_strand_transport(asio::make_strand(loop)),
                          trusting());
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) threads.emplace_back([&] { loop.run(); });
    const std::string url = server.url(site::both, "/small.txt");
    CHECK(requests_by_chains(*c, url, server.small, 20, 10, loop.get_executor()) == 200);
    work.reset();  // the loop ends: kept connections do not hold it
  }
  CHECK(loop.stopped());
  c.reset();
}

#if defined(__linux__)
TEST_CASE("futures from many threads, without threads of Asio's own") {
  auto& server = web_server();
  descriptor_balance balance;
  pool_client with;
  const std::string url = server.url(site::both, "/small.txt");
  CHECK(with.c->get(url)(asio::use_future).get().text() == server.small);
  const auto before = threads_of_process();
  std::atomic<int> right = 0;
  std::atomic<std::ptrdiff_t> most = 0;
  {
    std::vector<std::jthread> callers;
    for (int t = 0; t < 4; ++t)
      callers.emplace_back([&] {
        for (int i = 0; i < 10; ++i) {
          auto one = with.c->get(url)(asio::use_future);
          auto other = with.c->try_get(url)(asio::use_future);
          right += one.get().text() == server.small;
          right += other.get()->text() == server.small;
          most = std::max(most.load(), threads_of_process());
        }
      });
  }
  CHECK(right == 80);
  CHECK(most <= before + 4);
  CHECK(threads_of_process() == before);
}
#endif

TEST_CASE("a task runs on the strand, and never on two threads at once") {
  auto& server = web_server();
  descriptor_balance balance;
  pool_client with;
  asio_strand_transport on(with.strand);
  const std::string url = server.url(site::both, "/small.txt");
  std::atomic<int> inside = 0, overlaps = 0;
  auto work = [&](stop_token stop) -> task<int> {
    int right = 0;
    for (int i = 0; i < 10; ++i) {
      overlaps += ++inside != 1 || !on.running_in_this_thread();
      --inside;
      auto r = co_await with.c->try_get(url);
      right += r && r->text() == server.small;
      co_await sleep_for(on, 1ms, stop);
    }
    co_return right;
  };
  std::vector<std::future<int>> all;
  for (int i = 0; i < 8; ++i) all.push_back(on.start(work, asio::use_future));
  for (auto& each : all) CHECK(each.get() == 10);
  CHECK(overlaps == 0);
  CHECK_FALSE(on.running_in_this_thread());
}

TEST_CASE("a cancellation reaches an operation on a strand from another thread") {
  auto& server = web_server();
  descriptor_balance balance;
  pool_client with;
  for (const auto after : {0ms, 1ms, 20ms}) {
    asio::io_context own(1);
    asio::cancellation_signal cancel;
    std::optional<error_category> category;
    with.c->try_get(server.url(site::both, "/slow"))(asio::bind_cancellation_slot(
        cancel.slot(), asio::bind_executor(own, [&](std::exception_ptr, const result<response>& r) {
          if (!r) category = r.error().category();
        })));
    asio::steady_timer timer(own, after);
    timer.async_wait(
        [&](const asio_error_code&) { cancel.emit(asio::cancellation_type::terminal); });
    own.run();
    CHECK(category == error_category::canceled);
  }
}

TEST_CASE("a cancellation after the end of the pool does nothing") {
  auto& server = web_server();
  descriptor_balance balance;
  asio::cancellation_signal cancel;
  {
    pool_client with;
    with.c->get(server.url(site::both, "/slow"))(asio::bind_cancellation_slot(
        cancel.slot(), [](std::exception_ptr, const response&) { std::abort(); }));
    std::this_thread::sleep_for(5ms);
  }
  cancel.emit(asio::cancellation_type::terminal);
}

TEST_CASE("a pool that ends takes the requests that run on it along") {
  auto& server = web_server();
  descriptor_balance balance;
  for (const auto after : {0us, 100us, 1000us, 5000us, 30'000us}) {
    std::vector<std::future<response>> waiting;
    {
      pool_client with;
      for (int i = 0; i < 20; ++i)
        waiting.push_back(with.c->get(server.url(i % 2 ? site::both : site::ecdsa_12, "/slow"))(
            asio::use_future));
      std::this_thread::sleep_for(after);
    }
    int broken = 0;
    for (auto& each : waiting) try {
        (void)each.get();
      } catch (const std::future_error&) {
        ++broken;
      }
    CHECK(broken == 20);
  }
}

TEST_CASE("a pool that ends does not wait for a look-up") {
  descriptor_balance balance;
  std::future<response> waiting;
  {
    pool_client with;
    detail::resolver_threads::of(with.pool).replace_system(&hanging);
    waiting = with.c->get("https://name.example/")(asio::use_future);
    stop_source stop;
    auto stopped = with.c->try_get("https://other.example/").with_stop(stop)(asio::use_future);
    asio::post(with.strand, [&] { stop.request_stop(); });
    CHECK(stopped.get().error().category() == error_category::canceled);
  }
  CHECK_THROWS_AS(waiting.get(), std::future_error);
  std::this_thread::sleep_for(150ms);  // the look-ups end, and find nobody
}

TEST_CASE("an operation that is awaited off the strand fails while others run") {
  auto& server = web_server();
  pool_client with;
  auto slow = with.c->try_get(server.url(site::both, "/slow"))(asio::use_future);
  std::string reason;
  while (reason.empty()) {
    // A loop of this thread's own, which is not the client's.
    auto wrong = [&]() -> task<result<response>> {
      co_return co_await with.c->try_get(server.url(site::both, "/small.txt"));
    };
    asio::io_context own(1);
    const auto in_place = [&]() -> task<std::string> {
      auto r = co_await wrong();
      co_return r ? "answered" : std::string(r.error().reason());
    };
    // It is refused as soon as the other operation has begun.
    if (slow.wait_for(20ms) == std::future_status::timeout) reason = run(in_place());
  }
  CHECK(reason == "wrong_thread");
}
