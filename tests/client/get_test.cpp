// What a response is made of, and what is sent for it.
#include "client/support.hpp"

#include <cohttps/core/base64.hpp>
#include <cohttps/http/coding/coding.hpp>

#include <support/allocations.hpp>

using namespace cohttps;
using namespace cohttps::testing;
using namespace std::chrono_literals;

TEST_CASE("get gives status, fields and content, at any read size") {
  for_each_read_size([](memory_network& network) {
    scripted_host host;
    host.then("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: 1\r\nx-a: 2\r\n\r\nhello");
    network.listen("host", 80, host.plain());
    auto r = get(network, "http://host/path?q=1#f");
    REQUIRE(r);
    CHECK(r->status() == 200);
    CHECK(r->reason() == "OK");
    CHECK(r->ok());
    CHECK(r->text() == "hello");
    CHECK(r->header("X-a") == "1");
    CHECK(r->headers().values("x-a").size() == 2);
    CHECK(r->url().href() == "http://host/path?q=1#f");
    CHECK(r->connection().protocol == "HTTP/1.1");
    CHECK_FALSE(r->connection().tls);
    CHECK(host.requests.at(0) ==
          "GET /path?q=1 HTTP/1.1\r\nHost: host\r\nUser-Agent: cohttps/" COHTTPS_VERSION_STRING
          "\r\nAccept: */*\r\n" +
              (accept_encoding().empty() ? "" : "Accept-Encoding: " + accept_encoding() + "\r\n") +
              "\r\n");
  });
}

TEST_CASE("a client says of itself what its options say") {
  plain_host at;
  at.host.then(plain_response("x")).then(plain_response("x"));
  client_options options = plain();
  options.user_agent = "";
  options.accept = "";
  options.decode_content = false;
  REQUIRE(get(at.network, "http://host/", options));
  CHECK(at.host.requests.at(0) == "GET / HTTP/1.1\r\nHost: host\r\n\r\n");
  options.user_agent = "me";
  options.accept = "text/html";
  REQUIRE(get(at.network, "http://host/", options));
  CHECK(at.host.requests.at(1) ==
        "GET / HTTP/1.1\r\nHost: host\r\nUser-Agent: me\r\nAccept: text/html\r\n\r\n");
}

TEST_CASE("every framing of content ends where it should, at any read size") {
  struct {
    std::string bytes;
    after end;
    method verb;
    int status;
    std::string content;
  } cases[] = {
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4;x=y\r\ndefg\r\n0\r\n"
       "Trailer-Field: t\r\n\r\n",
       after::keep, method::get, 200, "abcdefg"},
      {"HTTP/1.1 200 OK\r\n\r\nuntil the end", after::close, method::get, 200, "until the end"},
      {"HTTP/1.0 200 OK\r\n\r\nold", after::close, method::get, 200, "old"},
      {"HTTP/1.1 204 No Content\r\n\r\n", after::keep, method::get, 204, ""},
      {"HTTP/1.1 304 Not Modified\r\nContent-Length: 100\r\n\r\n", after::keep, method::get, 304,
       ""},
      {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", after::keep, method::head, 200, ""},
      {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
       "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
       after::keep, method::get, 200, "ok"},
      {"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\ngone", after::keep, method::get, 404,
       "gone"},
      {"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", after::keep, method::get, 200, ""},
  };
  for (auto& c : cases) {
    CAPTURE(c.bytes);
    for_each_read_size([&](memory_network& network) {
      scripted_host host;
      host.then(c.bytes, c.end);
      network.listen("host", 80, host.plain());
      auto r = send(network, c.verb, "http://host/", {});
      if (!r) FAIL(r.error().what());
      CHECK(r->status() == c.status);
      CHECK(r->text() == c.content);
      CHECK(network.open_streams == 0);
    });
  }
}

TEST_CASE("trailers are given with the response") {
  plain_host at;
  at.host.then(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-Sum: 42\r\n\r\n");
  auto r = get(at.network, "http://host/");
  REQUIRE(r);
  CHECK(r->trailers().find("x-sum") == "42");
}

TEST_CASE("http is refused unless it is allowed, before anything is connected") {
  plain_host at;
  auto r = get(at.network, "http://host/", {});
  REQUIRE_FALSE(r);
  CHECK(r.error().category() == error_category::policy);
  CHECK(r.error().reason() == "plaintext_refused");
  CHECK(r.error().replay() == replay_safety::not_sent);
  CHECK(at.network.connections == 0);
}

TEST_CASE("a wrong URL or field is a usage error, and nothing is sent") {
  plain_host at;
  for (std::string url :
       {"", "host", "ftp://host/", "http://", "http://host:99999/", "http://[::1/"}) {
    CAPTURE(url);
    auto r = get(at.network, url);
    REQUIRE_FALSE(r);
    CHECK(r.error().category() == error_category::usage);
  }
  for (field bad : {field{"a b", "c"}, field{"a", "b\r\nc: d"}, field{"", "x"},
                    field{"Transfer-Encoding", "chunked"}, field{"Content-Length", "7"}}) {
    CAPTURE(bad.name);
    auto r = get(at.network, "http://host/", plain(), {.headers = {bad}});
    REQUIRE_FALSE(r);
    CHECK(r.error().category() == error_category::usage);
    CHECK(r.error().replay() == replay_safety::not_sent);
  }
  CHECK(at.host.requests.empty());
  CHECK(at.network.open_streams == 0);
}

TEST_CASE("the caller's fields come in order and replace the client's") {
  plain_host at;
  at.host.then(plain_response("")).then(plain_response(""));
  client_options options = plain();
  options.decode_content = false;
  (void)options.headers.append("x-client", "1");
  (void)options.headers.append("accept-language", "de");
  auto r = get(at.network, "http://host/", options,
               {.headers = {{"X-One", "1"},
                            {"X-One", "2"},
                            {"Accept-Language", "en"},
                            {"User-Agent", "me"},
                            {"Accept", "text/html"}}});
  REQUIRE(r);
  CHECK(at.host.requests.at(0) ==
        "GET / HTTP/1.1\r\nHost: host\r\nX-One: 1\r\nX-One: 2\r\nAccept-Language: en\r\n"
        "User-Agent: me\r\nAccept: text/html\r\nx-client: 1\r\n\r\n");
  fields kept{{"host", "other.example"}};
  auto other = get(at.network, "http://host/", plain(), {.headers = kept});
  REQUIRE(other);
  CHECK(at.host.requests.at(1).starts_with("GET / HTTP/1.1\r\nHost: other.example\r\n"));
}

TEST_CASE("content is sent with its length; methods are kept") {
  plain_host at;
  at.host.then(plain_response("")).then(plain_response("")).then(plain_response(""));
  REQUIRE(send(at.network, method::post, "http://host/", {.content = "a=b"}));
  CHECK(at.host.requests.at(0).ends_with("Content-Length: 3\r\n\r\na=b"));
  REQUIRE(send(at.network, method::post, "http://host/", {}));
  CHECK(at.host.requests.at(1).ends_with("Content-Length: 0\r\n\r\n"));
  const std::string large(300'000, 'x');
  REQUIRE(send(at.network, method::put, "http://host/", {.content = large}));
  CHECK(at.host.requests.at(2).ends_with(large));
  CHECK(at.host.requests.at(2).starts_with("PUT / HTTP/1.1\r\n"));
}

TEST_CASE("a name and password in the URL become Basic authentication, and stay out of errors") {
  plain_host at;
  at.host.then(plain_response(""));
  REQUIRE(get(at.network, "http://us%65r:p%40ss@host/"));
  CHECK(at.host.requests.at(0).find("Authorization: Basic " + to_base64("user:p@ss") + "\r\n") !=
        std::string::npos);
  auto r = get(at.network, "http://user:secret@nowhere/?token=hidden");
  REQUIRE_FALSE(r);
  const std::string what = r.error().what();
  CHECK(what.find("secret") == what.npos);
  CHECK(what.find("hidden") == what.npos);
  CHECK(what.find("http://nowhere") != what.npos);
}

TEST_CASE("require_success passes 2xx on and throws for the rest") {
  plain_host at;
  at.host.then(plain_response("")).then(plain_response("", "404 Not Found"));
  auto fine = get(at.network, "http://host/");
  CHECK_NOTHROW(fine->require_success());
  auto missing = get(at.network, "http://host/");
  try {
    missing->require_success();
    FAIL("nothing was thrown");
  } catch (const error& e) {
    CHECK(std::string(e.what()) == "http://host: the server answered 404 Not Found");
  }
}

TEST_CASE("get throws what try_get returns") {
  memory_network network;
  auto work = [&]() -> task<std::string> {
    client c(network.transport(), plain());
    try {
      auto r = co_await c.get("http://nowhere/");
    } catch (const error& e) {
      co_return std::string(to_string(e.category()));
    }
    co_return "nothing was thrown";
  };
  CHECK(network.run(work()) == "resolve");
}

TEST_CASE("an operation outlives its client, and does nothing unless it is awaited") {
  plain_host at;
  at.host.then(plain_response("x"));
  auto work = [&]() -> task<std::string> {
    std::optional<client> c(std::in_place, at.network.transport(), plain());
    {
      auto dropped = c->get("http://host/");
    }
    auto kept = c->get(std::string("http://") + "host/");
    c.reset();
    auto r = co_await std::move(kept);
    co_return r.text();
  };
  CHECK(at.network.run(work()) == "x");
  CHECK(at.host.requests.size() == 1);
}

TEST_CASE("content beyond the limit is refused, told or found out") {
  for (bool chunked : {false, true}) {
    plain_host at;
    const std::string content(1000, 'x');
    at.host.then(chunked ? "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3e8\r\n" +
                               content + "\r\n0\r\n\r\n"
                         : plain_response(content));
    auto r = get(at.network, "http://host/", plain(), {.max_content = 999});
    REQUIRE_FALSE(r);
    CHECK(r.error().category() == error_category::limit);
    CHECK(r.error().reason() == "content_too_large");
    CHECK(r.error().phase() == phase::receive_body);
    CHECK(at.network.open_streams == 0);
    at.host.then(plain_response(content));
    CHECK(get(at.network, "http://host/", plain(), {.max_content = 1000}));
  }
}

TEST_CASE("a stream gives the content in parts and the connection back at its end") {
  for_each_read_size([](memory_network& network) {
    scripted_host host;
    const std::string content(50'000, 'y');
    host.then(plain_response(content)).then(plain_response("next"));
    network.listen("host", 80, host.plain());
    auto work = [&]() -> task<void> {
      client c(network.transport(), plain());
      auto r = co_await c.stream(method::get, "http://host/");
      CHECK(r.status() == 200);
      CHECK(r.content_length() == 50'000);
      CHECK(c.statistics().idle == 0);
      std::string read;
      while (true) {
        auto part = co_await r.read();
        if (part.empty()) break;
        read.append(reinterpret_cast<const char*>(part.data()), part.size());
      }
      CHECK(read == content);
      CHECK(r.complete());
      CHECK(c.statistics().idle == 1);
      auto again = co_await r.read();
      CHECK(again.empty());
      auto next = co_await c.get("http://host/");
      CHECK(next.on_reused_connection());
    };
    network.run(work());
  });
}

TEST_CASE("a stream that is not read to its end closes its connection") {
  plain_host at;
  at.host.then(plain_response(std::string(50'000, 'y')));
  auto work = [&]() -> task<void> {
    client c(at.network.transport(), plain());
    {
      auto r = co_await c.stream(method::get, "http://host/");
      auto part = co_await r.read();
      CHECK_FALSE(part.empty());
    }
    CHECK(c.statistics().idle == 0);
    CHECK(at.network.open_streams == 0);
  };
  at.network.run(work());
}

TEST_CASE("a GET in the steady state allocates nothing") {
  if (!recycler::recycles) SKIP("a sanitizer gives every frame memory of its own");
  plain_host at;
  for (int i = 0; i < 30; ++i) at.host.then(plain_response(std::string(1024, 'x')));
  auto work = [&]() -> task<std::uint64_t> {
    client c(at.network.transport(), plain());
    std::uint64_t before = 0, frames = 0;
    for (int i = 0; i < 30; ++i) {
      if (i == 20) before = allocations::count(), frames = recycler::allocated();
      auto r = co_await c.get("http://host/some/longer/path?of=a&request=b");
    }
    CHECK(recycler::allocated() == frames);
    co_return (allocations::count() - before) / 10;
  };
  constexpr std::uint64_t of_the_host = 1;  // which keeps the text of each request
  CHECK(at.network.run(work()) == of_the_host);
}

TEST_CASE("a call takes a parsed URL, and each way to ask can give a result") {
  plain_host at;
  for (int i = 0; i < 4; ++i) at.host.then(plain_response("x"));
  auto work = [&]() -> task<void> {
    client c(at.network.transport(), plain());
    const url page = url::parse("http://host/page").value();
    auto r = co_await c.get(page);
    CHECK(r.url() == page);
    auto posted = co_await c.try_post(page, {.content = "question"});
    CHECK((posted && posted->text() == "x"));
    auto put = co_await c.try_put("http://host/put", {.content = "answer"});
    CHECK((put && put->status() == 200));
    auto stream = co_await c.try_stream(method::get, std::string("http://host/s"));
    REQUIRE(stream);
    CHECK(stream->ok());
    auto none = co_await c.try_stream(method::get, "http://nowhere/");
    CHECK_FALSE(none);
  };
  at.network.run(work());
  CHECK(at.host.requests.at(0).starts_with("GET /page "));
}
