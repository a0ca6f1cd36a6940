// Recording calls in a HAR file, and replaying them.
#include "client/support.hpp"
#include "servers/process.hpp"

#include <cohttps/adapters/har_reader.hpp>
#include <cohttps/cache.hpp>
#include <cohttps/client/credentials.hpp>
#include <cohttps/har.hpp>
#include <cohttps/har_replay.hpp>
#include <cohttps/http/cookie/shared_cookie_jar.hpp>
#include <cohttps/task/owned_coroutine.hpp>
#include <cohttps/transport/sleep.hpp>

#include <filesystem>
#include <sys/stat.h>

using namespace cohttps;
using namespace cohttps::testing;
using namespace std::chrono_literals;

namespace {

/// A host, and a client that records.
struct recorded_host : plain_host {
  temporary_folder folder;
  std::string path = (folder.path() / "log.har").string();

  /// Runs `work` with a client that records.
  template <class Work>
  void run(Work work, har_options how = {}, client_options options = plain()) {
    auto all = [&]() -> task<void> {
      har_recorder recorder(path, how);
      client c(network.transport(), options);
      c.use(recorder.layer());
      co_await work(c);
      CHECK_FALSE(recorder.failure());
    };
    network.run(all());
  }
  har_log log() const {
    auto read = read_har_file(path);
    REQUIRE(read);
    CHECK(read->complete);
    return *std::move(read);
  }
};

task<std::string> content_of(response_stream stream) {
  std::string all;
  while (true) {
    const auto part = co_await stream.read();
    if (part.empty()) break;
    all.append(reinterpret_cast<const char*>(part.data()), part.size());
  }
  co_return all;
}

/// Statuses and URLs of all entries, such as "GET /a 200, ".
std::string summary(const har_log& log) {
  std::string out;
  for (const har_entry& e : log.entries)
    out += e.request.method + ' ' + std::string(url::parse(e.request.url)->path()) + ' ' +
           std::to_string(e.response.status) +
           (e.response.failure ? ' ' + e.response.failure->reason : "") + ", ";
  return out;
}

}  // namespace

TEST_CASE("a recorder writes an entry for each call") {
  recorded_host at;
  at.host.then(plain_response("one", "200 OK", "Content-Type: text/plain\r\nSet-Cookie: id=1\r\n"))
      .then(plain_response("two", "404 Nothing"))
      .then(plain_response("three"));
  at.run([&](client& c) -> task<void> {
    co_await c.get("http://host/a?token=abc&q=1#part", {.headers = {{"Authorization", "abc"}}});
    auto stream = co_await c.stream(method::get, "http://host/b");
    auto text = co_await content_of(std::move(stream));
    CHECK(text == "two");
    co_await c.post("http://host/c", {.content = "asked"});
  });
  const har_log log = at.log();
  CHECK(summary(log) == "GET /a 200, GET /b 404, POST /c 200, ");
  const har_entry &a = log.entries[0], &b = log.entries[1], &c = log.entries[2];
  CHECK(a.request.url == "http://host/a?token=%3Chidden%3E&q=1");
  CHECK(a.request.headers.find("authorization") == "<hidden>");
  CHECK(a.request.headers.find("host") == "host");
  CHECK(a.response.headers.find("set-cookie") == "id=<hidden>");
  CHECK((a.response.content.bytes == "one" && a.response.content.media_type == "text/plain"));
  CHECK(a.protocol == "HTTP/1.1");
  CHECK(parse_address(a.server_address).has_value());
  CHECK((b.response.reason == "Nothing" && b.response.content.bytes == "two"));
  REQUIRE(c.request.content);
  CHECK((c.request.content->bytes == "asked" && !a.request.content));
  CHECK((a.connection == b.connection && b.connection == c.connection && a.connection != ""));
  struct stat found = {};
  REQUIRE(::stat(at.path.c_str(), &found) == 0);
  CHECK((found.st_mode & 07777) == 0600);
}

TEST_CASE("a recorder sees cookies and credentials as they were sent") {
  recorded_host at;
  at.host
      .then(plain_response("", "401 Who",
                           "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", "
                           "qop=\"auth\", algorithm=SHA-256\r\n"))
      .then(plain_response("in"));
  auto options = plain();
  auto jar = std::make_shared<shared_cookie_jar>();
  jar->store_all(*url::parse("http://host/"), {{"Set-Cookie", "id=secret"}},
                 std::chrono::system_clock::now());
  options.cookies = jar;
  const auto who = credentials::digest("user", "secret");
  at.run(
      [&](client& c) -> task<void> {
        auto r = co_await c.get("http://host/", {.credentials = &who});
        CHECK(r.status() == 200);
      },
      {.secrets = har_secrets::shown}, options);
  const har_log log = at.log();
  CHECK(summary(log) == "GET / 401, GET / 200, ");
  CHECK_FALSE(log.entries[0].request.headers.contains("authorization"));
  CHECK(log.entries[1].request.headers.find("authorization").value_or("").starts_with("Digest "));
  CHECK(log.entries[1].request.headers.find("cookie") == "id=secret");
}

TEST_CASE("redirections and repetitions are entries of their own") {
  recorded_host at;
  at.host.then(plain_response("gone", "303 Other", "Location: /next?password=x\r\n"))
      .then(plain_response("busy", "503 Busy"))
      .then("", after::close)
      .then(plain_response("end"));
  auto options = plain();
  options.retry.attempts = 3;
  options.expect_continue_over = SIZE_MAX;
  at.run(
      [&](client& c) -> task<void> {
        auto r = co_await c.post("http://host/first", {.content = "asked"});
        CHECK(r.text() == "end");
      },
      {}, options);
  const har_log log = at.log();
  CAPTURE(summary(log));
  REQUIRE(log.entries.size() >= 3);
  CHECK(summary(log).starts_with("POST /first 303, GET /next 503, "));
  CHECK(summary(log).ends_with("GET /next 200, "));
  CHECK(log.entries[0].request.content->bytes == "asked");
  CHECK_FALSE(log.entries[1].request.content);
  CHECK(log.entries[0].response.headers.find("location") == "/next?password=%3Chidden%3E");
  CHECK(log.entries.back().response.content.bytes == "end");
  for (const har_entry& e : log.entries) CHECK(e.started <= log.entries.back().started);
}

TEST_CASE("failures are recorded") {
  recorded_host at;
  at.host.then("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", after::close)
      .then("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", after::close)
      .then("nonsense\r\n\r\n", after::close)
      .then("", after::hang);
  std::vector<std::string> reasons;
  at.run([&](client& c) -> task<void> {
    auto r = co_await c.try_get("http://host/cut");
    reasons.emplace_back(r.error().reason());
    auto stream = co_await c.stream(method::get, "http://host/cut");
    while (true) {
      auto part = co_await stream.try_read();
      if (part) continue;
      reasons.emplace_back(part.error().reason());
      break;
    }
    r = co_await c.try_get("http://host/nonsense");
    reasons.emplace_back(r.error().reason());
    r = co_await c.try_get("http://host/late", {.timeout = 1s});
    reasons.emplace_back(r.error().reason());
    r = co_await c.try_get("http://nowhere/");
    reasons.emplace_back(r.error().reason());
    r = co_await c.try_get("http:///");  // no URL, no entry
  });
  const har_log log = at.log();
  REQUIRE(log.entries.size() == 5);
  for (std::size_t i = 0; i < 5; ++i) {
    const har_response& r = log.entries[i].response;
    REQUIRE(r.failure);
    CHECK(r.status == 0);
    CHECK(r.failure->reason == reasons[i]);
    CHECK_FALSE(r.failure->message.empty());
  }
  CHECK(log.entries[4].server_address.empty());
}

TEST_CASE("a stream that is not read to its end, and an operation that is destroyed") {
  recorded_host at;
  at.host.then(plain_response(std::string(50'000, 'x'))).then("", after::hang);
  at.run([&](client& c) -> task<void> {
    {
      auto stream = co_await c.stream(method::get, "http://host/large");
      auto part = co_await stream.read();
      CHECK(part.size() < 50'000);
    }
    auto begun = [](client& on) -> owned_coroutine<void> { (void)co_await on.get("http://host/"); };
    {
      auto one = begun(c);
      one.start();
      co_await sleep_for(at.network.transport(), 1s);
    }
  });
  const har_log log = at.log();
  CHECK(summary(log) == "GET /large 200, GET / 0 canceled, ");
  CHECK((log.entries[0].response.content.left_out && log.entries[0].response.content.bytes == ""));
}

TEST_CASE("content that is larger than the limit is left out") {
  recorded_host at;
  for (const int size : {10, 11, 10, 11})
    at.host.then(plain_response(std::string(static_cast<std::size_t>(size), 'a')));
  at.run(
      [&](client& c) -> task<void> {
        co_await c.post("http://host/", {.content = std::string(10, 'q')});
        co_await c.post("http://host/", {.content = std::string(11, 'q')});
        for (int i = 0; i < 2; ++i) {
          auto stream = co_await c.stream(method::get, "http://host/");
          auto text = co_await content_of(std::move(stream));
        }
      },
      {.max_content = 10});
  const har_log log = at.log();
  REQUIRE(log.entries.size() == 4);
  for (std::size_t i = 0; i < 4; ++i) {
    const har_content& c = log.entries[i].response.content;
    CHECK((c.size == 10 + i % 2 && c.left_out == (i % 2 == 1)));
    CHECK(c.bytes.size() == (i % 2 == 1 ? 0 : 10));
  }
  CHECK_FALSE(log.entries[0].request.content->left_out);
  CHECK(log.entries[1].request.content->left_out);
  CHECK(log.entries[1].request.content->size == 11);
}

TEST_CASE("content that is generated is recorded as it was sent") {
  recorded_host at;
  for (int i = 0; i < 2; ++i) at.host.then(plain_response("taken"));
  std::uint64_t progress_at = 0;
  auto options = plain();
  options.expect_continue_over = SIZE_MAX;
  const auto work = [&](client& c) -> task<void> {
    const auto pieces = [] {
      return content::generated(
          [i = 0]() mutable -> task<std::string> { co_return i++ < 3 ? "piece" : ""; });
    };
    co_await c.post("http://host/", pieces(),
                    {.on_progress = [&](const progress& p) { progress_at = p.sent; }});
    auto stream = co_await c.stream(method::post, "http://host/", pieces());
    auto text = co_await content_of(std::move(stream));
    CHECK(text == "taken");
  };
  at.run(work, {}, options);
  CHECK(progress_at > 0);
  const har_log log = at.log();
  REQUIRE(log.entries.size() == 2);
  for (const har_entry& e : log.entries) CHECK(e.request.content->bytes == "piecepiecepiece");
}

TEST_CASE("a recorder and a cache see the content of the same stream") {
  recorded_host at;
  at.host.then(plain_response("kept", "200 OK", "Cache-Control: max-age=60\r\n"));
  http_cache cache(std::make_shared<memory_cache>());
  at.run([&](client& c) -> task<void> {
    c.use(cache.layer());  // behind the recorder
    for (int i = 0; i < 2; ++i) {
      auto stream = co_await c.stream(method::get, "http://host/");
      auto text = co_await content_of(std::move(stream));
      CHECK(text == "kept");
    }
  });
  CHECK(at.host.requests.size() == 1);
  const har_log log = at.log();
  CHECK(summary(log) == "GET / 200, GET / 200, ");
  CHECK((log.entries[1].response.content.bytes == "kept" && log.entries[1].connection.empty()));
}

TEST_CASE("the file is a valid log after each entry, while the program goes on") {
  recorded_host at;
  for (int i = 0; i < 3; ++i) at.host.then(plain_response("one"));
  at.run([&](client& c) -> task<void> {
    CHECK(at.log().entries.empty());
    for (std::size_t i = 1; i <= 3; ++i) {
      co_await c.get("http://host/");
      CHECK(at.log().entries.size() == i);
    }
  });
}

TEST_CASE("entries are changed before they are written, and a full disk is told") {
  recorded_host at;
  at.host.then(plain_response("one"));
  at.run([&](client& c) -> task<void> { co_await c.get("http://host/"); },
         {.edit = [](har_entry& e) { e.response.content.bytes = "changed"; }});
  CHECK(at.log().entries.at(0).response.content.bytes == "changed");

  CHECK_THROWS_AS(har_recorder((at.folder.path() / "none" / "log.har").string()), error);
  if (::access("/dev/full", W_OK) == 0) CHECK_THROWS_AS(har_recorder("/dev/full"), error);
}

TEST_CASE("what was recorded is replayed without a network") {
  recorded_host at;
  at.host.then(plain_response("", "302 Found", "Location: /b\r\nSet-Cookie: id=1\r\n"))
      .then(plain_response("landed", "200 Fine", "X-A: 1\r\n"))
      .then(plain_response("first"))
      .then(plain_response("second"))
      .then("", after::close);
  auto options = plain();
  at.run(
      [&](client& c) -> task<void> {
        co_await c.get("http://host/a");
        co_await c.get("http://host/poll");
        co_await c.get("http://host/poll");
        auto failed = co_await c.try_get("http://host/closed");
        CHECK_FALSE(failed);
      },
      {.secrets = har_secrets::shown}, options);
  const har_log log = at.log();

  memory_network nowhere;
  options.cookies = std::make_shared<shared_cookie_jar>();
  auto work = [&]() -> task<void> {
    client c(nowhere.transport(), options);
    har_replayer replayer(log);
    c.use(replayer.layer());
    CHECK(replayer.unused().size() == log.entries.size() - 1);  // one was sent again
    auto r = co_await c.get("http://host/a");
    CHECK((r.status() == 200 && r.reason() == "Fine" && r.text() == "landed"));
    CHECK((r.url().href() == "http://host/b" && r.history().size() == 1));
    CHECK(r.header("x-a") == "1");
    CHECK(options.cookies->cookie_header(r.url(), std::chrono::system_clock::now()) == "id=1");
    auto first = request::to(method::get, "http://host/a");
    first.max_redirects = 0;
    r = co_await c.send(std::move(first));
    CHECK(r.status() == 302);
    auto stream = co_await c.stream(method::get, "http://host/poll");
    auto text = co_await content_of(std::move(stream));
    CHECK(text == "first");
    for (int i = 0; i < 2; ++i) {
      r = co_await c.get("http://host/poll");
      CHECK(r.text() == "second");
    }
    auto failed = co_await c.try_get("http://host/closed");
    REQUIRE_FALSE(failed);
    CHECK(failed.error().category() == error_category::peer_closed);
    CHECK(failed.error().reason() == log.entries.back().response.failure->reason);
    CHECK(replayer.unused().empty());
    failed = co_await c.try_get("http://host/other");
    CHECK(failed.error().reason() == "har_no_entry");
    std::string reason;
    try {
      (void)co_await c.upgrade("http://host/a", "echo");
    } catch (const error& e) {
      reason = e.reason();
    }
    CHECK(reason == "har_upgrade");
  };
  nowhere.run(work());
}

TEST_CASE("a replayer compares content, and says which content is missing") {
  har_log log;
  for (const char* question : {"a", "b"}) {
    auto& e = log.entries.emplace_back();
    e.request.method = "POST";
    e.request.url = "http://host/";
    e.request.content.emplace().bytes = question;
    e.response.status = 200;
    e.response.content.bytes = std::string("to ") + question;
  }
  log.entries.emplace_back(log.entries[0]).request.url = "http://host/left";
  log.entries.back().response.content.left_out = true;
  memory_network nowhere;
  auto work = [&]() -> task<void> {
    client c(nowhere.transport(), plain());
    har_replayer replayer(log, {.content = true});
    c.use(replayer.layer());
    auto r = co_await c.post("http://host/", {.content = "b"});
    CHECK(r.text() == "to b");
    r = co_await c.post("http://host/", content::generated([i = 0]() mutable -> task<std::string> {
                          co_return i++ == 0 ? "a" : "";
                        }));
    CHECK(r.text() == "to a");
    auto failed = co_await c.try_post("http://host/", {.content = "c"});
    CHECK(failed.error().message().ends_with("which differs in the content"));
    failed = co_await c.try_post("http://host/left", {.content = "a"});
    CHECK(failed.error().reason() == "har_content_missing");
  };
  nowhere.run(work());
}

TEST_CASE("any operation of a recorded call may fail or be stopped: an entry, and a valid file") {
  temporary_folder folder;
  const std::string path = (folder.path() / "log.har").string();
  for_each_fault([&](memory_network& network, stop_source& stop) {
    scripted_host host;
    host.then(plain_response("one")).then(plain_response("two"));
    network.listen("host", 80, host.plain());
    auto work = [&]() -> task<result<response>> {
      client c(network.transport(), plain());
      c.use(har_recorder(path).layer());
      co_return co_await c.try_post("http://host/", {.content = "x", .stop = stop});
    };
    auto outcome = network.run(work());
    const auto log = read_har_file(path);
    REQUIRE(log);
    CHECK((log->complete && !log->entries.empty()));
    CHECK(log->entries.back().response.failure.has_value() == !outcome);
    return outcome;
  });
}
