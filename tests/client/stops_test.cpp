// Stops of one operation that come from several places, and operations that are started wrongly.
#include "client/http2_host.hpp"
#include "client/support.hpp"

#include <cohttps/task/when_any.hpp>
#include <cohttps/transport/sleep.hpp>

#include <array>
#include <functional>
#include <optional>
#include <stop_token>

using namespace cohttps;
using namespace cohttps::testing;
using namespace std::chrono_literals;

namespace {

/// A host that accepts requests and never answers.
memory_network::server silent() {
  return [](memory_stream s) -> task<void> {
    std::byte in[1000];
    while (true) {
      auto got = co_await s.read_some(in, {});
      if (!got || *got == 0) co_return;
    }
  };
}

/// The stops that an operation is given, by every way there is.
struct stops {
  stop_source option;
  stop_source first;
  stop_source second;
  std::stop_source remote_first;
  std::stop_source remote_second;

  void ask(int which) {
    if (which == 0) option.request_stop();
    if (which == 1) first.request_stop();
    if (which == 2) second.request_stop();
    if (which == 3) remote_first.request_stop();
    if (which == 4) remote_second.request_stop();
  }
  static constexpr int count = 5;

  client::try_operation give(client& c, const method& verb = method::post) {
    return c.try_send(verb, "http://host/", {.content = "x", .timeout = 60s, .stop = option})
        .with_stop(first)
        .with_stop(remote_first.get_token())
        .with_stop(second)
        .with_stop(remote_second.get_token());
  }
};

}  // namespace

TEST_CASE("each of several stops ends an operation, awaited or raced") {
  for (const bool raced : {false, true}) {
    for (int which = 0; which < stops::count; ++which) {
      CAPTURE(raced, which);
      memory_network network;
      network.listen("host", 80, silent());
      stops all;
      std::optional<error> ended;
      auto ask = [&]() -> task<void> {
        client c(network.transport(), plain());
        if (!raced) {
          auto r = co_await all.give(c);
          if (!r) ended = r.error();
          co_return;
        }
        auto first = co_await when_any(all.give(c), sleep_for(network.transport(), 20s));
        REQUIRE(first.index() == 0);
        if (!std::get<0>(first)) ended = std::get<0>(first).error();
      };
      auto stop = [&]() -> task<void> {
        co_await sleep_for(network.transport(), 1s);
        all.ask(which);
      };
      const auto begun = network.loop().now();
      auto both = [&]() -> task<void> { co_await when_all(ask(), stop()); };
      network.run(both());
      REQUIRE(ended);
      CHECK(ended->category() == error_category::canceled);
      CHECK(ended->replay() == replay_safety::maybe_processed);
      CHECK(network.loop().now() - begun < 2s);
    }
  }
}

TEST_CASE("a stop that was asked for before the start sends nothing") {
  for (const bool kept : {false, true}) {
    for (const bool http2 : {false, true}) {
      for (int which = 0; which < stops::count; ++which) {
        CAPTURE(kept, http2, which);
        memory_network network;
        scripted_host host;
        http2_host host2;
        host.then(plain_response("x")).then(plain_response("x"));
        network.listen("host", 80, http2 ? host2.plain() : host.plain());
        auto work = [&]() -> task<void> {
          client c(network.transport(), http2 ? prior_knowledge() : plain());
          if (kept) (void)co_await c.get("http://host/");
          stops all;
          all.ask(which);
          auto r = co_await all.give(c);
          REQUIRE_FALSE(r);
          CHECK(r.error().reason() == "canceled");
          CHECK(r.error().category() == error_category::canceled);
          CHECK(r.error().replay() == replay_safety::not_sent);
          // The connection that was kept is still there.
          CHECK(c.statistics().idle == (kept ? 1u : 0u));
        };
        network.run(work());
        network.run_servers();
        CHECK(host.requests.size() + host2.requests() == (kept ? 1u : 0u));
      }
    }
  }
}

TEST_CASE("a stopped stream is canceled before its head, and by std::stop_token behind it, too") {
  for (int which = 0; which < stops::count; ++which) {
    CAPTURE(which);
    memory_network network;
    scripted_host host;
    host.then("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", after::hang);
    network.listen("host", 80, host.plain());
    stops all;
    auto work = [&]() -> task<void> {
      client c(network.transport(), plain());
      auto stream = co_await c.stream(method::get, "http://host/", {.stop = all.option})
                        .with_stop(all.first)
                        .with_stop(all.remote_first.get_token())
                        .with_stop(all.second)
                        .with_stop(all.remote_second.get_token());
      auto part = co_await stream.try_read();
      CHECK(part.has_value());
      all.ask(which);
      part = co_await stream.try_read();
      REQUIRE_FALSE(part);
      const bool of_the_head_alone = which == 1 || which == 2;
      CHECK(part.error().category() ==
            (of_the_head_alone ? error_category::timeout : error_category::canceled));
    };
    network.run(work());
  }
}

TEST_CASE("stops of a sleep add up") {
  for (int which = 0; which < 3; ++which) {
    memory_network network;
    std::array<stop_source, 3> all;
    auto work = [&]() -> task<void> {
      auto ask = [&]() -> task<void> {
        co_await sleep_for(network.transport(), 1s);
        all[static_cast<std::size_t>(which)].request_stop();
      };
      auto nap = [&]() -> task<bool> {
        co_return co_await sleep_for(network.transport(), 10s, all[0])
            .with_stop(all[1])
            .with_stop(all[2]);
      };
      auto [elapsed, nothing] = co_await when_all(nap(), ask());
      CHECK_FALSE(elapsed);
    };
    const auto begun = network.loop().now();
    network.run(work());
    CHECK(network.loop().now() - begun == 1s);
  }
}

TEST_CASE("an operation that is started twice fails, and its client goes on") {
  plain_host at;
  at.host.then(plain_response("x")).then(plain_response("y"));
  auto work = [&]() -> task<void> {
    client c(at.network.transport(), plain());
    auto once = c.try_get("http://host/");
    auto first = co_await std::move(once);
    CHECK(first->text() == "x");
    auto second = co_await std::move(once);  // NOLINT(bugprone-use-after-move)
    REQUIRE_FALSE(second);
    CHECK(second.error().reason() == "awaited_twice");
    auto third = co_await c.get("http://host/");
    CHECK(third.text() == "y");
  };
  at.network.run(work());
}

TEST_CASE("a client or an operation that was moved from says so") {
  plain_host at;
  at.host.then(plain_response("x")).then(plain_response("y"));
  auto work = [&]() -> task<void> {
    client c(at.network.transport(), plain());
    auto operation = c.try_get("http://host/");
    client other = std::move(c);
    auto moved = std::move(operation);
    auto reason_of = [](auto r) { return r ? "" : std::string(r.error().reason()); };
    // NOLINTBEGIN(bugprone-use-after-move)
    auto of_operation = co_await std::move(operation);
    CHECK(reason_of(std::move(of_operation)) == "moved_from");
    auto of_client = co_await c.try_get("http://host/");
    CHECK(reason_of(std::move(of_client)) == "moved_from");
    std::string reasons;
    const auto note = [&](const error& e) { reasons += std::string(e.reason()) + ' '; };
    try {
      (void)co_await c.stream(method::get, "http://host/");
    } catch (const error& e) {
      note(e);
    }
    try {
      (void)co_await c.download("http://host/", "/nowhere/x");
    } catch (const error& e) {
      note(e);
    }
    try {
      (void)co_await c.upgrade("http://host/", "websocket");
    } catch (const error& e) {
      note(e);
    }
    try {
      (void)co_await c.connect("http://host/");
    } catch (const error& e) {
      note(e);
    }
    CHECK(reasons == "moved_from moved_from moved_from moved_from ");
    CHECK(c.statistics().open == 0);
    c.close_idle();
    co_await c.close();
    // NOLINTEND(bugprone-use-after-move)
    auto answered = co_await std::move(moved);
    CHECK(answered->text() == "x");
    auto stream = co_await other.stream(method::get, "http://host/");
    auto taken = std::move(stream);
    // NOLINTBEGIN(bugprone-use-after-move)
    CHECK(stream.status() == 0);
    auto part = co_await stream.try_read();
    CHECK(reason_of(std::move(part)) == "moved_from");
    // NOLINTEND(bugprone-use-after-move)
    part = co_await taken.try_read();
    CHECK(part->size() == 1);
  };
  at.network.run(work());
}

TEST_CASE("an empty response says that it is empty") {
  const response r;
  CHECK(r.status() == 0);
  CHECK_FALSE(r.ok());
  CHECK(r.text().empty());
  CHECK(r.headers().empty());
  CHECK(r.history().empty());
  CHECK_THROWS_AS(r.url(), error);
  CHECK_THROWS_AS(r.connection(), error);
  CHECK_THROWS_AS(r.require_success(), error);
  const download_result d;
  CHECK(d.status() == 0);
  CHECK_THROWS_AS(d.url(), error);
  CHECK_THROWS_AS(d.connection(), error);
}
