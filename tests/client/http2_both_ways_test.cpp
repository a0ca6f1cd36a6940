// Answers over HTTP/2 that come while the content of their request is sent.
#include "client/both_ways.hpp"
#include "client/http2_host.hpp"
#include "support/sweep.hpp"

#include <cohttps/transport/sleep.hpp>

using namespace cohttps;
using namespace cohttps::testing;
using namespace std::chrono_literals;

namespace {

void begin_echo(http2_host::served& s, http2_request& r) {
  s.peer.pipes = true;
  s.peer.begin(r.id, {{":status", "200"}});
}

template <class Check>
void with_echo(Check check, std::function<void(http2_host::served&, http2_request&)> answer) {
  for (const std::size_t read_limit : {std::size_t{700}, SIZE_MAX}) {
    memory_network network;
    network.read_limit = read_limit;
    http2_host host;
    host.early = true;
    host.answer = answer;
    network.listen("host", 80, host.plain());
    check(echoing_network{network, prior_knowledge});
    CHECK(host.connections.size() == 1);
  }
}

}  // namespace

TEST_CASE("HTTP/2: a server that sends its answer while it reads") {
  with_echo(check_echoes, begin_echo);
}

TEST_CASE("HTTP/2: content that is made of the answer to it") {
  with_echo(check_a_conversation, begin_echo);
}

TEST_CASE("HTTP/2: content that fails behind the answer's head") {
  with_echo(check_failing_sources, begin_echo);
}

TEST_CASE("HTTP/2: a stream that is destroyed while content goes out") {
  with_echo(check_destroyed_streams, begin_echo);
}

TEST_CASE("HTTP/2: progress both ways at a time") {
  with_echo(check_progress_both_ways, begin_echo);
}

TEST_CASE("HTTP/2: the idle limit counts both ways") {
  with_echo(check_limit_both_ways, [](http2_host::served& s, http2_request& r) {
    s.peer.reads_content = false;
    s.peer.begin(r.id, {{":status", "200"}});
  });
}

TEST_CASE("HTTP/2: any operation may fail or be stopped while content goes both ways") {
  for_each_fault([](memory_network& network, stop_source& stop) {
    network.capacity = 16 * 1024;
    http2_host host;
    host.early = true;
    host.answer = begin_echo;
    network.listen("host", 80, host.plain());
    auto work = [&]() -> task<result<response>> {
      client c(network.transport(), prior_knowledge());
      auto r =
          co_await c.try_send(method::post, "http://host/", in_pieces(network, 3), {.stop = stop});
      if (r) CHECK(r->content().size() == 120'000);
      const auto left = c.statistics();
      CHECK(left.active == 0);
      CHECK(left.open == left.idle);
      co_return r;
    };
    auto outcome = network.run(work());
    network.run_servers();
    return outcome;
  });
}

// RFC 9113, 8.1.
TEST_CASE("HTTP/2: a complete answer before the end of the content") {
  for (const bool resets : {false, true}) {
    for (const bool reads : {false, true}) {
      CAPTURE(resets, reads);
      memory_network network;
      http2_host host;
      host.early = true;
      host.answer = [resets](http2_host::served& s, http2_request& r) {
        s.peer.respond(r.id, {{":status", "200"}}, "enough");
        if (!resets) return;
        s.peer.on_content = [&s](http2_request& request, std::string_view) {
          if (request.content.size() == 5000) s.peer.reset(request.id, NGHTTP2_NO_ERROR);
        };
      };
      network.listen("host", 80, host.plain());
      std::size_t asked_for = 0;
      auto endless = [&]() -> task<std::string> {
        co_await sleep_for(network.transport(), 1ms);
        co_return ++asked_for == 50 && !resets ? std::string() : std::string(1000, 'x');
      };
      auto work = [&]() -> task<void> {
        client c(network.transport(), prior_knowledge());
        {
          auto stream =
              co_await c.stream(method::post, "http://host/", content::generated(endless));
          CHECK(stream.status() == 200);
          auto first = co_await stream.read();
          CHECK(first.size() == 6);
          if (reads) {
            auto end = co_await stream.read();
            CHECK(end.empty());
            CHECK(stream.complete());
          }
        }
        co_await sleep_for(network.transport(), 1s);
      };
      network.run(work());
      network.run_servers();
      REQUIRE(host.connections.size() == 1);
      const auto& peer = host.connections.front().peer;
      // A server that is not sent the rest of the content is told so, without blame.
      if (resets || reads) CHECK(asked_for < 10);
      if (!resets) CHECK(peer.resets.at(1) == NGHTTP2_NO_ERROR);
    }
  }
}
