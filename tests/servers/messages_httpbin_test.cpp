// Messages as httpbin sees them.
#include "servers/message_servers.hpp"

#include <cohttps/client/multipart_form.hpp>
#include <cohttps/http/cookie/shared_cookie_jar.hpp>

#include <memory>

using namespace cohttps;
using namespace cohttps::testing;

namespace {

message_server& server() { return message_server_of<message_program::httpbin>(); }

}  // namespace

TEST_CASE("httpbin: every method arrives with its query, fields and content") {
  for (const auto& verb :
       {method::get, method::post, method::put, method::patch, method::delete_}) {
    CAPTURE(verb.text());
    for (const bool secure : {false, true}) {
      const auto url = with_appended(url::parse(server().url("/anything/a%20b", secure)).value(),
                                     query{{"q", "cats & dogs"}, {"\u00fc", "+%"}});
      const bool sends = verb != method::get;
      const auto r = json_of(expect_answer(ask(server().options(), verb, url.href(),
                                               sends ? content("text", "text/plain") : content(),
                                               {.headers = {{"x-twice", "1"}, {"x-twice", "2"}}})));
      CHECK(r.at("method") == verb.text());
      CHECK(r.at("args") == nlohmann::json{{"q", "cats & dogs"}, {"\u00fc", "+%"}});
      CHECK(r.at("headers").at("X-Twice") == "1,2");
      CHECK(r.at("data") == (sends ? "text" : ""));
    }
  }
  const auto head = expect_answer(ask(server().options(), method::head, server().url("/get")));
  CHECK(head.status() == 200);
  CHECK(head.text().empty());
  const auto able = expect_answer(ask(server().options(), method::options, server().url("/get")));
  CHECK(able.header("allow").value_or("").find("GET") != std::string_view::npos);
}

TEST_CASE("httpbin: forms are what they were, urlencoded and multipart") {
  const auto plain = json_of(expect_answer(ask(
      server().options(), method::post, server().url("/post"),
      content::form({{"name", "J\u00f8rgen & co"}, {"empty", ""}, {"many", "1"}, {"many", "2"}}))));
  CHECK(plain.at("form") ==
        nlohmann::json{{"name", "J\u00f8rgen & co"}, {"empty", ""}, {"many", {"1", "2"}}});

  const auto path = server().folder().write("up.txt", "from\r\na file\n").string();
  multipart_form form;
  form.add("comment", "two\r\nlines").add("\u00fc \"q\"", "name").add_file("film", path);
  const auto parsed = json_of(
      expect_answer(ask(server().options(), method::post, server().url("/post"), std::move(form))));
  CHECK(parsed.at("form").at("comment") == "two\r\nlines");
  CHECK(parsed.at("files") == nlohmann::json{{"film", "from\r\na file\n"}});
  CHECK(parsed.at("form").size() == 2);
}

TEST_CASE("httpbin: redirections rewrite the method, or repeat the content") {
  struct {
    int status;
    std::string_view method;
    std::string_view content;
  } cases[] = {
      {301, "GET", ""},       {302, "GET", ""},       {303, "GET", ""},
      {307, "POST", "again"}, {308, "POST", "again"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.status);
    const auto r =
        expect_answer(ask(server().options(), method::post,
                          server().url("/redirect-to?url=%2Fanything%3Fx%3Dy&status_code=" +
                                       std::to_string(c.status)),
                          content("again", "text/plain")));
    const auto json = json_of(r);
    CHECK(json.at("method") == c.method);
    CHECK(json.at("data") == c.content);
    CHECK(json.at("args").at("x") == "y");
    REQUIRE(r.history().size() == 1);
    CHECK(r.history()[0].status == c.status);
  }
  const auto chain =
      expect_answer(ask(server().options(), method::get, server().url("/redirect/5")));
  CHECK(chain.history().size() == 5);
  auto few = server().options();
  few.max_redirects = 4;
  const auto too_many = ask(few, method::get, server().url("/redirect/5"));
  REQUIRE_FALSE(too_many);
  CHECK(too_many.error().reason() == "too_many_redirects");
}

TEST_CASE("httpbin: cookies are kept and sent back, and can be deleted") {
  auto options = server().options();
  options.cookies = std::make_shared<shared_cookie_jar>();
  const auto set =
      json_of(expect_answer(ask(options, method::get, server().url("/cookies/set?a=1&b=two"))));
  CHECK(set.at("cookies") == nlohmann::json{{"a", "1"}, {"b", "two"}});
  const auto kept = json_of(expect_answer(ask(options, method::get, server().url("/cookies"))));
  CHECK(kept.at("cookies") == nlohmann::json{{"a", "1"}, {"b", "two"}});
  const auto less =
      json_of(expect_answer(ask(options, method::get, server().url("/cookies/delete?a"))));
  CHECK(less.at("cookies") == nlohmann::json{{"b", "two"}});
  const auto none =
      json_of(expect_answer(ask(server().options(), method::get, server().url("/cookies"))));
  CHECK(none.at("cookies").empty());
}

TEST_CASE("httpbin: credentials are shown as they are asked for") {
  const auto status = [](const std::string& path, const credentials& who) {
    return expect_answer(
               ask(server().options(), method::get, server().url(path), {}, {.credentials = &who}))
        .status();
  };
  const auto basic = credentials::basic("me", "open sesame");
  const auto wrong = credentials::basic("me", "wrong");
  CHECK(status("/basic-auth/me/open%20sesame", basic) == 200);
  CHECK(status("/basic-auth/me/open%20sesame", wrong) == 401);
  CHECK(status("/hidden-basic-auth/me/open%20sesame", basic) == 200);
  const auto bearer = credentials::bearer("a-token");
  CHECK(status("/bearer", bearer) == 200);
  CHECK(status("/bearer", credentials()) == 401);
  const auto digest = credentials::digest("me", "open-sesame");
  const auto wrong_digest = credentials::digest("me", "wrong");
  for (const std::string quality : {"auth", "auth-int"})
    for (const std::string algorithm : {"MD5", "SHA-256"}) {
      CAPTURE(quality, algorithm);
      const auto path = "/digest-auth/" + quality + "/me/open-sesame/" + algorithm;
      CHECK(status(path, digest) == 200);
      CHECK(status(path, wrong_digest) == 401);
    }
}

TEST_CASE("httpbin: content comes decoded, in any coding") {
  for (const std::string coding : {"gzip", "deflate", "brotli"}) {
    CAPTURE(coding);
    const auto r = expect_answer(ask(server().options(), method::get, server().url("/" + coding)));
    CHECK(r.header("content-encoding"));
    CHECK(json_of(r).at(coding == "gzip"      ? "gzipped"
                        : coding == "deflate" ? "deflated"
                                              : "brotli") == true);
    auto raw = server().options();
    raw.decode_content = false;
    const auto bytes = expect_answer(ask(raw, method::get, server().url("/" + coding)));
    CHECK_FALSE(bytes.text().starts_with("{"));
  }
}

TEST_CASE("httpbin: parts, conditions, streams and statuses") {
  const auto part = expect_answer(ask(server().options(), method::get, server().url("/range/1000"),
                                      {}, {.headers = {{"range", "bytes=10-19"}}}));
  CHECK(part.status() == 206);
  CHECK(part.text() == "klmnopqrst");
  CHECK(part.header("content-range") == "bytes 10-19/1000");
  const auto same = expect_answer(ask(server().options(), method::get, server().url("/etag/abc"),
                                      {}, {.headers = {{"if-none-match", "\"abc\""}}}));
  CHECK(same.status() == 304);
  CHECK(same.text().empty());
  const auto lines =
      expect_answer(ask(server().options(), method::get, server().url("/stream/20")));
  CHECK(std::ranges::count(lines.text(), '\n') == 20);
  const auto dripping = expect_answer(
      ask(server().options(), method::get, server().url("/drip?numbytes=50&duration=0.2&delay=0")));
  CHECK(dripping.text() == std::string(50, '*'));
  for (const int status : {204, 404, 418, 500})
    CHECK(expect_answer(ask(server().options(), method::get,
                            server().url("/status/" + std::to_string(status))))
              .status() == status);
}
