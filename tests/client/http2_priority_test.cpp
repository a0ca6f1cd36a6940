// The option priority, over both versions of HTTP.
#include "client/http2_host.hpp"
#include "client/support.hpp"

using namespace cohttps;
using namespace cohttps::testing;

TEST_CASE("a request says its priority, over HTTP/1.1 too, unless it is what is meant anyway") {
  memory_network network;
  http2_host modern;
  scripted_host old;
  for (int i = 0; i < 3; ++i) old.then(plain_response("x"));
  network.listen("modern", 80, modern.plain());
  network.listen("old", 80, old.plain());
  auto work = [&]() -> task<void> {
    client c2(network.transport(), prior_knowledge());
    client c1(network.transport(), plain());
    const std::optional<priority> each[] = {priority{.urgency = 1, .incremental = true}, priority{},
                                            std::nullopt};
    for (const auto& p : each) {
      const request_options how{.priority = p};
      (void)co_await c2.get("http://modern/", how);
      (void)co_await c1.get("http://old/", how);
    }
  };
  network.run(work());
  auto& requests = modern.connections.front().peer.requests;
  CHECK(requests[1]["priority"] == "u=1, i");
  CHECK_FALSE(requests[3].head.contains("priority"));
  CHECK_FALSE(requests[5].head.contains("priority"));
  REQUIRE(old.requests.size() == 3);
  CHECK(old.requests[0].find("\r\nPriority: u=1, i\r\n") != std::string::npos);
  CHECK(old.requests[1].find("priority") == std::string::npos);
}

TEST_CASE("priorities that there are not, or that are given twice") {
  memory_network network;
  auto wrong = get(network, "http://host/", plain(), {.priority = priority{.urgency = 8}});
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().reason() == "invalid_priority");
  auto twice = get(network, "http://host/", plain(),
                   {.headers = {{"Priority", "u=1"}}, .priority = priority{.urgency = 1}});
  REQUIRE_FALSE(twice);
  CHECK(twice.error().reason() == "priority_set_twice");
  CHECK(twice.error().replay() == replay_safety::not_sent);
}
