// Redirections: where they lead and what goes along.
#include "client/support.hpp"

#include <cohttps/testing/scripted_server.hpp>
#include <cohttps/transport/sleep.hpp>

using namespace cohttps;
using namespace cohttps::testing;

namespace {
std::string redirect(std::string status, std::string to) {
  return plain_response("moved", status + " Moved", "Location: " + to + "\r\n");
}
}  // namespace

TEST_CASE("methods and content across a redirection, by status") {
  struct {
    std::string status;
    method sent, arrives;
    bool content;
  } cases[] = {
      {"301", method::post, method::get, false},       {"302", method::post, method::get, false},
      {"303", method::post, method::get, false},       {"307", method::post, method::post, true},
      {"308", method::post, method::post, true},       {"301", method::put, method::put, true},
      {"302", method::delete_, method::delete_, true}, {"303", method::put, method::get, false},
      {"301", method::get, method::get, true},         {"303", method::head, method::head, true},
      {"303", method::get, method::get, true},         {"308", method::patch, method::patch, true},
  };
  for (auto& c : cases) {
    CAPTURE(c.status, c.sent.text());
    plain_host at;
    const bool head = c.sent == method::head;
    at.host.then(head ? "HTTP/1.1 " + c.status +
                            " Moved\r\nLocation: /b\r\nContent-Length: 5\r\n\r\n"
                      : redirect(c.status, "/b"));
    at.host.then(head ? "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n" : plain_response("here"));
    const bool sends = !c.sent.is_safe();
    auto r = send(at.network, c.sent, "http://host/a",
                  {.headers = {{"content-type", "x/y"}}, .content = sends ? "data" : ""});
    if (!r) FAIL(r.error().what());
    const std::string& second = at.host.requests.at(1);
    CHECK(second.starts_with(std::string(c.arrives.text()) + " /b HTTP/1.1\r\n"));
    CHECK((second.find("content-type") != second.npos) == c.content);
    if (sends) CHECK(second.ends_with("\r\n\r\ndata") == c.content);
    CHECK(at.host.connections == 1);
    REQUIRE(r->history().size() == 1);
    CHECK(std::to_string(r->history()[0].status) == c.status);
    CHECK(r->history()[0].from.href() == "http://host/a");
    CHECK(r->url().href() == "http://host/b");
  }
}

TEST_CASE("what belongs to content stays behind with it") {
  scripted_server server;
  server.on("http://host/a").answer(307, {{"location", "/b"}});
  server.on("http://host/b").answer(303, {{"location", "/c"}});
  server.on("http://host/c").answer(200);
  const auto sum = [] { return fields{{"x-sum", "1"}}; };
  auto work = [&]() -> task<void> {
    client c(server.transport(), plain());
    request_options how{.headers = {{"content-type", "x/y"},
                                    {"trailer", "x-sum"},
                                    {"last-modified", "Sun, 06 Nov 1994 08:49:37 GMT"},
                                    {"x-other", "z"}},
                        .content = "data",
                        .trailers = sum};
    auto r = co_await c.send(method::put, "http://host/a", how);
    CHECK(r.status() == 200);
  };
  server.run(work());
  REQUIRE(server.requests().size() == 3);
  CHECK(server.requests()[1].trailers.contains("x-sum"));
  const received_request& last = server.requests()[2];
  CHECK(last.method == method::get);
  CHECK(last.trailers.empty());
  for (const auto* name : {"transfer-encoding", "content-type", "trailer", "last-modified"})
    CHECK_FALSE(last.headers.contains(name));
  CHECK(last.header("x-other") == "z");
}

TEST_CASE("relative references and fragments") {
  struct {
    std::string from, location, to;
  } cases[] = {
      {"http://host/a/b?c", "d", "http://host/a/d"},
      {"http://host/a/b?c", "../d?e", "http://host/d?e"},
      {"http://host/a", "//host/x", "http://host/x"},
      {"http://host/a#f", "/b", "http://host/b#f"},
      {"http://host/a#f", "/b#g", "http://host/b#g"},
      {"http://host/a", "http://HOST:80/b", "http://host/b"},
      {"http://host/a", "/with space", "http://host/with%20space"},
  };
  for (auto& c : cases) {
    CAPTURE(c.from, c.location);
    plain_host at;
    at.host.then(redirect("302", c.location)).then(plain_response("x"));
    auto r = get(at.network, c.from);
    if (!r) FAIL(r.error().what());
    CHECK(r->url().href() == c.to);
  }
}

TEST_CASE("credentials stay behind when the origin changes") {
  for (std::string to : {"http://other/", "http://host:8080/", "http://host/same"}) {
    const bool same = to.ends_with("same");
    memory_network network;
    scripted_host host, other;
    network.listen("host", 80, host.plain());
    network.listen("host", 8080, other.plain());
    network.listen("other", 80, other.plain());
    host.then(redirect("302", to));
    (same ? host : other).then(plain_response("x"));
    auto r = get(network, "http://host/", plain(),
                 {.headers = {{"Authorization", "Bearer s3"},
                              {"Cookie", "c"},
                              {"Proxy-Authorization", "p"},
                              {"X-Mine", "m"}}});
    if (!r) FAIL(r.error().what());
    const std::string& second = same ? host.requests.at(1) : other.requests.at(0);
    for (std::string name : {"Authorization: Bearer", "Cookie:", "Proxy-Authorization:"})
      CHECK((second.find(name) != second.npos) == same);
    CHECK(second.find("X-Mine: m") != second.npos);
  }
}

TEST_CASE("a user's password in the URL does not follow to another origin") {
  memory_network network;
  scripted_host host, other;
  network.listen("host", 80, host.plain());
  network.listen("other", 80, other.plain());
  host.then(redirect("302", "http://other/"));
  other.then(plain_response("x"));
  REQUIRE(get(network, "http://user:pass@host/"));
  CHECK(host.requests.at(0).find("Basic") != std::string::npos);
  CHECK(other.requests.at(0).find("Basic") == std::string::npos);
}

TEST_CASE("the client's own credentials stay behind too, and do not come back") {
  memory_network network;
  scripted_host host, other;
  network.listen("host", 80, host.plain());
  network.listen("other", 80, other.plain());
  host.then(redirect("302", "http://other/")).then(plain_response("x"));
  other.then(redirect("302", "http://host/back"));
  client_options options = plain();
  options.headers = {{"Authorization", "Bearer s3"}, {"X-Client", "c"}};
  REQUIRE(get(network, "http://host/", options));
  CHECK(host.requests.at(0).find("Authorization") != std::string::npos);
  CHECK(other.requests.at(0).find("Authorization") == std::string::npos);
  CHECK(other.requests.at(0).find("X-Client: c") != std::string::npos);
  CHECK(host.requests.at(1).find("Authorization") == std::string::npos);
}

TEST_CASE("a redirection whose content does not come is followed after a second") {
  plain_host at;
  at.host.then("HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 9\r\n\r\nabc", after::hang)
      .then(plain_response("y"));
  const auto started = at.network.loop().now();
  auto r = get(at.network, "http://host/");
  if (!r) FAIL(r.error().what());
  CHECK(r->text() == "y");
  CHECK(at.network.loop().now() - started == std::chrono::seconds(1));
  CHECK(at.host.connections == 2);
  at.host.then("HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 9\r\n\r\nabc", after::hang);
  auto late = get(at.network, "http://host/", plain(), {.timeout = std::chrono::milliseconds(500)});
  REQUIRE_FALSE(late);
  CHECK(late.error().reason() == "total_timeout");
}

TEST_CASE("what follows a request that was acted on is not said to be unsent") {
  memory_network network;
  scripted_host host;
  network.listen("host", 80, host.plain());
  host.then(redirect("303", "http://nowhere/"));
  auto r = send(network, method::post, "http://host/pay", {.content = "1"});
  REQUIRE_FALSE(r);
  CHECK(r.error().category() == error_category::resolve);
  CHECK(r.error().replay() == replay_safety::maybe_processed);
}

TEST_CASE("a redirection's content that is cut short does not matter") {
  plain_host at;
  at.host.then("HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 9\r\n\r\nabc", after::close)
      .then(plain_response("y"));
  auto r = get(at.network, "http://host/");
  if (!r) FAIL(r.error().what());
  CHECK(r->text() == "y");
}

TEST_CASE("credentials in a Location are not used") {
  plain_host at;
  at.host.then(redirect("302", "http://mallory:pw@host/b")).then(plain_response("y"));
  REQUIRE(get(at.network, "http://host/"));
  CHECK(at.host.requests.at(1).find("Basic") == std::string::npos);
  at.host.then(redirect("302", "/b")).then(plain_response("y"));
  REQUIRE(get(at.network, "http://user:pass@host/"));
  CHECK(at.host.requests.at(3).find("Basic") != std::string::npos);  // the user's own, same origin
}

TEST_CASE("a stop while a redirection is drained is the caller's, not forgiven") {
  for (auto when : {std::chrono::milliseconds(500), std::chrono::milliseconds(1000)}) {
    plain_host at;
    at.host.then("HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 9\r\n\r\nabc", after::hang)
        .then("", after::hang);
    auto work = [&]() -> task<void> {
      client c(at.network.transport(), plain());
      stop_source stop;
      auto fetch = [&]() -> task<void> {
        auto r = co_await c.try_get("http://host/", {.stop = stop});
        REQUIRE_FALSE(r);
        CHECK(r.error().category() == error_category::canceled);
      };
      auto stopper = [&]() -> task<void> {
        co_await sleep_for(at.network.transport(), when);
        stop.request_stop(stop_reason::timed_out);
      };
      const auto started = at.network.loop().now();
      co_await when_all(fetch(), stopper());
      CHECK(at.network.loop().now() - started == when);
    };
    at.network.run(work());
  }
}

TEST_CASE("redirections end somewhere") {
  plain_host at;
  for (int i = 0; i < 20; ++i) at.host.then(redirect("302", "/" + std::to_string(i)));
  auto r = get(at.network, "http://host/");
  REQUIRE_FALSE(r);
  CHECK(r.error().category() == error_category::limit);
  CHECK(r.error().reason() == "too_many_redirects");
  CHECK(at.host.requests.size() == 11);
}

TEST_CASE("a redirection is a response when none is to be followed, or it names no place") {
  plain_host at;
  at.host.then(redirect("302", "/b"))
      .then(plain_response("", "302 Found"))
      .then(plain_response("", "300 Multiple Choices", "Location: /x\r\n"));
  auto unfollowed = get(at.network, "http://host/", plain(), {.max_redirects = 0});
  REQUIRE(unfollowed);
  CHECK(unfollowed->status() == 302);
  CHECK(unfollowed->text() == "moved");
  CHECK(get(at.network, "http://host/")->status() == 302);
  CHECK(get(at.network, "http://host/")->status() == 300);
}

TEST_CASE("places that cannot be followed are errors") {
  struct {
    std::string fields, reason;
    error_category category;
  } cases[] = {
      {"Location: ftp://x/\r\n", "invalid_location", error_category::protocol},
      {"Location: http://[::/\r\n", "invalid_location", error_category::protocol},
      {"Location: /a\r\nLocation: /b\r\n", "ambiguous_location", error_category::protocol},
  };
  for (auto& c : cases) {
    plain_host at;
    at.host.then(plain_response("", "302 Found", c.fields));
    auto r = get(at.network, "http://host/");
    REQUIRE_FALSE(r);
    CHECK(r.error().reason() == c.reason);
    CHECK(r.error().category() == c.category);
    CHECK(at.network.open_streams == 0);
  }
}

TEST_CASE("https never leads to http") {
  memory_network network;
  scripted_host secure;
  network.listen("localhost", 443, secure.tls(localhost_certificate()));
  secure.then(redirect("302", "http://localhost/"));
  client_options options = trusting();
  options.allow_plaintext = true;
  auto r = get(network, "https://localhost/", options);
  REQUIRE_FALSE(r);
  CHECK(r.error().category() == error_category::policy);
  CHECK(r.error().reason() == "insecure_redirect");
}

TEST_CASE("a redirection's large content is not read, its connection not kept") {
  plain_host at;
  at.host.then(plain_response(std::string(1'000'000, 'x'), "302 Found", "Location: /b\r\n"))
      .then(plain_response("y"));
  auto r = get(at.network, "http://host/");
  REQUIRE(r);
  CHECK(r->text() == "y");
  CHECK(at.host.connections == 2);
}
