// The example `chat` as a program of its own: tokens are printed when they come.
#include "servers/peer.hpp"
#include "servers/process.hpp"
#include "servers/programs.hpp"

#include <catch2/catch_test_macros.hpp>

#include <chrono>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace cohttps::testing;
using namespace std::chrono_literals;

namespace {

/// A server of models that does what `act` does with each connection, and one run of the program.
struct conversation {
  conversation() {
    if (::access(COHTTPS_CHAT_PROGRAM, X_OK) != 0) SKIP("the examples are not built");
  }

  int run(peer::script act) {
    const peer server(std::move(act));
    const std::string url = "http://127.0.0.1:" + std::to_string(server.port()) + "/v1/chat";
    child_process program({COHTTPS_CHAT_PROGRAM, url, "small", "How", "are \"you\"?"},
                          folder.path() / "out", folder.path() / "err");
    const auto code = program.wait(20s);
    if (!code) FAIL("chat has not ended after 20 s");
    return *code;
  }
  /// True when the program has printed this, soon.
  bool prints(const std::string& text) const {
    for (int i = 0; i < 500; ++i) {
      if (folder.read("out") == text) return true;
      std::this_thread::sleep_for(10ms);
    }
    return false;
  }

  temporary_folder folder;
};

std::string token(const std::string& text) {
  return R"(data: {"choices":[{"delta":{"content":")" + text + "\"}}]}\n\n";
}

constexpr auto head =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n";

}  // namespace

TEST_CASE("chat: prints each token when it comes") {
  conversation c;
  std::string asked;
  bool first = false, second = false;
  const int code = c.run([&](accepted& client) {
    asked = client.receive_head();
    while (asked.find("messages") == asked.npos) asked += client.receive();
    client.send(head + std::string(R"(data: {"choices":[{"delta":{"role":"assistant"}}]})") +
                "\n\n" + token("Fi"));
    first = c.prints("Fi");
    client.send(": a comment\n\n" + token("ne, ").substr(0, 20));
    client.send(token("ne, ").substr(20));
    second = c.prints("Fine, ");
    client.send(token("caf\\u00e9\\n") + "data: [DONE]\n\n");
  });
  CAPTURE(c.folder.read("err"));
  CHECK(code == 0);
  CHECK((first && second));
  CHECK(c.folder.read("out") == "Fine, caf\xc3\xa9\n\n");
  CHECK(asked.starts_with("POST /v1/chat HTTP/1.1\r\n"));
  CHECK(asked.find(R"("content":"How are \"you\"?")") != asked.npos);
  CHECK(asked.find(R"("stream":true)") != asked.npos);
}

TEST_CASE("chat: errors are told, at the beginning and in the middle") {
  conversation c;
  CHECK(c.run([](accepted& client) {
    client.receive_head();
    client.send("HTTP/1.1 429 Slow Down\r\nContent-Length: 8\r\n\r\ntoo many");
  }) == 1);
  CHECK(c.folder.read("err") == "chat: the server answered 429: too many\n");
  CHECK(c.run([](accepted& client) {
    client.receive_head();
    client.send(head + token("a") + "data: {\"error\":{\"message\":\"overloaded\"}}\n\n");
  }) == 1);
  CHECK(c.folder.read("err").find("overloaded") != std::string::npos);
  CHECK(c.run([](accepted& client) {
    client.receive_head();
    client.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + token("a"));
  }) == 1);
  CHECK(c.folder.read("err").starts_with("chat: http://127.0.0.1"));
}
