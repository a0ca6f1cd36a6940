// Access tokens of OAuth 2.0, and the details of problems.
#include "client/support.hpp"

#include <cohttps/core/base64.hpp>
#include <cohttps/oauth2.hpp>
#include <cohttps/problem_details.hpp>
#include <cohttps/transport/sleep.hpp>

#include <vector>

using namespace cohttps;
using namespace cohttps::testing;
using namespace std::chrono_literals;

namespace {

std::string json(std::string_view content, std::string_view status = "200 OK") {
  return "HTTP/1.1 " + std::string(status) +
         "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(content.size()) +
         "\r\n\r\n" + std::string(content);
}
std::string token(std::string_view name, int lifetime = 3600) {
  return json("{\"access_token\":\"" + std::string(name) +
              "\",\"token_type\":\"bearer\",\"expires_in\":" + std::to_string(lifetime) + "}");
}

/// A token endpoint and an API, each a host of its own.
struct services {
  memory_network network;
  scripted_host id, api;
  oauth2_options options{
      .token_url = "http://id/token", .client_id = "me", .client_secret = "a b+"};

  services() {
    network.listen("id", 80, id.plain());
    network.listen("api", 80, api.plain());
  }

  /// Runs `f(client of the API, client of the endpoint)`.
  template <class F>
  void run(F f) {
    auto work = [&]() -> task<void> {
      client login(network.transport(), plain());
      const oauth2 tokens(login, options);
      client_options of_api = plain();
      of_api.credentials = {{"http://api", credentials::bearer(tokens.source())}};
      client c(network.transport(), of_api);
      co_await f(c);
    };
    network.run(work());
  }

  std::string authorization(std::size_t request) const {
    const std::string& text = api.requests.at(request);
    const auto begin = text.find("Authorization: ");
    return begin == text.npos ? "" : text.substr(begin + 15, text.find("\r\n", begin) - begin - 15);
  }
};

}  // namespace

TEST_CASE("one token serves many requests until it ends") {
  services s;
  s.id.then(token("one")).then(token("two"));
  for (int i = 0; i < 3; ++i) s.api.then(plain_response("x"));
  s.run([&](client& c) -> task<void> {
    co_await c.get("http://api/");
    co_await c.get("http://api/");
    co_await sleep_for(c.transport(), 3541s);
    co_await c.get("http://api/");
  });
  CHECK(s.authorization(0) == "Bearer one");
  CHECK(s.authorization(1) == "Bearer one");
  CHECK(s.authorization(2) == "Bearer two");
  REQUIRE(s.id.requests.size() == 2);
  const std::string& asked = s.id.requests[0];
  CHECK(asked.starts_with("POST /token HTTP/1.1\r\n"));
  CHECK(asked.find("Authorization: Basic " + to_base64("me:a+b%2B") + "\r\n") != std::string::npos);
  CHECK(asked.ends_with("\r\n\r\ngrant_type=client_credentials"));
}

TEST_CASE("the endpoint gets what the options say") {
  services s;
  s.options.scope = "read write";
  s.options.refresh_token = "r1";
  s.options.secret_in_content = true;
  s.options.parameters = query{{"audience", "https://api"}};
  std::vector<std::string> kept;
  s.options.on_refresh_token = [&](const std::string& next) { kept.push_back(next); };
  s.id.then(json(R"({"access_token":"a","token_type":"Bearer","refresh_token":"r2"})"))
      .then(token("b"));
  s.api.then("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n").then(plain_response("x"));
  s.run([&](client& c) -> task<void> {
    const auto answered = co_await c.get("http://api/");
    CHECK(answered.status() == 200);
  });
  REQUIRE(s.id.requests.size() == 2);
  CHECK(s.id.requests[0].find("Authorization") == std::string::npos);
  CHECK(
      s.id.requests[0].ends_with("\r\n\r\naudience=https%3A%2F%2Fapi&grant_type=refresh_token&"
                                 "refresh_token=r1&scope=read+write&client_id=me&"
                                 "client_secret=a+b%2B"));
  CHECK(s.id.requests[1].find("refresh_token=r2") != std::string::npos);
  CHECK(kept == std::vector<std::string>{"r2"});
  CHECK(s.authorization(1) == "Bearer b");
}

TEST_CASE("requests that need a token at the same time share one token request") {
  for (const bool fails : {false, true}) {
    CAPTURE(fails);
    services s;
    s.network.delay = 10ms;
    s.id.then(
        fails ? json(R"({"error":"invalid_client","error_description":"no"})", "401 Unauthorized")
              : token("one"));
    for (int i = 0; i < 5; ++i) s.api.then(plain_response("x"));
    int refused = 0;
    s.run([&](client& c) -> task<void> {
      const auto one = [&]() -> task<void> {
        const auto answered = co_await c.try_get("http://api/");
        if (answered) co_return;
        ++refused;
        CHECK(answered.error().reason() == "oauth2_refused");
        CHECK(answered.error().status() == 401);
        CHECK(answered.error().message() == "the token endpoint answered 401, invalid_client: no");
      };
      co_await when_all(one(), one(), one(), one(), one());
    });
    CHECK(s.id.requests.size() == 1);
    CHECK(refused == (fails ? 5 : 0));
  }
}

TEST_CASE("a refused token is replaced once, by the request that was refused with it") {
  services s;
  s.id.then(token("one")).then(token("two"));
  s.api.then("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n")
      .then("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n")
      .then(plain_response("x"));
  s.run([&](client& c) -> task<void> {
    const auto first = co_await c.get("http://api/");
    CHECK(first.status() == 401);
    const auto second = co_await c.get("http://api/");
    CHECK(second.status() == 200);
  });
  CHECK(s.id.requests.size() == 2);
  CHECK(s.authorization(1) == "Bearer two");
  CHECK(s.authorization(2) == "Bearer two");
}

TEST_CASE("answers of the endpoint that are no token are errors without secrets") {
  struct {
    std::string answer;
    std::string_view reason;
  } cases[] = {
      {json("not json"), "oauth2_response"},
      {json("[]"), "oauth2_response"},
      {json(R"({"access_token":"topsecret"})"), "oauth2_response"},
      {json(R"({"access_token":"topsecret","token_type":"mac"})"), "oauth2_response"},
      {json(R"({"access_token":7,"token_type":"bearer"})"), "oauth2_response"},
      {json(R"({"access_token":"topsecret","token_type":"bearer","expires_in":"x"})"),
       "oauth2_response"},
      {"HTTP/1.1 302 Found\r\nLocation: http://api/\r\nContent-Length: 0\r\n\r\n",
       "oauth2_refused"},
      {json("{}", "500 Internal Server Error"), "oauth2_refused"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.answer);
    services s;
    s.id.then(c.answer);
    s.run([&](client& api) -> task<void> {
      const auto refused = co_await api.try_get("http://api/");
      REQUIRE_FALSE(refused);
      CHECK(refused.error().reason() == c.reason);
      CHECK(refused.error().subject() == "http://id");
      CHECK(std::string(refused.error().what()).find("secret") == std::string::npos);
    });
    CHECK(s.api.requests.empty());
  }
}

TEST_CASE("a client may get the tokens of its own requests, even at one origin") {
  memory_network network;
  scripted_host host;
  network.listen("host", 80, host.plain());
  host.then(token("one")).then(plain_response("x"));
  auto work = [&]() -> task<void> {
    client_options options = plain();
    std::shared_ptr<oauth2> tokens;
    options.credentials = {{"http://host", credentials::bearer([&](std::string refused) {
                              return tokens->source()(std::move(refused));
                            })}};
    client c(network.transport(), options);
    tokens = std::make_shared<oauth2>(
        c, oauth2_options{.token_url = "http://host/token", .client_id = "public"});
    const auto answered = co_await c.get("http://host/x");
    CHECK(answered.status() == 200);
  };
  network.run(work());
  CHECK(host.requests.at(1).find("Authorization: Bearer one\r\n") != std::string::npos);
}

TEST_CASE("problem details are read from responses and from errors") {
  const std::string content =
      R"({"type":"https://example.com/probs/out-of-credit","title":"You do not have enough credit.",)"
      R"("detail":"Your balance is 30.","instance":"/account/1","status":403,"balance":30})";
  plain_host at;
  for (int i = 0; i < 2; ++i)
    at.host.then(
        "HTTP/1.1 403 Forbidden\r\nContent-Type: application/problem+json; charset=utf-8\r\n"
        "Content-Length: " +
        std::to_string(content.size()) + "\r\n\r\n" + content);
  at.host.then(json(content, "403 Forbidden"));
  auto answered = get(at.network, "http://host/");
  REQUIRE(answered);
  const auto problem = problem_of(*answered);
  REQUIRE(problem);
  CHECK(problem->type == "https://example.com/probs/out-of-credit");
  CHECK(problem->title == "You do not have enough credit.");
  CHECK(problem->detail == "Your balance is 30.");
  CHECK(problem->instance == "/account/1");
  CHECK(problem->status == 403);
  CHECK(problem->members.at("balance") == 30);
  CHECK(answered->as<problem_details>(any_status).status == 403);
  try {
    answered->require_success();
    FAIL();
  } catch (const error& e) {
    CHECK(problem_of(e)->detail == "Your balance is 30.");
  }
  REQUIRE(get(at.network, "http://host/"));
  answered = get(at.network, "http://host/");  // the same content with another media type
  REQUIRE(answered);
  CHECK_FALSE(problem_of(*answered));
}

TEST_CASE("problem details of the wrong shape are empty where they are wrong") {
  const auto read = [](std::string_view text) {
    return representation<problem_details>::read(text);
  };
  CHECK_FALSE(read(""));
  CHECK_FALSE(read("[1]"));
  const auto odd = read(R"({"type":1,"title":null,"status":"x"})");
  REQUIRE(odd);
  CHECK(odd->type == "about:blank");
  CHECK(odd->title.empty());
  CHECK_FALSE(odd->status);
}
