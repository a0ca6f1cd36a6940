// Whole requests with each allocation failing in turn: an error or success, never an end of the
// program.
#include "servers/client_support.hpp"
#include "servers/http2_servers.hpp"
#include "support/allocations.hpp"

#include <cohttps/task/when_all.hpp>

#include <cstdint>
#include <cstdlib>
#include <functional>
#include <new>
#include <string>

using namespace cohttps;
using namespace cohttps::testing;
using namespace std::chrono_literals;

namespace {

// Botan's pool of locked memory allocates where it takes memory back, which nobody can catch. The
// pool is made before main is entered, so it is turned off before that.
[[gnu::constructor(101)]] void turn_off_locked_memory() { setenv("BOTAN_MLOCK_POOL_SIZE", "0", 1); }

/// Makes the allocations of this thread fail: the one after `n`, and no other.
struct failing_allocation {
  explicit failing_allocation(std::int64_t n) noexcept { allocations::until_failure = n; }
  failing_allocation(const failing_allocation&) = delete;
  failing_allocation& operator=(const failing_allocation&) = delete;
  ~failing_allocation() { allocations::until_failure = -1; }
  /// There were fewer.
  static bool pending() noexcept { return allocations::until_failure >= 0; }
};

struct outcome {
  bool reached = false;  ///< an allocation failed
  bool succeeded = false;
  std::string why;
};

/// One request by a client of its own, or a second one of a client whose first one went well.
outcome ask(const client_options& options, std::int64_t nth, bool second,
            const std::function<task<result<response>>(client&)>& request) {
  outcome seen;
  const auto work = [&]() -> task<void> {
    client c(options);
    if (second) {
      auto first = co_await request(c);
      REQUIRE(first);
    }
    {
      const failing_allocation failing(nth);
      try {
        auto r = co_await request(c);
        seen.reached = !failing_allocation::pending();
        seen.succeeded = r.has_value();
        if (!r) seen.why = r.error().what();
      } catch (const std::bad_alloc&) {
        seen.reached = true;
        seen.why = "std::bad_alloc";
      }
    }
    // The client goes on.
    c.close_idle();
    auto after = co_await request(c);
    if (!after) FAIL_CHECK(after.error().what());
  };
  try {
    run(work());
  } catch (const std::bad_alloc&) {  // from inside of the loop
    allocations::until_failure = -1;
    seen.reached = true;
  }
  return seen;
}

void sweep(const client_options& options,
           const std::function<task<result<response>>(client&)>& request) {
#if defined(COHTTPS_TEST_COUNTS_BY_HOOK)
  SKIP("ThreadSanitizer's allocations cannot be made to fail");
#endif
  for (const bool second : {false, true}) {
    std::int64_t nth = 0;
    std::size_t failures = 0;
    for (;; ++nth) {
      CAPTURE(second, nth);
      const outcome seen = ask(options, nth, second, request);
      if (!seen.reached) break;
      failures += !seen.succeeded;
      REQUIRE(nth < 20'000);
    }
    CHECK((nth > 0 || second));
    CHECK((failures > 0 || second));
  }
}

task<result<response>> get_small(client& c, std::string url) { co_return co_await c.try_get(url); }
task<result<response>> put_large(client& c, std::string url) {
  co_return co_await c.try_send(method::put, url, content(std::string(40'000, 'x')));
}

}  // namespace

TEST_CASE("allocations fail one by one: http") {
  auto& server = web_server();
  sweep(plain(),
        [url = server.url(site::plain, "/small.txt")](client& c) { return get_small(c, url); });
}

TEST_CASE("allocations fail one by one: requests that wait for each other") {
  auto& server = web_server();
  client_options options = plain();
  options.pool.per_host = 1;
  sweep(options,
        [url = server.url(site::plain, "/small.txt")](client& c) -> task<result<response>> {
          const auto once = [&]() -> task<result<response>> {
            co_return co_await c.try_get(url, {.headers = {{"connection", "close"}}});
          };
          auto [first, second, third] = co_await when_all(once(), once(), once());
          for (auto* each : {&first, &second, &third})
            if (!*each) co_return std::move(*each);
          co_return std::move(third);
        });
}

TEST_CASE("allocations fail one by one: https, TLS 1.2 and 1.3") {
  auto& server = web_server();
  for (const site at : {site::ecdsa_12, site::ecdsa_13})
    sweep(trusting(),
          [url = server.url(at, "/small.txt")](client& c) { return get_small(c, url); });
}

TEST_CASE("allocations fail one by one: content up") {
  auto& server = web_server();
  sweep(trusting(),
        [url = server.url(site::both, "/form")](client& c) { return put_large(c, url); });
}

#ifdef COHTTPS_HAS_NGHTTP2
TEST_CASE("allocations fail one by one: HTTP/2") {
  const http2_site site;
  const http2_server server(site, "nginx");
  client_options options{.tls = tls_context({.system_roots = false, .root_pem = site.root_pem()}),
                         .versions = http_versions::http_2};
  sweep(options, [url = server.url("/small.txt")](client& c) { return get_small(c, url); });
}
#endif
