// Credentials: which are shown, to whom, and what becomes of a 401.
#include "client/support.hpp"

#include <cohttps/tls/hash.hpp>

using namespace cohttps;
using namespace cohttps::testing;

namespace {

std::string value_of(const std::string& request, std::string_view name) {
  const std::string mark = "\r\n" + std::string(name) + ": ";
  const auto at = ascii::lower(request).find(mark);
  if (at == request.npos) return "";
  return request.substr(at + mark.size(), request.find("\r\n", at + 2) - at - mark.size());
}
std::string unauthorized(std::string_view challenge) {
  return plain_response("who?", "401 Unauthorized",
                        "WWW-Authenticate: " + std::string(challenge) + "\r\n");
}
std::string parameter(const std::string& value, std::string_view name) {
  const auto at = value.find(std::string(name) + "=");
  if (at == value.npos) return "";
  auto rest = std::string_view(value).substr(at + name.size() + 1);
  rest = rest.substr(0, rest.find(','));
  if (rest.starts_with('"')) rest = rest.substr(1, rest.size() - 2);
  return std::string(rest);
}

const std::string digest_challenge =
    R"(Digest realm="r", nonce="n1", algorithm=SHA-256, qop="auth")";

/// What RFC 7616, 3.4.1, says for "alice" and "secret".
std::string digest_response(const std::string& shown, std::string_view verb,
                            std::string_view target, std::string_view nonce) {
  const auto h = tls::hashes().sha256;
  return h(h("alice:r:secret") + ":" + std::string(nonce) + ":" + parameter(shown, "nc") + ":" +
           parameter(shown, "cnonce") +
           ":auth:" + h(std::string(verb) + ":" + std::string(target)));
}

}  // namespace

TEST_CASE("which credentials are shown") {
  const auto request_own = credentials::bearer("request");
  struct {
    std::string url;
    header_list headers;
    bool of_request, of_client, in_netrc;
    std::string shown;
  } cases[] = {
      {"http://host/", {}, false, false, false, ""},
      {"http://u:p@host/", {}, false, false, false, "Basic dTpw"},
      {"http://u:p@host/", {{"authorization", "X y"}}, true, true, true, "X y"},
      {"http://u:p@host/", {}, true, true, true, "Bearer request"},
      {"http://u:p@host/", {}, false, true, true, "Basic dTpw"},
      {"http://host/", {}, false, true, true, "Bearer client"},
      {"http://host/", {}, false, false, true, "Basic bjpw"},
      {"http://host:81/", {}, false, true, false, ""},
  };
  for (auto& c : cases) {
    CAPTURE(c.url, c.shown);
    plain_host at;
    at.network.listen("host", 81, at.host.plain());
    at.host.then(plain_response("x"));
    client_options options = plain();
    if (c.of_client) options.credentials = {{"http://host", credentials::bearer("client")}};
    if (c.in_netrc) options.netrc = *netrc::parse("machine host login n password p");
    request_options how{.headers = c.headers};
    if (c.of_request) how.credentials = &request_own;
    auto r = get(at.network, c.url, options, how);
    if (!r) FAIL(r.error().what());
    CHECK(value_of(at.host.requests.at(0), "authorization") == c.shown);
  }
}

TEST_CASE("the password of a URL is not shown where Digest was asked for") {
  plain_host at;
  at.host
      .then(
          plain_response("", "401 Unauthorized", "WWW-Authenticate: " + digest_challenge + "\r\n"))
      .then(plain_response("x"));
  client_options options = plain();
  options.credentials = {{"http://host", credentials::digest("someone", "else")}};
  auto r = get(at.network, "http://alice:secret@host/", options);
  if (!r) FAIL(r.error().what());
  REQUIRE(at.host.requests.size() == 2);
  CHECK(value_of(at.host.requests[0], "authorization").empty());
  const auto shown = value_of(at.host.requests[1], "authorization");
  CHECK(parameter(shown, "Digest username") == "alice");
  CHECK(parameter(shown, "response") == digest_response(shown, "GET", "/", "n1"));
}

TEST_CASE("credentials stay at their origin") {
  for (const bool trusted : {false, true}) {
    CAPTURE(trusted);
    plain_host at;
    scripted_host other;
    at.network.listen("other", 80, other.plain());
    at.host.then(plain_response("", "302 Found", "Location: /second\r\n"));
    at.host.then(plain_response("", "302 Found", "Location: http://other/\r\n"));
    other.then(plain_response("", "302 Found", "Location: http://host/back\r\n"));
    at.host.then(plain_response("x"));
    client_options options = plain();
    options.redirects_keep_credentials = trusted;
    auto r = get(at.network, "http://u:p@host/", options);
    if (!r) FAIL(r.error().what());
    CHECK(value_of(at.host.requests.at(0), "authorization") == "Basic dTpw");
    CHECK(value_of(at.host.requests.at(1), "authorization") == "Basic dTpw");
    CHECK(value_of(other.requests.at(0), "authorization") == (trusted ? "Basic dTpw" : ""));
    CHECK(value_of(at.host.requests.at(2), "authorization") == "Basic dTpw");
  }
}

TEST_CASE("a netrc's default is not for whomever a redirection leads to") {
  for (const bool named : {false, true}) {
    CAPTURE(named);
    plain_host at;
    scripted_host other;
    at.network.listen("other", 80, other.plain());
    at.host.then(plain_response("", "302 Found", "Location: http://other/\r\n"));
    other.then(plain_response("x"));
    client_options options = plain();
    options.netrc =
        *netrc::parse(named ? "machine other login n password p default login u password p"
                            : "default login u password p");
    auto r = get(at.network, "http://host/", options);
    if (!r) FAIL(r.error().what());
    CHECK(value_of(at.host.requests.at(0), "authorization") == "Basic dTpw");
    CHECK(value_of(other.requests.at(0), "authorization") == (named ? "Basic bjpw" : ""));
  }
}

TEST_CASE("credentials that cannot be sent") {
  struct {
    credentials what;
    std::string origin;
    std::string reason;
  } cases[] = {
      {credentials::basic("a:b", "c"), "http://host", "credentials_invalid"},
      {credentials::bearer("a\r\nb: c"), "http://host", "credentials_invalid"},
      {credentials::bearer("a"), "http://host/path", "credentials_origin"},
      {credentials::bearer("a"), "host", "credentials_origin"},
      {credentials::signature([](const unsigned_request&) -> result<void> {
         return fail(error_category::usage, "no_key", "there is no key");
       }),
       "http://host", "no_key"},
  };
  for (auto& c : cases) {
    CAPTURE(c.reason);
    plain_host at;
    client_options options = plain();
    options.credentials = {{c.origin, c.what}};
    auto r = get(at.network, "http://host/", options);
    REQUIRE_FALSE(r);
    CHECK(r.error().reason() == c.reason);
    CHECK(r.error().category() == error_category::usage);
    CHECK(r.error().replay() == replay_safety::not_sent);
    CHECK(at.host.requests.empty());
    CHECK(at.network.open_streams == 0);
  }
}

TEST_CASE("Digest answers a challenge, and the next request at once") {
  plain_host at;
  at.host.then(unauthorized(digest_challenge)).then(plain_response("a")).then(plain_response("b"));
  auto work = [&]() -> task<void> {
    client_options options = plain();
    options.credentials = {{"http://host", credentials::digest("alice", "secret")}};
    client c(at.network.transport(), options);
    auto a = co_await c.get("http://host/x?y");
    CHECK(a.content() == "a");
    request_options second{.content = "data"};
    auto b = co_await c.post("http://host/z", second);
    CHECK(b.content() == "b");
  };
  at.network.run(work());
  CHECK(value_of(at.host.requests.at(0), "authorization").empty());
  const std::string first = value_of(at.host.requests.at(1), "authorization");
  CHECK(parameter(first, "response") == digest_response(first, "GET", "/x?y", "n1"));
  CHECK(parameter(first, "nc") == "00000001");
  const std::string second = value_of(at.host.requests.at(2), "authorization");
  CHECK(parameter(second, "response") == digest_response(second, "POST", "/z", "n1"));
  CHECK(parameter(second, "nc") == "00000002");
  CHECK(at.host.connections == 1);
}

TEST_CASE("Digest gives up on a second no, unless only the nonce was old") {
  const std::string stale =
      R"(Digest realm="r", nonce="n2", algorithm=SHA-256, qop="auth", stale=true)";
  struct {
    std::vector<std::string> answers;
    int status;
    std::size_t requests;
  } cases[] = {
      {{unauthorized(digest_challenge), unauthorized(digest_challenge)}, 401, 2},
      {{unauthorized(digest_challenge), unauthorized(stale), plain_response("x")}, 200, 3},
      {{unauthorized(digest_challenge), unauthorized(stale), unauthorized(stale)}, 401, 3},
      {{unauthorized("Basic realm=\"r\"")}, 401, 1},  // the password is not for all to read
      {{unauthorized("Digest nonsense, =")}, 401, 1},
      {{unauthorized("Basic realm=no quotes\r\nWWW-Authenticate: " + digest_challenge),
        plain_response("x")},
       200,
       2},
  };
  for (auto& c : cases) {
    plain_host at;
    for (auto& a : c.answers) at.host.then(a);
    const auto alice = credentials::digest("alice", "secret");
    auto r = get(at.network, "http://host/", plain(), {.credentials = &alice});
    if (!r) FAIL(r.error().what());
    CHECK(r->status() == c.status);
    CHECK(at.host.requests.size() == c.requests);
  }
}

TEST_CASE("content goes out again after a 401 only when it can") {
  const auto alice = credentials::digest("alice", "secret");
  for (const bool again : {true, false}) {
    plain_host at;
    at.host.then(unauthorized(digest_challenge)).then(plain_response("x"));
    auto work = [&]() -> task<int> {
      client_options options = plain();
      options.expect_continue_over = SIZE_MAX;
      client c(at.network.transport(), options);
      request_options how{.credentials = &alice};
      if (again) {
        auto r = co_await c.post("http://host/", content("data"), how);
        co_return r.status();
      }
      bool given = false;
      auto once = content::generated(
          [&]() -> task<std::string> { co_return std::exchange(given, true) ? "" : "data"; }, 4);
      auto r = co_await c.post("http://host/", std::move(once), how);
      co_return r.status();
    };
    CHECK(at.network.run(work()) == (again ? 200 : 401));
  }
}

TEST_CASE("a token source is asked before a request, and once more after a 401") {
  struct {
    std::vector<int> answers;
    std::vector<std::string> tokens;
    int status;
  } cases[] = {
      {{200}, {""}, 200},
      {{401, 200}, {"", "token1"}, 200},
      {{401, 401, 200}, {"", "token1"}, 401},
  };
  for (auto& c : cases) {
    plain_host at;
    for (int a : c.answers)
      at.host.then(a == 200 ? plain_response("x") : unauthorized("Bearer error=\"invalid_token\""));
    std::vector<std::string> refused;
    const auto source = credentials::bearer([&](std::string last) -> task<std::string> {
      refused.push_back(std::move(last));
      co_return "token" + std::to_string(refused.size());
    });
    auto r = get(at.network, "http://host/", plain(), {.credentials = &source});
    if (!r) FAIL(r.error().what());
    CHECK(r->status() == c.status);
    CHECK(refused == c.tokens);
    CHECK(value_of(at.host.requests.back(), "authorization") ==
          "Bearer token" + std::to_string(refused.size()));
  }
}

TEST_CASE("a token is said to be refused once, after the 401 that refused it") {
  plain_host at;
  at.host.then(unauthorized("Bearer")).then(plain_response("", "503 Busy"));
  at.host.then(plain_response("", "302 Found", "Location: /b\r\n")).then(plain_response("x"));
  std::vector<std::string> refused;
  const auto source = credentials::bearer([&](std::string last) -> task<std::string> {
    refused.push_back(std::move(last));
    co_return refused.size() == 1 ? "old" : "new";
  });
  client_options options = plain();
  options.retry.attempts = 2;
  auto r = get(at.network, "http://host/", options, {.credentials = &source});
  if (!r) FAIL(r.error().what());
  CHECK(r->status() == 200);
  CHECK(refused == std::vector<std::string>{"", "old", "", ""});
}

TEST_CASE("a netrc has the password of a user in the URL, and of IPv6 addresses") {
  struct {
    std::string url, shown;
  } cases[] = {{"http://ada@host/", "Basic YWRhOnNlY3JldA=="},
               {"http://ada:own@host/", "Basic YWRhOm93bg=="},
               {"http://eve@host/", "Basic ZXZlOg=="},
               {"http://host/", "Basic Ym9iOnB3"},
               {"http://[::1]/", "Basic c2l4OnB3"}};
  for (const auto& c : cases) {
    CAPTURE(c.url);
    plain_host at;
    at.network.listen("::1", 80, at.host.plain());
    at.host.then(plain_response("x"));
    client_options options = plain();
    options.netrc = *netrc::parse(
        "machine host login bob password pw machine host login ada password secret "
        "machine ::1 login six password pw");
    auto r = get(at.network, c.url, options);
    if (!r) FAIL(r.error().what());
    CHECK(value_of(at.host.requests.at(0), "authorization") == c.shown);
  }
}

TEST_CASE("what a token source throws") {
  plain_host at;
  const auto fails = credentials::bearer([](std::string) -> task<std::string> {
    throw error(error_category::policy, "no_login", "nobody has logged in");
    co_return "";
  });
  auto r = get(at.network, "http://host/", plain(), {.credentials = &fails});
  REQUIRE_FALSE(r);
  CHECK(r.error().reason() == "no_login");
  const auto throws = credentials::bearer([](std::string) -> task<std::string> {
    throw std::runtime_error("boom");
    co_return "";
  });
  CHECK_THROWS_AS(get(at.network, "http://host/", plain(), {.credentials = &throws}),
                  std::runtime_error);
  CHECK(at.network.open_streams == 0);
}

TEST_CASE("a signature sees what is sent, each time that it is sent") {
  plain_host at;
  at.host.then("", after::close).then(plain_response("x"));
  int signed_times = 0;
  const auto signer = credentials::signature([&](const unsigned_request& r) -> result<void> {
    ++signed_times;
    REQUIRE(r.content);
    const std::string seen = std::string(r.method.text()) + std::string(r.url.target()) +
                             std::string(r.headers.find("x-a").value_or("")) +
                             std::to_string(r.content->size());
    return r.headers.append("x-signature", seen + "." + std::to_string(signed_times));
  });
  client_options options = plain();
  options.retry.attempts = 2;
  auto r = send(at.network, method::put, "http://host/p?q",
                {.headers = {{"x-a", "A"}}, .content = "four", .credentials = &signer}, options);
  if (!r) FAIL(r.error().what());
  CHECK(value_of(at.host.requests.at(0), "x-signature") == "PUT/p?qA4.1");
  CHECK(value_of(at.host.requests.at(1), "x-signature") == "PUT/p?qA4.2");
}
