// A limit of requests to each origin.
#include "client/support.hpp"

#include <cohttps/rate_limit.hpp>

using namespace cohttps;
using namespace cohttps::testing;
using namespace std::chrono_literals;

TEST_CASE("requests wait for tokens of their origin, and for Retry-After") {
  plain_host at;
  scripted_host other;
  at.network.listen("other", 80, other.plain());
  for (int i = 0; i < 4; ++i) at.host.then(plain_response("x"));
  at.host.then(plain_response("slow", "429 Too Many Requests", "Retry-After: 7\r\n"))
      .then(plain_response("x"))
      .then(plain_response("x"));
  other.then(plain_response("y"));
  auto work = [&]() -> task<void> {
    client c(at.network.transport(), plain());
    c.use(rate_limiter({.per_second = 2, .burst = 2}).layer());
    const auto began = at.network.transport().now();
    const auto passed = [&] { return at.network.transport().now() - began; };
    co_await c.get("http://host/");
    co_await c.get("http://host/");
    CHECK(passed() == 0s);
    co_await c.get("http://host/");
    CHECK(passed() == 500ms);
    co_await c.get("http://other/");
    CHECK(passed() == 500ms);
    co_await c.get("http://host/");
    CHECK(passed() == 1s);
    auto refused = co_await c.get("http://host/");
    CHECK((refused.status() == 429 && passed() == 1500ms));
    co_await c.get("http://host/");
    CHECK(passed() == 8500ms);
    // The wait is inside the limit of time of a call.
    client slow(at.network.transport(), plain());
    slow.use(rate_limiter({.per_second = 0.1, .burst = 1}).layer());
    co_await slow.get("http://host/");
    auto late = co_await slow.try_get("http://host/", {.timeout = 100ms});
    REQUIRE_FALSE(late);
    CHECK(late.error().category() == error_category::timeout);
  };
  at.network.run(work());
}
