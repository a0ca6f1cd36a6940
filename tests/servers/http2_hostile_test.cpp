// Servers that break HTTP/2's rules on a socket: `get` ends with an error within three seconds, and
// has told the server the rule's code (RFC 9113, 5.4).
#include "http2/frames.hpp"
#include "http2/hostile_rules.hpp"
#include "servers/peer.hpp"
#include "servers/process.hpp"
#include "servers/programs.hpp"

#include <catch2/catch_test_macros.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <unistd.h>

using namespace cohttps::testing;
using namespace std::chrono_literals;

TEST_CASE("get ends within three seconds, whatever rule a server breaks") {
  if (::access(COHTTPS_GET_PROGRAM, X_OK) != 0) SKIP("the examples are not built");
  temporary_folder folder;
  for (const hostile_rule& rule : hostile_rules()) {
    CAPTURE(rule.name);
    if (rule.needs_small_bounds()) continue;
    std::string received;
    std::optional<int> code;
    {
      peer server([&](accepted& client) {
        received = client.receive();
        client.send(rule.all());
        for (std::string more = "-"; !more.empty(); received += more) more = client.receive();
      });
      child_process get({COHTTPS_GET_PROGRAM, "--http2-prior-knowledge", "--allow-plaintext",
                         "http://127.0.0.1:" + std::to_string(server.port()) + "/"},
                        folder.path() / "out", folder.path() / "err");
      code = get.wait(3s);
    }
    if (!code) {
      FAIL_CHECK("get has not ended");
      continue;
    }
    INFO(folder.read("err"));
    // A response that was complete before is one.
    const bool whole = rule.bytes.starts_with(
        frames::headers(1, frames::status("200"), frames::end_headers | frames::end_stream));
    if (rule.what == hostile_rule::scope::fine || whole)
      CHECK(*code == 0);
    else
      CHECK((*code == 8 || *code == 18 || *code == 56 || *code == 63));
    REQUIRE(received.starts_with("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"));
    if (rule.what != hostile_rule::scope::fine && !whole)
      CHECK(rule.code_in(received) == rule.code());
  }
}
