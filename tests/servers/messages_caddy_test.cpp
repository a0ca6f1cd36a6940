// Messages with Caddy: redirections of each kind, and zstd.
#include "servers/message_servers.hpp"

#include <cohttps/http/coding/coding.hpp>

using namespace cohttps;
using namespace cohttps::testing;

namespace {

message_server& server() { return message_server_of<message_program::caddy>(); }

}  // namespace

TEST_CASE("caddy: redirections of each kind are followed") {
  for (const std::string status : {"301", "302", "303", "307", "308"}) {
    CAPTURE(status);
    for (const bool secure : {false, true}) {
      const auto r = expect_answer(
          ask(server().options(), method::get, server().url("/go/" + status, secure)));
      CHECK(r.text() == server().small);
      REQUIRE(r.history().size() == 1);
      CHECK(std::to_string(r.history()[0].status) == status);
      CHECK(r.url().path() == "/small.txt");
    }
    auto none = server().options();
    none.max_redirects = 0;
    const auto as_it_is = expect_answer(ask(none, method::get, server().url("/go/" + status)));
    CHECK(std::to_string(as_it_is.status()) == status);
    CHECK(as_it_is.header("location") == "/small.txt");
  }
}

TEST_CASE("caddy: zstd and gzip, whichever is asked for") {
  for (const std::string coding : {"zstd", "gzip"}) {
    auto raw = server().options();
    raw.decode_content = false;
    const auto coded = expect_answer(ask(raw, method::get, server().url("/coded/text.txt"), {},
                                         {.headers = {{"accept-encoding", coding}}}));
    CHECK(coded.header("content-encoding") == coding);
    const auto decoded = decode_content(coding, coded.content(), {.output = 16 * 1024 * 1024});
    REQUIRE(decoded);
    CHECK((*decoded == server().text));
  }
  const auto r =
      expect_answer(ask(server().options(), method::get, server().url("/coded/text.txt")));
  CHECK(r.header("content-encoding"));
  CHECK((r.text() == server().text));
  CHECK_FALSE(r.header("x-server").value_or("").empty());
}
