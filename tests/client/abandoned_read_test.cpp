// What a stream over sockets gives after a read that was given up.
#include <cohttps/cohttps.hpp>
#include <cohttps/transport/sleep.hpp>

#include <catch2/catch_test_macros.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

using namespace cohttps;
using namespace std::chrono_literals;

TEST_CASE("bytes are not lost without a word when a read is given up") {
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  REQUIRE(::bind(listener, reinterpret_cast<sockaddr*>(&at), size) == 0);
  REQUIRE(::listen(listener, 1) == 0);
  ::getsockname(listener, reinterpret_cast<sockaddr*>(&at), &size);
  const std::string url = "http://127.0.0.1:" + std::to_string(ntohs(at.sin_port)) + "/";
  std::thread server([&] {
    const int s = ::accept(listener, nullptr, nullptr);
    char in[4096];
    (void)!::read(s, in, sizeof in);
    // The client may have closed by then.
    const auto say = [&](std::string_view text) {
      (void)!::send(s, text.data(), text.size(), MSG_NOSIGNAL);
    };
    // The pauses keep the parts apart, so that each is a read of its own; however late they come,
    // what is checked is the same.
    say("HTTP/1.1 200 OK\r\n\r\nabc");
    std::this_thread::sleep_for(100ms);
    say("def");
    std::this_thread::sleep_for(200ms);
    say("ghi");
    ::close(s);
  });
  std::string got;
  bool failed = false;
  auto work = [&]() -> task<void> {
    client c({.allow_plaintext = true});
    auto s = co_await c.stream(method::get, url);
    auto part = co_await s.read();
    got.append(reinterpret_cast<const char*>(part.data()), part.size());
    co_await sleep_for(200ms);  // so that "def" is there, and the next read takes it at once
    {
      auto abandoned = s.read();
      auto started = std::move(abandoned).operator co_await();
      started.await_suspend(std::noop_coroutine());
    }
    try {
      while (!s.complete()) {
        part = co_await s.read();
        got.append(reinterpret_cast<const char*>(part.data()), part.size());
      }
    } catch (const error&) {
      failed = true;
    }
  };
  run(work());
  server.join();
  ::close(listener);
  CAPTURE(got);
  CHECK((failed || got == "abcdefghi"));
}
