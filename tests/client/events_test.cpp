// Events and lines of responses, over one connection and over many.
#include "client/support.hpp"

#include <cohttps/client/event_reader.hpp>
#include <cohttps/event_source.hpp>
#include <cohttps/transport/sleep.hpp>

using namespace cohttps;
using namespace cohttps::testing;
using namespace std::chrono_literals;

namespace {

const std::string stream_fields = "Content-Type: text/event-stream; charset=utf-8\r\n";

std::string events_response(std::string body) {
  return plain_response(std::move(body), "200 OK", stream_fields);
}

}  // namespace

TEST_CASE("events and lines of one response") {
  plain_host at;
  at.host.then(events_response("event: a\ndata: 1\n\ndata: 2\n\ndata: half"))
      .then(plain_response("one\r\n\ntwo\nthree"));
  auto work = [&]() -> task<void> {
    client c(at.network.transport(), plain());
    event_reader events(co_await c.stream(method::get, "http://host/"));
    std::string got;
    while (auto e = co_await events.next())
      got += std::string(e->type) + '=' + std::string(e->data) + ' ';
    CHECK(got == "a=1 message=2 ");
    line_reader lines(co_await c.stream(method::get, "http://host/"));
    got.clear();
    while (auto line = co_await lines.next()) got += '[' + std::string(*line) + ']';
    CHECK(got == "[one][][two][three]");
  };
  at.network.run(work());
}

TEST_CASE("a line that is too long") {
  plain_host at;
  at.host.then(plain_response(std::string(300, 'x')));
  auto work = [&]() -> task<std::string> {
    client c(at.network.transport(), plain());
    line_reader lines(co_await c.stream(method::get, "http://host/"), 100);
    try {
      (void)co_await lines.next();
    } catch (const error& e) {
      co_return std::string(e.reason());
    }
    co_return "";
  };
  CHECK(at.network.run(work()) == "line_too_long");
}

TEST_CASE("a source of events connects again where it has ended, until 204") {
  plain_host at;
  at.host.then(events_response("retry: 500\nid: 7\ndata: one\n\n"))
      .then(plain_response("busy", "503 Unavailable"))
      .then(events_response("data: two\n\nid: 8\n\ndata: cut"))
      .then(plain_response("", "204 No Content"));
  auto work = [&]() -> task<void> {
    client c(at.network.transport(), plain());
    event_source events(c, request::to(method::get, "http://host/events"));
    const auto began = at.network.transport().now();
    std::string got;
    while (auto e = co_await events.next()) got += std::string(e->data) + ' ';
    CHECK(got == "one two ");
    CHECK(events.connections() == 4);
    CHECK(events.last_event_id() == "8");
    CHECK(at.network.transport().now() - began >= 1500ms);
    auto again = co_await events.next();
    CHECK_FALSE(again);
  };
  at.network.run(work());
  REQUIRE(at.host.requests.size() == 4);
  CHECK(at.host.requests[0].find("Last-Event-ID") == std::string::npos);
  CHECK(at.host.requests[0].find("\r\nAccept: text/event-stream\r\n") != std::string::npos);
  for (const std::size_t i : {1u, 2u})
    CHECK(at.host.requests[i].find("\r\nLast-Event-ID: 7\r\n") != std::string::npos);
  CHECK(at.host.requests[3].find("\r\nLast-Event-ID: 8\r\n") != std::string::npos);
}

TEST_CASE("a source of events stops at answers that are no stream") {
  for (const std::string& answer :
       {plain_response("no", "404 Not Found", stream_fields),
        plain_response("<p>", "200 OK", "Content-Type: text/html\r\n"), plain_response("x")}) {
    plain_host at;
    at.host.then(answer);
    auto work = [&]() -> task<std::string> {
      client c(at.network.transport(), plain());
      event_source events(c, request::to(method::get, "http://host/"));
      try {
        (void)co_await events.next();
      } catch (const error& e) {
        co_return std::string(e.reason());
      }
      co_return "";
    };
    CHECK(at.network.run(work()) == "not_an_event_stream");
    CHECK(at.host.requests.size() == 1);
  }
}

TEST_CASE("failures in a row are waited for longer and longer, and counted") {
  memory_network network;  // nobody listens
  auto work = [&]() -> task<void> {
    client c(network.transport(), plain());
    event_source events(c, request::to(method::get, "http://nowhere/"),
                        {.retry = 1s, .max_failures = 4});
    const auto began = network.transport().now();
    std::string reason;
    try {
      (void)co_await events.next();
    } catch (const error& e) {
      reason = e.reason();
    }
    CHECK_FALSE(reason.empty());
    CHECK(events.connections() == 5);
    CHECK(network.transport().now() - began >= 1s + 2s + 4s + 8s);
  };
  network.run(work());
}

TEST_CASE("a source of events is stopped while it waits") {
  memory_network network;
  auto work = [&]() -> task<void> {
    client c(network.transport(), plain());
    stop_source stop;
    auto asked = request::to(method::get, "http://nowhere/");
    asked.stop = stop;
    event_source events(c, std::move(asked), {.retry = 1h});
    auto waiting = [](event_source& e) -> task<std::string> {
      try {
        (void)co_await e.next();
      } catch (const error& failed) {
        co_return std::string(failed.reason());
      }
      co_return "";
    };
    auto stopping = [](memory_transport t, stop_source& s) -> task<void> {
      co_await sleep_for(t, 1s);
      s.request_stop();
    };
    auto [reason, nothing] =
        co_await when_all(waiting(events), stopping(network.transport(), stop));
    (void)nothing;
    CHECK(reason == "canceled");
  };
  network.run(work());
}
