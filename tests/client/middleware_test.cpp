// Layers around the calls of a client.
#include "client/support.hpp"

#include <cohttps/middleware.hpp>
#include <cohttps/task/when_any.hpp>
#include <cohttps/transport/sleep.hpp>

using namespace cohttps;
using namespace cohttps::testing;
using namespace std::chrono_literals;

namespace {

/// A layer that notes when it is entered and left.
middleware noting(std::vector<std::string>& notes, std::string name) {
  return [&notes, name](request& r, next_handler next) -> task<result<response>> {
    notes.push_back(name + '>');
    auto answered = co_await next(r);
    notes.push_back('<' + name + (answered ? std::to_string(answered->status()) : "error"));
    co_return answered;
  };
}

task<std::string> content_of(response_stream stream) {
  std::string all;
  while (true) {
    const auto part = co_await stream.read();
    if (part.empty()) break;
    all.append(reinterpret_cast<const char*>(part.data()), part.size());
  }
  co_return all;
}

}  // namespace

TEST_CASE("layers see a call in order, for collected and for streamed content") {
  plain_host at;
  at.host.then(plain_response("one")).then(plain_response("two"));
  std::vector<std::string> notes;
  auto work = [&]() -> task<void> {
    client c(at.network.transport(), plain());
    c.use(noting(notes, "a")).use(noting(notes, "b"));
    auto r = co_await c.get("http://host/");
    CHECK(r.text() == "one");
    auto stream = co_await c.stream(method::get, "http://host/");
    notes.push_back("read");
    auto text = co_await content_of(std::move(stream));
    CHECK(text == "two");
  };
  at.network.run(work());
  CHECK(notes == std::vector<std::string>{"a>", "b>", "<b200", "<a200", "a>", "b>", "<b200",
                                          "<a200", "read"});
}

TEST_CASE("a layer changes the request and the response") {
  plain_host at;
  at.host.then(plain_response("text", "200 OK", "X-Secret: 1\r\n"));
  auto work = [&]() -> task<void> {
    client c(at.network.transport(), plain());
    c.use([](request& r, next_handler next) -> task<result<response>> {
      CHECK_FALSE(next.streams());
      (void)r.headers.append("x-trace", "42");
      auto answered = co_await next(r);
      if (!answered) co_return answered;
      auto known = answered->metadata();
      known.head.headers.erase("x-secret");
      co_return response(std::move(known), recycled<std::string>());
    });
    auto r = co_await c.get("http://host/");
    CHECK(r.content().empty());
    CHECK_FALSE(r.header("x-secret"));
    CHECK(r.url().href() == "http://host/");
  };
  at.network.run(work());
  CHECK(at.host.requests.at(0).find("\r\nx-trace: 42\r\n") != std::string::npos);
}

TEST_CASE("a layer answers itself") {
  memory_network network;
  auto work = [&]() -> task<void> {
    client c(network.transport(), plain());
    c.use([](request& r, next_handler) -> task<result<response>> {
      if (r.url->path() == "/error")
        co_return fail(error_category::policy, "circuit_open", "the service is down");
      co_return response::make(203, {{"x-from", "layer"}}, "made up");
    });
    auto r = co_await c.get("http://nowhere/");
    CHECK((r.status() == 203 && r.text() == "made up" && r.header("x-from") == "layer"));
    CHECK(r.url().href() == "http://nowhere/");
    CHECK(r.connection().protocol.empty());
    auto stream = co_await c.stream(method::get, "http://nowhere/");
    CHECK(stream.status() == 203);
    auto text = co_await content_of(std::move(stream));
    CHECK(text == "made up");
    auto failed = co_await c.try_get("http://nowhere/error");
    CHECK(failed.error().reason() == "circuit_open");
    std::string reason;
    try {
      auto raw = co_await c.upgrade("http://nowhere/", "echo");
    } catch (const error& e) {
      reason = e.reason();
    }
    CHECK(reason == "not_upgraded");
  };
  network.run(work());
}

TEST_CASE("a layer repeats a request with its content") {
  plain_host at;
  for (int i = 0; i < 2; ++i)
    at.host.then(plain_response("no", "503 Unavailable")).then(plain_response("yes"));
  at.host.then(plain_response("no", "503 Unavailable"));
  auto work = [&]() -> task<void> {
    auto options = plain();
    options.expect_continue_over = SIZE_MAX;  // else no content is asked for
    client c(at.network.transport(), options);
    c.use([](request& r, next_handler next) -> task<result<response>> {
      while (true) {
        auto answered = co_await next(r);
        if (!answered || answered->status() != 503) co_return answered;
        co_await sleep_for(next.transport(), 1s, next.stop());
      }
    });
    auto r = co_await c.post("http://host/", {.content = "question"});
    CHECK(r.text() == "yes");
    auto stream = co_await c.stream(method::post, "http://host/", {.content = "question"});
    CHECK(stream.status() == 200);
    auto text = co_await content_of(std::move(stream));
    CHECK(text == "yes");
    // Content that can be given only once.
    bool given = false;
    auto once = content::generated(
        [&]() -> task<std::string> { co_return std::exchange(given, true) ? "" : "question"; });
    std::string reason;
    try {
      r = co_await c.post("http://host/", std::move(once));
    } catch (const error& e) {
      reason = e.reason();
    }
    CHECK(reason == "content_not_repeatable");
  };
  at.network.run(work());
  std::erase_if(at.host.requests, [](const auto& r) { return !r.starts_with("POST"); });
  REQUIRE(at.host.requests.size() == 5);
  for (std::size_t i = 0; i < 4; ++i)
    CHECK(at.host.requests[i].find("question") != std::string::npos);
}

TEST_CASE("the limit of a call and its stops hold for the layers, too") {
  plain_host at;
  at.host.then(plain_response("never", "200 OK"));
  auto work = [&]() -> task<void> {
    client c(at.network.transport(), plain());
    c.use([](request& r, next_handler next) -> task<result<response>> {
      co_await sleep_for(next.transport(), 1h, next.stop());
      co_return co_await next(r);
    });
    const auto began = at.network.transport().now();
    auto late = co_await c.try_get("http://host/", {.timeout = 2s});
    REQUIRE_FALSE(late);
    CHECK(late.error().category() == error_category::timeout);
    CHECK(at.network.transport().now() - began == 2s);
    stop_source stop;
    auto [stopped, nothing] =
        co_await when_all(c.try_get("http://host/").with_stop(stop),
                          [](memory_transport t, stop_source& s) -> task<void> {
                            co_await sleep_for(t, 1s);
                            s.request_stop();
                          }(at.network.transport(), stop));
    (void)nothing;
    REQUIRE_FALSE(stopped);
    CHECK(stopped.error().category() == error_category::canceled);
    stop_source before;
    before.request_stop();
    auto unsent = co_await c.try_get("http://host/", {.stop = before});
    CHECK(unsent.error().category() == error_category::canceled);
  };
  at.network.run(work());
  CHECK(at.host.requests.empty());
}

TEST_CASE("a layer sees why a call failed: its limit of time") {
  plain_host at;
  at.host.then("", after::hang).then("", after::hang);
  std::vector<error_category> seen;
  auto work = [&]() -> task<void> {
    client c(at.network.transport(), plain());
    c.use([&](request& r, next_handler next) -> task<result<response>> {
      auto answered = co_await next(r);
      if (!answered) seen.push_back(answered.error().category());
      co_return answered;
    });
    auto late = co_await c.try_get("http://host/", {.timeout = 2s});
    CHECK_FALSE(late);
    auto stream = co_await c.try_stream(method::get, "http://host/", {.timeout = 2s});
    CHECK_FALSE(stream);
  };
  at.network.run(work());
  CHECK(seen == std::vector(2, error_category::timeout));
}

TEST_CASE("several layers watch the content of a stream") {
  plain_host at;
  at.host.then(plain_response("first")).then(plain_response("second"));
  std::string watched;
  auto work = [&]() -> task<void> {
    client c(at.network.transport(), plain());
    for (const char name : {'a', 'b'})
      c.use([&, name](request& r, next_handler next) -> task<result<response>> {
        auto answered = co_await next(r);
        if (name == 'a') answered = co_await next(r);  // the watchers of the first one are gone
        next.watch_content([&, name](std::span<const std::byte> part) -> task<void> {
          watched += name;
          watched.append(reinterpret_cast<const char*>(part.data()), part.size());
          co_return;
        });
        co_return answered;
      });
    auto stream = co_await c.stream(method::get, "http://host/");
    auto text = co_await content_of(std::move(stream));
    CHECK(text == "second");
  };
  at.network.run(work());
  CHECK(watched == "bsecondasecondba");
}

TEST_CASE("an observer of one request") {
  struct noting_observer : observer {
    std::string seen;
    void on_assigned(const events::assigned&) override { seen += "assigned "; }
    void on_sending(const events::sending& e) override {
      (void)e.headers.append("x-observer", "1");
      seen += "sending ";
    }
    void on_sent(const events::sent& e) override {
      seen += e.headers.contains("x-observer") && e.connection ? "sent " : "? ";
    }
    void on_received(const events::received& e) override {
      seen += std::to_string(e.status) + ' ' + std::string(e.reason) + ' ';
    }
    void on_redirected(const events::redirected& e) override {
      seen += std::string(e.verb.text()) + (e.keeps_content ? " with content " : " ");
    }
    void on_completed(const events::completed&) override { seen += "completed"; }
  };
  plain_host at;
  at.host.then(plain_response("", "302 Found", "Location: /b\r\n")).then(plain_response("end"));
  const auto mine = std::make_shared<noting_observer>();
  auto work = [&]() -> task<void> {
    client c(at.network.transport(), plain());
    auto observed = request::to(method::post, "http://host/");
    observed.observers = {mine};
    auto r = co_await c.send(std::move(observed));
    CHECK(r.text() == "end");
    CHECK(mine.use_count() == 1);
  };
  at.network.run(work());
  CHECK(mine->seen == "assigned sending sent 302 Found GET assigned sending sent 200 OK completed");
}

TEST_CASE("a response that a layer drops does not stay open") {
  plain_host at;
  at.host.then(plain_response("long content")).then(plain_response("second"));
  auto work = [&]() -> task<void> {
    client c(at.network.transport(), plain());
    c.use([](request& r, next_handler next) -> task<result<response>> {
      auto first = co_await next(r);
      if (!first) co_return first;
      co_return response::make(200, {}, "mine");
    });
    auto stream = co_await c.stream(method::get, "http://host/");
    auto text = co_await content_of(std::move(stream));
    CHECK(text == "mine");
  };
  at.network.run(work());
  CHECK(at.network.open_streams == 0);
}

TEST_CASE("an exception of a layer leaves the call") {
  memory_network network;
  auto work = [&]() -> task<bool> {
    client c(network.transport(), plain());
    c.use([](request&, next_handler) -> task<result<response>> {
      throw std::runtime_error("bug");
      co_return response();
    });
    try {
      auto r = co_await c.try_get("http://host/");
    } catch (const std::runtime_error&) {
      co_return true;
    }
    co_return false;
  };
  CHECK(network.run(work()));
}

TEST_CASE("layers that are added during a call leave the running ones where they are") {
  plain_host at;
  at.host.then(plain_response("x")).then(plain_response("x"));
  std::vector<std::string> notes;
  auto work = [&]() -> task<void> {
    client c(at.network.transport(), plain());
    const std::string name(40, 'n');  // on the heap, so that a layer that has moved is seen
    c.use([&notes, &c, name](request& r, next_handler next) -> task<result<response>> {
      for (int i = 0; i < 20; ++i) c.use(noting(notes, "later"));
      auto answered = co_await next(r);
      notes.push_back(name);
      co_return answered;
    });
    auto first = co_await c.get("http://host/");
    CHECK(first.text() == "x");
    CHECK(notes == std::vector<std::string>{name});  // they are for later calls
  };
  at.network.run(work());
}
