#include <cohttps/run.hpp>
#include <cohttps/task/when_all.hpp>
#include <cohttps/task/when_any.hpp>
#include <cohttps/transport/asio/run.hpp>
#include <cohttps/transport/asio/transport.hpp>
#include <cohttps/transport/sleep.hpp>

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

using namespace cohttps;
using namespace std::chrono_literals;
using detail::look_up_outcome;
using detail::resolver_threads;

namespace {

/// Stands for the system's resolver. Names that begin with "hang" come back when they are let go.
struct fake_system {
  std::mutex mutex;
  std::condition_variable changed;
  bool released = false;
  int running = 0, most = 0, asked = 0;

  static fake_system& current() {
    static fake_system* now = nullptr;
    static std::mutex guard;
    std::lock_guard lock(guard);
    if (!now) now = new fake_system;  // never destroyed: threads may be in it at the end
    return *now;
  }

  void reset() {
    std::lock_guard lock(mutex);
    released = false;
    most = asked = 0;
  }
  /// Lets the hanging ones go and waits until they are back.
  void release() {
    std::unique_lock lock(mutex);
    released = true;
    changed.notify_all();
    changed.wait(lock, [&] { return running == 0; });
  }
  void wait_until_running(int n) {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return running >= n; });
  }

  static look_up_outcome ask(const std::string& host) {
    fake_system& s = current();
    std::unique_lock lock(s.mutex);
    ++s.asked;
    s.most = std::max(s.most, ++s.running);
    s.changed.notify_all();
    if (host.starts_with("hang")) s.changed.wait(lock, [&] { return s.released; });
    if (host.starts_with("slow")) s.changed.wait_for(lock, 5ms, [] { return false; });
    --s.running;
    s.changed.notify_all();
    look_up_outcome outcome;
    if (host == "unknown")
      outcome.code = EAI_NONAME;
    else if (host == "again")
      outcome.code = EAI_AGAIN;
    else if (host == "broken")
      outcome.code = EAI_FAIL;
    else if (host == "system")
      outcome.code = EAI_SYSTEM, outcome.system_code = EMFILE;
    else if (host != "empty")
      outcome.found = {*parse_address("192.0.2.2"), *parse_address("192.0.2.1")};
    return outcome;
  }
};

task<void> look_up(asio_transport t, std::string host, stop_token stop,
                   std::vector<std::string>& log) {
  auto found = co_await t.resolve(host, 80, stop);
  if (found)
    log.push_back(host + " " + to_string(found->front()));
  else
    log.push_back(host + " " + std::string(found.error().reason()));
}

asio_transport with_fake(asio_transport t, std::chrono::milliseconds idle = 10s) {
  fake_system::current().reset();
  resolver_threads::of(t.context()).replace_system(&fake_system::ask, idle);
  return t;
}

}  // namespace

TEST_CASE("failures of the resolver are told apart") {
  auto all = []() -> task<void> {
    auto t = with_fake(asio_transport::current());
    const std::pair<std::string, std::string> table[] = {{"unknown", "host_not_found"},
                                                         {"empty", "host_not_found"},
                                                         {"again", "resolver_unavailable"},
                                                         {"broken", "resolver_failed"},
                                                         {"system", "resolver_failed"}};
    for (const auto& [host, reason] : table) {
      CAPTURE(host);
      auto found = co_await t.resolve(host, 80, {});
      REQUIRE_FALSE(found);
      CHECK(found.error().category() == error_category::resolve);
      CHECK(found.error().reason() == reason);
      CHECK(found.error().message().find("'" + host + "'") != std::string::npos);
      CHECK((found.error().code() == std::errc::too_many_files_open) == (host == "system"));
    }
    const std::string zero("localhost\0.example", 18);
    auto found = co_await t.resolve(zero, 80, {});
    CHECK(found.error().reason() == "host_not_found");
  };
  run(all());
}

TEST_CASE("addresses come in the resolver's order with the port that was asked for") {
  auto one = []() -> task<void> {
    auto t = with_fake(asio_transport::current());
    auto found = co_await t.resolve("name", 8443, {});
    REQUIRE(found);
    REQUIRE(found->size() == 2);
    CHECK(to_string((*found)[0]) == "192.0.2.2:8443");
    CHECK(to_string((*found)[1]) == "192.0.2.1:8443");
  };
  run(one());
}

TEST_CASE("the system gives no address twice") {
  const look_up_outcome outcome = detail::system_look_up("localhost");
  REQUIRE(outcome.code == 0);
  for (auto e = outcome.found.begin(); e != outcome.found.end(); ++e)
    CHECK(std::find(std::next(e), outcome.found.end(), *e) == outcome.found.end());
}

TEST_CASE("twenty look-ups at a time share eight threads") {
  std::vector<std::string> log;
  auto many = [&]() -> task<void> {
    auto t = with_fake(asio_transport::current());
    std::vector<task<void>> all;
    for (int i = 0; i < 20; ++i) all.push_back(look_up(t, "slow" + std::to_string(i), {}, log));
    co_await when_all(std::move(all));
    CHECK(resolver_threads::of(t.context()).threads() <= resolver_threads::max_threads);
  };
  run(many());
  CHECK(log.size() == 20);
  CHECK(std::ranges::all_of(log, [](const auto& s) { return s.ends_with(" 192.0.2.2:80"); }));
  CHECK(fake_system::current().most > 1);
  CHECK(fake_system::current().most <= 8);
  CHECK(fake_system::current().asked == 20);
}

TEST_CASE("look-ups that hang delay nobody until all threads hang, and the loop never") {
  std::vector<std::string> log;
  auto hang = [&]() -> task<void> {
    auto t = with_fake(asio_transport::current());
    stop_source stop;
    std::vector<task<void>> all;
    for (int i = 0; i < 7; ++i) all.push_back(look_up(t, "hang" + std::to_string(i), stop, log));
    auto others = [&]() -> task<void> {
      fake_system::current().wait_until_running(7);
      for (int i = 0; i < 10; ++i) co_await look_up(t, "name" + std::to_string(i), {}, log);
      CHECK(log.size() == 10);
      stop.request_stop();
      CHECK(log.size() == 10);  // nobody goes on inside of request_stop
    };
    all.push_back(others());
    co_await when_all(std::move(all));
    CHECK(log.size() == 17);
    CHECK(log.back() == "hang0 canceled");
  };
  run(hang());  // ends, and destroys its context, while seven threads still hang
  fake_system::current().release();
  // What the threads do after this, with the queue that they share, is for the sanitizers to see.
  std::this_thread::sleep_for(20ms);
}

TEST_CASE("a look-up that waits for a thread can be stopped, and goes on when one is free") {
  std::vector<std::string> log;
  auto hang = [&]() -> task<void> {
    auto t = with_fake(asio_transport::current());
    stop_source stop;
    std::vector<task<void>> all;
    for (int i = 0; i < 8; ++i) all.push_back(look_up(t, "hang" + std::to_string(i), {}, log));
    all.push_back(look_up(t, "queued", {}, log));
    all.push_back(look_up(t, "stopped", stop, log));
    auto rest = [&]() -> task<void> {
      fake_system::current().wait_until_running(8);
      stop.request_stop();
      co_await sleep_for(1ms);
      CHECK(log == std::vector<std::string>{"stopped canceled"});
      fake_system::current().release();
    };
    all.push_back(rest());
    co_await when_all(std::move(all));
  };
  run(hang());
  CHECK(log.size() == 10);
  CHECK(fake_system::current().asked == 9);
}

TEST_CASE("a stop ends a look-up within one turn of the loop") {
  std::vector<std::string> log;
  asio::io_context context(1);
  auto t = with_fake(asio_transport(context));
  stop_source stop;
  {
    task<void> work = look_up(t, "hang", stop, log);
    auto root = detail::make_run_root(std::move(work));
    root.start();
    fake_system::current().wait_until_running(1);
    CHECK(context.poll() == 0);
    stop.request_stop();
    CHECK(log.empty());
    CHECK(context.run_one() == 1);
    CHECK(log == std::vector<std::string>{"hang canceled"});
  }
  fake_system::current().release();
}

TEST_CASE("a pending look-up is work of the loop") {
  std::vector<std::string> log;
  asio::io_context context(1);
  auto t = with_fake(asio_transport(context));
  task<void> work = look_up(t, "slow", {}, log);
  auto root = detail::make_run_root(std::move(work));
  root.start();
  context.run();
  CHECK(log.size() == 1);
}

TEST_CASE("a frame that is destroyed while its look-up runs is not resumed, nor is it work") {
  std::vector<std::string> log;
  asio::io_context context(1);
  auto t = with_fake(asio_transport(context));
  {
    task<void> work = look_up(t, "hang", {}, log);
    auto root = detail::make_run_root(std::move(work));
    root.start();
    fake_system::current().wait_until_running(1);
  }
  context.run();
  fake_system::current().release();
  context.restart();
  context.run();
  CHECK(log.empty());
}

TEST_CASE("threads end when there is nothing to look up") {
  std::vector<std::string> log;
  asio::io_context context(1);
  auto t = with_fake(asio_transport(context), 1ms);
  auto& threads = resolver_threads::of(context);
  for (int i = 0; i < 2; ++i) {
    task<void> work = look_up(t, "name", {}, log);
    auto root = detail::make_run_root(std::move(work));
    detail::run_on(context, root);
    context.restart();
    for (int ms = 0; ms < 5000 && threads.threads() != 0; ++ms)
      std::this_thread::sleep_for(1ms);  // threads are waited for
    CHECK(threads.threads() == 0);
  }
  CHECK(log.size() == 2);
}

TEST_CASE("contexts come and go while look-ups run") {
  std::vector<std::string> log;
  for (int i = 0; i < 50; ++i) {
    asio::io_context context(1);
    auto t = with_fake(asio_transport(context));
    auto one = [&](stop_token stop) -> task<int> {
      co_await look_up(t, "slow", stop, log);
      co_return 0;
    };
    for (int k = 0; k < 4; ++k) t.start(one, [](std::exception_ptr, int) {});
    context.poll();
  }
  CHECK(log.size() <= 200);
  std::this_thread::sleep_for(20ms);  // the last threads come back to no loop
}

TEST_CASE(
    "names are looked up in a child process, those that were asked for before the fork, too") {
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
  SKIP("ThreadSanitizer follows no program with threads into a child");
#endif
#endif
  for (const bool begun_before : {false, true}) {
    CAPTURE(begun_before);
    asio::io_context loop;
    asio_transport t(loop);
    static const ::pid_t parent = ::getpid();
    resolver_threads::of(loop).replace_system(+[](const std::string& host) {
      if (host == "slow" && ::getpid() == parent) std::this_thread::sleep_for(100ms);
      look_up_outcome outcome;
      outcome.found = {*parse_address("192.0.2.1")};
      return outcome;
    });
    int found = 0;
    const auto look_up = [&](const std::string& host) {
      t.start(
          [t, host](stop_token stop) mutable -> task<bool> {
            auto addresses = co_await t.resolve(host, 80, stop);
            co_return addresses.has_value();
          },
          [&](std::exception_ptr, bool has_address) { found += has_address; });
    };
    look_up("first");
    loop.run();
    REQUIRE(found == 1);
    loop.restart();
    if (begun_before) {
      look_up("slow");
      loop.poll();  // a thread has it now
      std::this_thread::sleep_for(20ms);
    }
    loop.notify_fork(asio::execution_context::fork_prepare);
    const ::pid_t child = ::fork();
    if (child == 0) {
      loop.notify_fork(asio::execution_context::fork_child);
      ::alarm(5);  // a wait that never ends must not outlive the test
      look_up("in the child");
      loop.run();
      ::_exit(found);
    }
    REQUIRE(child > 0);
    loop.notify_fork(asio::execution_context::fork_parent);
    look_up("in the parent");
    loop.run();
    CHECK(found == (begun_before ? 3 : 2));
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == (begun_before ? 3 : 2));
  }
}
