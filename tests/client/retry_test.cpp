#include "client/support.hpp"

#include <cohttps/client/retry.hpp>
#include <cohttps/transport/sleep.hpp>

using namespace cohttps;
using namespace cohttps::testing;
using namespace std::chrono_literals;

namespace {

constexpr auto now = std::chrono::sys_days(std::chrono::year(2026) / 11 / 23);
constexpr std::uint32_t half = 0x80000000u;

}  // namespace

TEST_CASE("waits double up to the longest, and are a random part of that") {
  const retry_options options{.attempts = 6, .first_delay = 100ms, .longest_delay = 500ms};
  retry_budget budget(1);
  retry_schedule schedule(options);
  for (auto limit : {100ms, 200ms, 400ms, 500ms, 500ms}) {
    schedule.begin_attempt();
    CHECK(schedule.attempts_left());
    CHECK(schedule.next_delay(nullptr, budget, half, now) == limit / 2);
    CHECK(schedule.next_delay(nullptr, budget, 0, now) == 0ns);
  }
  schedule.begin_attempt();
  CHECK_FALSE(schedule.attempts_left());
}

TEST_CASE("Retry-After is honoured as far as it is bearable") {
  struct {
    std::string_view value;
    std::optional<std::chrono::nanoseconds> wait;
  } cases[] = {{"7", 7s},
               {"30", 30s},
               {"31", {}},
               {"99999999999999999999", 100ms},
               {"18446744073709551615", {}},
               {"-1", 100ms},
               {"soon", 100ms},
               {"Mon, 23 Nov 2026 00:00:09 GMT", 9s},
               {"Mon, 23 Nov 2026 00:01:00 GMT", {}},
               {"Fri, 31 Dec 9999 23:59:59 GMT", {}},
               {"Sat, 01 Jan 0000 00:00:00 GMT", 100ms},
               {"Sun, 22 Nov 2026 00:00:00 GMT", 100ms}};
  const retry_options options{.attempts = 2, .first_delay = 200ms};
  for (const auto& c : cases) {
    CAPTURE(c.value);
    fields headers;
    headers.append_unchecked("retry-after", c.value);
    retry_budget budget(1);
    retry_schedule schedule(options);
    schedule.begin_attempt();
    CHECK(schedule.next_delay(&headers, budget, half, now) == c.wait);
  }
}

TEST_CASE("retries are a share of the requests") {
  retry_budget budget(0.5);
  int free = 0;
  while (budget.take_retry()) ++free;
  CHECK(free == 10);
  budget.add_request();
  CHECK_FALSE(budget.take_retry());
  budget.add_request();
  CHECK(budget.take_retry());
  CHECK_FALSE(budget.take_retry());
}

TEST_CASE("a request is sent again until it is answered well, in new connections or old") {
  memory_network network;
  scripted_host host;
  host.then(plain_response("busy", "503 Service Unavailable", "Retry-After: 3\r\n"))
      .then("", after::close)
      .then("HTTP/1.1 200 OK\r\nContent-Len", after::close)
      .then(plain_response("fine"));
  network.listen("host", 80, host.plain());
  client_options options = plain();
  options.retry.attempts = 4;
  const auto started = network.loop().now();
  auto r = get(network, "http://host/", options);
  if (!r) FAIL(r.error().what());
  CHECK(r->text() == "fine");
  CHECK(host.requests.size() == 4);
  CHECK(network.loop().now() - started >= 3s);
  CHECK(network.open_streams == 0);
}

TEST_CASE("without a policy an answer is an answer, and a loss an error") {
  plain_host at;
  at.host.then(plain_response("busy", "503 Service Unavailable"));
  CHECK(get(at.network, "http://host/")->status() == 503);
  at.host.then("", after::close);
  CHECK(get(at.network, "http://host/").error().category() == error_category::peer_closed);
  CHECK(at.host.requests.size() == 2);
}

TEST_CASE("what may have been acted on is sent again only with a key") {
  for (const bool keyed : {false, true}) {
    CAPTURE(keyed);
    plain_host at;
    at.host.then("", after::close).then(plain_response("done"));
    client_options options = plain();
    options.retry = {.attempts = 3, .idempotency_key = keyed};
    auto r = send(at.network, method::post, "http://host/", {.content = "order"}, options);
    CHECK(r.has_value() == keyed);
    REQUIRE(at.host.requests.size() == (keyed ? 2 : 1));
    if (!keyed) continue;
    CHECK(at.host.requests[0] == at.host.requests[1]);
    const auto at_key = at.host.requests[0].find("\r\nIdempotency-Key: ");
    REQUIRE(at_key != std::string::npos);
    const auto key = at.host.requests[0].substr(at_key + 19, 36);
    CHECK(key[14] == '4');
    auto other = send(at.network, method::get, "http://host/", {}, options);
    CHECK(at.host.requests.back().find("idempotency-key") == std::string::npos);
  }
}

TEST_CASE("a host that refuses is tried again later, and the wait can be stopped") {
  memory_network network;
  client_options options = plain();
  options.retry = {.attempts = 5, .first_delay = 10s};
  stop_source stop;
  const auto started = network.loop().now();
  auto work = [&]() -> task<result<response>> {
    client c(network.transport(), options);
    const request_options how{.stop = stop};
    co_return co_await c.try_get("http://10.1.1.1/", how);
  };
  auto stopper = [&]() -> task<void> {
    co_await sleep_for(network.transport(), 1ms);
    stop.request_stop();
  };
  auto both = [&]() -> task<result<response>> {
    auto [outcome, _] = co_await when_all(work(), stopper());
    co_return std::move(outcome);
  };
  auto r = network.run(both());
  REQUIRE_FALSE(r);
  CHECK(r.error().category() == error_category::canceled);
  CHECK(r.error().replay() == replay_safety::not_sent);
  CHECK(network.loop().now() - started == 1ms);
}

TEST_CASE("a 408 on a kept connection is a connection that has died") {
  const std::string timed_out = plain_response("", "408 Request Timeout", "Connection: close\r\n");
  for (const method& verb : {method::get, method::post}) {
    plain_host at;
    at.host.then(plain_response("first")).then(timed_out, after::close).then(plain_response("x"));
    auto work = [&]() -> task<void> {
      client c(at.network.transport(), plain());
      (void)co_await c.get("http://host/");
      auto r = co_await c.send(verb, "http://host/", {.content = verb == method::get ? "" : "y"});
      CHECK(r.status() == 200);
      CHECK_FALSE(r.on_reused_connection());
    };
    at.network.run(work());
    CHECK(at.host.connections == 2);
    CHECK(at.host.requests.size() == 3);
  }
  // On a new one it is the server's answer.
  plain_host at;
  at.host.then(timed_out, after::close);
  auto r = get(at.network, "http://host/");
  REQUIRE(r);
  CHECK(r->status() == 408);
}
