// Answers over HTTP/1.1 that come while the content of their request is sent.
#include "client/both_ways.hpp"

#include "support/sweep.hpp"

#include <cohttps/middleware.hpp>

using namespace cohttps;
using namespace cohttps::testing;
using namespace std::chrono_literals;

namespace {

/// Sends the content of each request back as it comes, framed as it came: chunks as chunks, and
/// else with its length.
task<void> echo(memory_stream s) {
  std::string have;
  std::byte in[8192];
  const auto more = [&]() -> task<bool> {
    auto got = co_await s.read_some(in, {});
    if (!got || *got == 0) co_return false;
    have.append(reinterpret_cast<const char*>(in), *got);
    co_return true;
  };
  while (true) {
    std::size_t end;
    while ((end = have.find("\r\n\r\n")) == have.npos) {
      const bool came = co_await more();
      if (!came) co_return;
    }
    std::string head = have.substr(0, end + 2);
    for (char& c : head) c = ascii::to_lower(c);
    have.erase(0, end + 4);
    const auto length = head.find("content-length: ");
    std::string answer = "HTTP/1.1 200 OK\r\n";
    if (length == head.npos)
      answer += "Transfer-Encoding: chunked\r\n\r\n";
    else
      answer += head.substr(length, head.find("\r\n", length) + 2 - length) + "\r\n";
    const bool told = co_await write_all(s, answer);
    if (!told) co_return;
    std::size_t left = length == head.npos ? SIZE_MAX : std::stoul(head.substr(length + 16));
    std::string tail;
    while (left != 0) {
      if (have.empty()) {
        const bool came = co_await more();
        if (!came) co_return;
      }
      const std::string part = std::exchange(have, {});
      left -= std::min(left, part.size());
      tail = (tail + part.substr(part.size() - std::min<std::size_t>(part.size(), 7)));
      tail.erase(0, tail.size() - std::min<std::size_t>(tail.size(), 7));
      const bool sent = co_await write_all(s, part);
      if (!sent) co_return;
      if (length == head.npos && tail.ends_with("\r\n0\r\n\r\n")) break;
    }
  }
}

template <class Check>
void with_echo(Check check, memory_network::server server = echo) {
  for (const std::size_t read_limit : {std::size_t{700}, SIZE_MAX}) {
    memory_network network;
    network.read_limit = read_limit;
    network.listen("host", 80, server);
    check(echoing_network{network, [] {
                            client_options how = plain();
                            how.expect_continue_over = SIZE_MAX;
                            return how;
                          }});
  }
}

}  // namespace

TEST_CASE("HTTP/1.1: a server that sends its answer while it reads") { with_echo(check_echoes); }

TEST_CASE(
    "HTTP/1.1: a stream through layers, whose content still goes out when they have returned") {
  with_echo([](const echoing_network& at) {
    auto work = [&]() -> task<void> {
      client c(at.network.transport(), at.options());
      c.use([](request& r, next_handler next) -> task<result<response>> {
        co_return co_await next(r);
      });
      for (int i = 0; i < 2; ++i) {
        auto body = i == 0 ? in_pieces(at.network, 60) : content(both_ways_text(60 * 40'000));
        auto stream = co_await c.stream(method::post, "http://host/", std::move(body));
        std::size_t got = 0;
        while (true) {
          const auto part = co_await stream.read();
          if (part.empty()) break;
          got += part.size();
        }
        CHECK(got == 60 * 40'000);
      }
    };
    at.network.run(work());
  });
}

TEST_CASE("HTTP/1.1: content that is made of the answer to it") { with_echo(check_a_conversation); }

TEST_CASE("HTTP/1.1: content that fails behind the answer's head") {
  with_echo(check_failing_sources);
}

TEST_CASE("HTTP/1.1: a stream that is destroyed while content goes out") {
  with_echo(check_destroyed_streams);
}

TEST_CASE("HTTP/1.1: progress both ways at a time") { with_echo(check_progress_both_ways); }

TEST_CASE("HTTP/1.1: the idle limit counts both ways") {
  struct forever {
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<>) const noexcept {}
    void await_resume() const noexcept {}
  };
  with_echo(check_limit_both_ways, [](memory_stream s) -> task<void> {
    std::byte in[100];
    auto got = co_await s.read_some(in, {});
    const bool told = co_await write_all(s, "HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n");
    if (got && told) co_await forever{};
  });
}

TEST_CASE("HTTP/1.1: any operation may fail or be stopped while content goes both ways") {
  for_each_fault([](memory_network& network, stop_source& stop) {
    network.capacity = 16 * 1024;
    network.listen("host", 80, echo);
    auto work = [&]() -> task<result<response>> {
      client_options how = plain();
      how.expect_continue_over = SIZE_MAX;
      client c(network.transport(), how);
      auto r =
          co_await c.try_send(method::post, "http://host/", in_pieces(network, 3), {.stop = stop});
      if (r) CHECK(r->content().size() == 120'000);
      CHECK(c.statistics().active == 0);
      co_return r;
    };
    auto outcome = network.run(work());
    network.run_servers();
    return outcome;
  });
}
