// Limits of requests and cookies that clients share in Redis.
#include "servers/peer.hpp"
#include "servers/redis_server.hpp"

#include <cohttps/cohttps.hpp>
#include <cohttps/rate_limit.hpp>
#include <cohttps/stores/redis_cookies.hpp>
#include <cohttps/stores/redis_token_buckets.hpp>
#include <cohttps/task/when_all.hpp>
#include <cohttps/transport/asio/transport.hpp>
#include <cohttps/transport/sleep.hpp>

#include <catch2/catch_test_macros.hpp>

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

using namespace cohttps;
using namespace cohttps::testing;
using namespace std::chrono_literals;

namespace {

using clock_type = std::chrono::steady_clock;

any_transport loop() { return asio_transport::current(); }

/// A web server that remembers the heads of requests, and sets the cookie that the path names.
class cookie_server {
 public:
  std::string url(std::string path) const {
    return "http://127.0.0.1:" + std::to_string(server_.port()) + path;
  }
  std::string last() const {
    const std::lock_guard lock(mutex_);
    return last_;
  }

 private:
  mutable std::mutex mutex_;
  std::string last_;
  peer server_{[this](accepted& a) {
    const std::string head = a.receive_head();
    if (head.empty()) return;
    {
      const std::lock_guard lock(mutex_);
      last_ = head;
    }
    const auto query = head.find("/?set=");
    std::string set;
    if (query != head.npos)
      set = "Set-Cookie: " + head.substr(query + 6, head.find(' ', query) - query - 6) + "\r\n";
    a.send("HTTP/1.1 200 OK\r\n" + set + "Connection: close\r\nContent-Length: 0\r\n\r\n");
  }};
};

}  // namespace

TEST_CASE("machines take their tokens from one bucket") {
  redis_server at;
  const auto work = [&]() -> task<void> {
    auto redis = std::make_shared<redis_client>(loop(), at.options());
    redis_token_buckets one(redis), other(std::make_shared<redis_client>(loop(), at.options()));
    const rate_limit_options how{.per_second = 10, .burst = 3};
    std::vector<double> waits;
    for (int i = 0; i < 6; ++i) {
      auto wait = co_await (i % 2 ? one : other).take("https://a", how);
      REQUIRE(wait.has_value());
      waits.push_back(std::chrono::duration<double>(*wait).count());
    }
    CHECK((waits[0] == 0 && waits[1] == 0 && waits[2] == 0));
    for (std::size_t i = 3; i < 6; ++i) {
      CAPTURE(waits[i]);
      const double most = static_cast<double>(i - 2) * 0.1;
      CHECK((waits[i] <= most && waits[i] > most - 0.05));
    }
    {
      const auto got = co_await one.take("https://b", how);
      CHECK(*got == 0ns);
    }
    {
      const auto got = co_await other.block("https://b", 5s);
      CHECK(got.has_value());
    }
    const auto blocked = co_await one.take("https://b", how);
    CHECK((*blocked > 4900ms && *blocked <= 5s));
    {
      const auto got = co_await other.block("https://b", 1s);
      CHECK(got.has_value());
    }  // a shorter one changes nothing
    {
      const auto got = co_await one.take("https://b", how);
      CHECK(*got > 4800ms);
    }
    // A bucket that is full again is none.
    co_await sleep_for(loop(), 1200ms);
    {
      const auto got = co_await one.take("https://a", how);
      CHECK(*got == 0ns);
    }
    const auto left = co_await redis->ask("PTTL", "cohttps:bucket:https://a");
    CHECK((left->number() > 0 && left->number() <= 2000));
    // Limits that never fill up again are no error.
    for (const double rate : {1e-6, 1e9}) {
      const rate_limit_options odd{.per_second = rate, .burst = 1};
      {
        const auto got = co_await one.take("https://odd" + std::to_string(rate), odd);
        CHECK(got.has_value());
      }
      {
        const auto got = co_await one.take("https://odd" + std::to_string(rate), odd);
        CHECK(got.has_value());
      }
    }
    (void)co_await redis->ask("SET", "cohttps:bucket:https://c", "mine");
    {
      const auto got = co_await one.take("https://c", how);
      CHECK(got.error().reason() == "redis_refused");
    }
  };
  run(work());
}

TEST_CASE("clients with shared buckets wait for each other, and alone while Redis is down") {
  redis_server at;
  cookie_server origin;
  const auto work = [&]() -> task<void> {
    std::vector<std::unique_ptr<client>> clients;
    auto where = at.options();
    where.timeout = 300ms;
    for (int i = 0; i < 2; ++i) {
      clients.push_back(std::make_unique<client>(client_options{.allow_plaintext = true}));
      clients.back()->use(rate_limiter({.per_second = 10, .burst = 1},
                                       std::make_shared<redis_token_buckets>(
                                           std::make_shared<redis_client>(loop(), where)))
                              .layer());
    }
    const std::string url = origin.url("/");
    auto started = clock_type::now();
    for (std::size_t i = 0; i < 6; ++i) co_await clients[i % 2]->get(url);
    CHECK(clock_type::now() - started >= 490ms);
    at.kill();
    started = clock_type::now();
    for (std::size_t i = 0; i < 6; ++i) co_await clients[i % 2]->get(url);
    // Each for itself: three tokens in 200 ms.
    CHECK(clock_type::now() - started >= 190ms);
  };
  run(work());
}

TEST_CASE("clients share their cookies in Redis") {
  redis_server at;
  cookie_server origin;
  const auto work = [&]() -> task<void> {
    auto redis = std::make_shared<redis_client>(loop(), at.options());
    int failures = 0;
    redis_cookies_options how{.refresh = 0ns, .on_error = [&](const error&) { ++failures; }};
    redis_cookies first(redis, how), second(redis, how);
    client a({.allow_plaintext = true, .cookies = first.jar()});
    client b({.allow_plaintext = true, .cookies = second.jar()});
    a.use(first.layer());
    b.use(second.layer());
    const std::string plain = origin.url("/");
    co_await a.get(origin.url("/?set=session=1;HttpOnly;Max-Age=1000"));
    co_await b.get(plain);
    CHECK(origin.last().find("\r\nCookie: session=1\r\n") != std::string::npos);
    co_await b.get(origin.url("/?set=session=2;HttpOnly;Max-Age=1000"));
    co_await b.get(origin.url("/?set=more=3"));
    co_await a.get(plain);
    CHECK(origin.last().find("\r\nCookie: session=2; more=3\r\n") != std::string::npos);
    const auto commands = [&]() -> task<std::string> {
      auto info = co_await redis->ask("INFO", "commandstats");
      const std::string text(info->text());
      const auto at_hset = text.find("cmdstat_hset:calls=");
      co_return at_hset == text.npos ? "" : text.substr(at_hset, text.find(',', at_hset) - at_hset);
    };
    const std::string before = co_await commands();
    co_await a.get(plain);
    {
      const auto got = co_await commands();
      CHECK(got == before);
    }  // nothing changed
    // A removed cookie is removed for all.
    co_await a.get(origin.url("/?set=session=;Max-Age=0"));
    co_await b.get(plain);
    CHECK(origin.last().find("\r\nCookie: more=3\r\n") != std::string::npos);
    // Many calls at the same time lose nothing.
    std::vector<task<bool>> many;
    const auto one = [&](client& c, int i) -> task<bool> {
      auto r = co_await c.get(origin.url("/?set=c" + std::to_string(i) + "=x"));
      co_return r.status() == 200;
    };
    for (int i = 0; i < 20; ++i) many.push_back(one(i % 2 ? a : b, i));
    (void)co_await when_all(std::move(many));
    redis_cookies third(redis, how);
    client c({.allow_plaintext = true, .cookies = third.jar()});
    c.use(third.layer());
    co_await c.get(plain);
    CHECK(third.jar()->with([](cookie_jar& jar) { return jar.size(); }) == 21);
    CHECK(failures == 0);
    const auto left = co_await redis->ask("PTTL", "cohttps:cookies");
    CHECK(left->number() > 29LL * 24 * 3600 * 1000);
    // Without Redis each goes on with what it has.
    at.kill();
    co_await a.get(plain);
    CHECK(origin.last().find("more=3") != std::string::npos);
    CHECK(failures > 0);
  };
  run(work());
}
