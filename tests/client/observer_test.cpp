#include "client/support.hpp"

#include <cohttps/connection/observer.hpp>

using namespace cohttps;
using namespace cohttps::testing;
using namespace std::chrono_literals;

namespace {

/// Writes down what it is told.
struct diary : observer {
  std::vector<std::string> lines;

  void on_assigned(const events::assigned& e) override {
    lines.push_back("assigned " + e.to.text() + (e.reused ? " reused" : " new"));
  }
  void on_resolved(const events::resolved& e) override {
    lines.push_back("resolved " + std::string(e.host));
  }
  void on_connected(const events::connected&) override { lines.push_back("connected"); }
  void on_secured(const events::secured& e) override {
    lines.push_back("secured " + e.tls.protocol);
  }
  void on_sending(const events::sending& e) override {
    lines.push_back("sending " + std::string(e.verb.text()) + " " + std::string(e.to.path()) +
                    " attempt " + std::to_string(e.attempt));
    if (!e.headers.contains("traceparent")) e.headers.append_unchecked("traceparent", "00-1-2-01");
  }
  void on_received(const events::received& e) override {
    lines.push_back("received " + std::to_string(e.status));
  }
  void on_redirected(const events::redirected& e) override {
    lines.push_back("redirected to " + std::string(e.to.path()));
  }
  void on_retrying(const events::retrying& e) override {
    lines.push_back("retrying " + std::to_string(e.attempt) + " for " +
                    (e.why ? std::string(e.why->reason()) : std::to_string(e.status)));
  }
  void on_completed(const events::completed& e) override {
    lines.push_back("completed " + std::to_string(e.status));
  }
  void on_queued(const events::queued&) override { lines.push_back("queued"); }
  void on_closed(const events::closed& e) override {
    lines.push_back("closed after " + std::to_string(e.exchanges));
  }
  void on_failed(const events::failed& e) override {
    lines.push_back("failed " + std::string(e.why.reason()));
  }
};

}  // namespace

TEST_CASE("an observer is told of every step, in order, and may add fields") {
  memory_network network;
  scripted_host host;
  host.then(plain_response("", "302 Found", "Location: /there\r\n"))
      .then(plain_response("", "503 Service Unavailable"))
      .then(plain_response("there"));
  network.listen("localhost", 443, host.tls(localhost_certificate()));
  const auto told = std::make_shared<diary>();
  client_options options = trusting();
  options.observers = {told};
  options.retry.attempts = 2;
  auto work = [&]() -> task<void> {
    client c(network.transport(), options);
    auto r = co_await c.get("https://localhost/here");
    CHECK(r.text() == "there");
    auto refused = co_await c.try_get("http://localhost/");
    CHECK_FALSE(refused);
    c.close_idle();
  };
  network.run(work());
  CHECK(told->lines == std::vector<std::string>{
                           "assigned https://localhost new", "resolved localhost", "connected",
                           "secured TLS 1.3", "sending GET /here attempt 1", "received 302",
                           "redirected to /there", "assigned https://localhost reused",
                           "sending GET /there attempt 1", "received 503", "retrying 2 for 503",
                           "assigned https://localhost reused", "sending GET /there attempt 2",
                           "received 200", "completed 200", "failed plaintext_refused",
                           "closed after 3"});
  for (const auto& request : host.requests)
    CHECK(request.find("\r\ntraceparent: 00-1-2-01\r\n") != std::string::npos);
}

TEST_CASE("an observer is told of the queue") {
  plain_host at;
  at.host.then(plain_response("1")).then(plain_response("2"));
  const auto told = std::make_shared<diary>();
  client_options options = plain();
  options.observers = {told};
  options.pool.per_host = 1;
  auto work = [&]() -> task<void> {
    client c(at.network.transport(), options);
    auto [first, second] = co_await when_all(c.try_get("http://host/"), c.try_get("http://host/"));
    CHECK(second.has_value());
  };
  at.network.run(work());
  CHECK(std::ranges::count(told->lines, "queued") == 1);
  CHECK(std::ranges::count(told->lines, "assigned http://host reused") == 1);
}

TEST_CASE("observers see an event one after another") {
  plain_host at;
  at.host.then(plain_response("x"));
  const auto first = std::make_shared<diary>(), second = std::make_shared<diary>();
  client_options options = plain();
  options.observers = {first, second};
  auto r = get(at.network, "http://host/", options);
  REQUIRE(r);
  CHECK(first->lines.size() > 3);
  CHECK(first->lines == second->lines);
}

TEST_CASE("fields of an observer are of one sending alone") {
  // Adds a key for one origin, says who is traced, and takes a field away.
  struct adding : observer {
    int sent = 0;
    void on_sending(const events::sending& e) override {
      if (e.to.host() == "a.test") (void)e.headers.append("x-api-key", "of a.test");
      (void)e.headers.append("traceparent", std::to_string(++sent));
      e.headers.erase("x-internal");
      (void)e.headers.set("accept", "changed/" + std::to_string(sent));
    }
  };
  memory_network network;
  scripted_host a, b;
  a.then(plain_response("", "503 Service Unavailable"))
      .then(plain_response("", "302 Found", "Location: http://b.test/\r\n"));
  b.then(plain_response("there"));
  network.listen("a.test", 80, a.plain());
  network.listen("b.test", 80, b.plain());
  client_options options = plain();
  options.observers = {std::make_shared<adding>()};
  options.retry.attempts = 2;
  auto work = [&]() -> task<void> {
    client c(network.transport(), options);
    auto r = co_await c.get("http://a.test/", {.headers = {{"x-internal", "1"}, {"x-kept", "2"}}});
    CHECK(r.text() == "there");
  };
  network.run(work());
  REQUIRE(a.requests.size() == 2);
  REQUIRE(b.requests.size() == 1);
  const auto count = [](std::string_view text, std::string_view what) {
    std::size_t n = 0;
    for (auto at = text.find(what); at != text.npos; at = text.find(what, at + 1)) ++n;
    return n;
  };
  int number = 0;
  for (const std::string& request : {a.requests[0], a.requests[1], b.requests[0]}) {
    CAPTURE(request);
    ++number;
    CHECK(count(request, "traceparent: ") == 1);
    CHECK(count(request, "traceparent: " + std::to_string(number)) == 1);
    CHECK(count(request, "accept: ") == 1);
    CHECK(count(request, "accept: changed/" + std::to_string(number)) == 1);
    CHECK(count(request, "x-api-key: ") == (number < 3 ? 1 : 0));
    CHECK(count(request, "x-internal: ") == 0);
    CHECK(count(request, "x-kept: 2") == 1);
  }
}
