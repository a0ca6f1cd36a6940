// The scripted servers for tests of programs: the client and TLS are the real ones.
#include <cohttps/client.hpp>
#include <cohttps/client/multipart_form.hpp>
#include <cohttps/testing/scripted_server.hpp>

#include <catch2/catch_test_macros.hpp>

#include <chrono>
#include <stdexcept>
#include <string>

using namespace cohttps;
using namespace std::chrono_literals;
using cohttps::testing::received_request;
using cohttps::testing::scripted_response;
using cohttps::testing::scripted_server;

namespace {

/// One request by a client of its own.
result<response> send(scripted_server& server, const method& verb, std::string url,
                      content body = {}, retry_options retry = {}) {
  auto work = [&]() -> task<result<response>> {
    client c(server.transport(), {.tls = server.tls(), .allow_plaintext = true, .retry = retry});
    co_return co_await c.try_send(verb, url, std::move(body));
  };
  return server.run(work());
}
result<response> get(scripted_server& server, std::string url) {
  return send(server, method::get, std::move(url));
}

error wrong(scripted_server& server, const std::string& url) {
  try {
    (void)get(server, url);
  } catch (const error& e) {
    return e;
  }
  FAIL("nothing was thrown");
  return error(error_category::usage, "", "");
}

}  // namespace

TEST_CASE("requests are answered by the first rule that fits, over verified TLS") {
  scripted_server server;
  server.on(method::get, "https://api.example.com/users/7").answer(200, {}, "seven");
  server.on(method::get, "https://api.example.com/users/*")
      .answer(200, {{"content-type", "application/json"}}, R"({"id": 1})");
  server.on("https://api.example.com/search?q=*").answer(200, {}, "found");
  server.on("https://api.example.com/search").answer(200, {}, "any query");
  server.on("http://other.example:8080/").answer(204);

  const auto user = get(server, "https://api.example.com/users/9?x=y").value();
  CHECK(user.text() == R"({"id": 1})");
  CHECK(user.header("content-type") == "application/json");
  REQUIRE(user.connection().tls);
  CHECK(user.connection().tls->verified);
  CHECK(get(server, "https://api.example.com/users/7").value().text() == "seven");
  CHECK(get(server, "https://api.example.com/search?q=a").value().text() == "found");
  CHECK(get(server, "https://api.example.com/search?p=a").value().text() == "any query");
  CHECK(send(server, method::put, "http://other.example:8080/", content("x")).value().status() ==
        204);
  REQUIRE(server.requests().size() == 5);
  const received_request& last = server.requests().back();
  CHECK(last.method == method::put);
  CHECK(last.url.href() == "http://other.example:8080/");
  CHECK(last.content == "x");
  CHECK(last.header("host") == "other.example:8080");
  CHECK(server.check());
}

TEST_CASE("a client that does not trust the servers refuses them") {
  scripted_server server, other;
  server.on("https://example.com/").answer(200);
  auto work = [&]() -> task<result<response>> {
    client c(server.transport(), {.tls = other.tls()});
    co_return co_await c.try_get("https://example.com/");
  };
  const auto refused = server.run(work());
  REQUIRE_FALSE(refused);
  CHECK(refused.error().category() == error_category::certificate);
  CHECK(server.requests().empty());
}

TEST_CASE("answers come one after another, and the last one stays") {
  scripted_server server;
  auto& rule = server.on(method::get, "https://example.com/").answer(503).answer(200, {}, "ok");
  const auto r = send(server, method::get, "https://example.com/", {}, {.attempts = 3});
  REQUIRE(r);
  CHECK(r->text() == "ok");
  CHECK(get(server, "https://example.com/").value().text() == "ok");
  CHECK(rule.count() == 3);
}

TEST_CASE("a function answers with what it makes of the request") {
  scripted_server server;
  server.on(method::post, "https://example.com/*").answer([](const received_request& r) {
    return scripted_response{201, {{"location", r.url.href()}}, "got " + r.content};
  });
  const auto r = send(server, method::post, "https://example.com/a", content("this")).value();
  CHECK(r.status() == 201);
  CHECK(r.header("location") == "https://example.com/a");
  CHECK(r.text() == "got this");
  CHECK(send(server, method::post, "https://example.com/", multipart_form().add("a", "b"))
            .value()
            .text()
            .find("name=\"a\"\r\n\r\nb\r\n") != std::string::npos);
  // More than 1 MiB: the client waits for the server's word.
  const auto started = server.network().loop().now();
  const auto large =
      send(server, method::post, "https://example.com/", content(std::string(2'000'000, 'x')));
  CHECK(large.value().text().size() == 2'000'004);
  CHECK(server.network().loop().now() - started < 1s);
}

TEST_CASE("answers take their time on the network's clock") {
  scripted_server server;
  server.on("https://slow.example/").answer(200).after(20s);
  server.on("https://dead.example/").answer(200).after(24h);
  const auto r = get(server, "https://slow.example/").value();
  CHECK(r.timings().first_byte >= 20s);
  const auto none = get(server, "https://dead.example/");
  REQUIRE_FALSE(none);
  CHECK(none.error().category() == error_category::timeout);
}

TEST_CASE("connections fail as they are told to") {
  for (const std::string scheme : {"http", "https"}) {
    CAPTURE(scheme);
    scripted_server server;
    server.on(scheme + "://host/silent").disconnect();
    server.on(scheme + "://host/cut").answer(200, {}, "all of it").cut_off_after(3);
    server.on(scheme + "://host/senseless").answer_bytes("220 ready\r\n");
    server.refuse(scheme + "://down/", 2s);
    const auto reason = [&](const std::string& url) {
      const auto r = get(server, scheme + url);
      return r ? std::string("a response") : std::string(r.error().reason());
    };
    CHECK(reason("://host/silent") == "closed_before_response");
    CHECK(reason("://host/cut").starts_with("truncated"));
    CHECK(reason("://host/senseless") == "not_http");
    CHECK(reason("://down/") == "connection_refused");
    CHECK(reason("://unknown/") == "host_not_found");
  }
}

TEST_CASE("a request that no rule answers ends the test with its name") {
  scripted_server server;
  server.on(method::get, "https://example.com/a").answer(200);
  server.on("https://example.com/b").answer(200);
  const auto e = wrong(server, "https://example.com/c?d=e");
  CHECK(e.category() == error_category::usage);
  CHECK(e.reason() == "unexpected_request");
  CHECK(e.message() ==
        "no rule answers GET https://example.com/c?d=e; there is GET https://example.com/a, any "
        "method of https://example.com/b");
  REQUIRE_FALSE(server.check());

  scripted_server of_one_method;
  of_one_method.on(method::put, "https://example.com/").answer(200);
  CHECK(wrong(of_one_method, "https://example.com/").reason() == "unexpected_request");

  scripted_server throws_itself;
  throws_itself.on("https://example.com/").answer([](const received_request&) -> scripted_response {
    throw std::runtime_error("no answer");
  });
  CHECK(wrong(throws_itself, "https://example.com/").reason() == "answer_failed");
}

TEST_CASE("answers without content have none") {
  scripted_server server;
  server.on("https://example.com/").answer(200, {}, "content");
  server.on("https://example.com/same").answer(304, {{"etag", "\"1\""}});
  server.on("https://example.com/moved").answer(302, {{"location", "/"}});
  CHECK(send(server, method::head, "https://example.com/").value().text().empty());
  CHECK(get(server, "https://example.com/same").value().status() == 304);
  const auto followed = get(server, "https://example.com/moved").value();
  CHECK(followed.text() == "content");
  CHECK(followed.history().size() == 1);
}

TEST_CASE("a pattern is a URL") {
  scripted_server server;
  for (const char* pattern : {"/path", "example.com", "", "*", "https://"})
    CHECK_THROWS_AS(server.on(pattern), error);
}

TEST_CASE("hosts can be addresses, and reads small") {
  scripted_server server;
  server.on("https://127.0.0.1:8443/*").answer(200, {}, "four");
  server.on("http://[::1]/*").answer(200, {}, "six");
  CHECK_THROWS_AS(server.on("https://[::1]/*"), error);
  server.network().read_limit = 3;
  CHECK(get(server, "https://127.0.0.1:8443/x").value().text() == "four");
  CHECK(get(server, "http://[::1]/x").value().text() == "six");
}
