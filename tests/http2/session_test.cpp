// Requests and responses through a session, with nghttp2's server on the other side.
#include "http2/conversation.hpp"

#include <cohttps/http2/session.hpp>

#include <catch2/catch_test_macros.hpp>

#include <deque>
#include <set>

using namespace cohttps;
using namespace cohttps::testing;

namespace {

constexpr std::size_t read_sizes[] = {1, 5, 13, 64, 1024, 16384};

void open(conversation& c, http2::stream& s, const get_request& r = {}) {
  auto opened = c.client.open(s, r.head());
  if (!opened) FAIL(opened.error().what());
}

}  // namespace

TEST_CASE("a GET goes out with its pseudo-header fields first and comes back with content") {
  for (const std::size_t size : read_sizes) {
    CAPTURE(size);
    conversation c(size);
    c.server.on_request = [](auto& server, auto& r) {
      server.respond(r.id,
                     {{":status", "200"}, {"content-type", "text/plain"}, {"content-length", "5"}},
                     "hello");
    };
    get_request r;
    r.path = "/a?b=c";
    r.headers.append_unchecked("X-Upper", "Kept As It Is");
    http2::stream s;
    open(c, s, r);
    c.run();

    REQUIRE(c.server.requests.size() == 1);
    http2_request& seen = c.server.requests.at(1);
    CHECK(seen[":method"] == "GET");
    CHECK(seen[":scheme"] == "https");
    CHECK(seen[":authority"] == "example.com");
    CHECK(seen[":path"] == "/a?b=c");
    CHECK(seen["x-upper"] == "Kept As It Is");
    CHECK(seen["host"] == "");
    CHECK(seen.head[0].name == ":method");

    REQUIRE(s.has_head());
    CHECK(s.ended());
    CHECK(s.content_length() == 5);
    CHECK(s.received() == 5);
    const response_head head = s.take_head();
    CHECK(head.status == 200);
    CHECK(head.headers.size() == 2);
    CHECK(head.headers.find("content-type") == "text/plain");
    CHECK(text_of(s.take_content()) == "hello");
    CHECK(s.take_content().empty());
    CHECK_FALSE(s.failure());
    CHECK(c.client.open_streams() == 0);
    CHECK(c.client.next_changed() == &s);
    CHECK(c.client.next_changed() == nullptr);
  }
}

TEST_CASE("interim responses are skipped, trailers kept but for those that may not be there") {
  for (const std::size_t size : read_sizes) {
    CAPTURE(size);
    conversation c(size);
    c.server.on_request = [](auto& server, auto& r) {
      server.interim(r.id, {{":status", "103"}, {"link", "</x>"}});
      server.respond(r.id, {{":status", "200"}}, "content",
                     {{"etag", "\"x\""}, {"content-type", "text/evil"}});
    };
    http2::stream s;
    open(c, s);
    CHECK(read_all(c, s) == "content");
    CHECK(s.ended());
    CHECK_FALSE(s.got_continue());
    const response_head head = s.take_head();
    CHECK(head.status == 200);
    CHECK_FALSE(head.headers.contains("link"));
    CHECK(s.trailers().find("etag") == "\"x\"");
    CHECK(s.trailers().size() == 1);
  }
}

TEST_CASE("answers without content end with their head") {
  struct row {
    method verb;
    const char* status;
  };
  for (const row& each :
       {row{method::head, "200"}, row{method::get, "204"}, row{method::get, "304"}}) {
    CAPTURE(each.verb.text(), each.status);
    conversation c;
    c.server.on_request = [&](auto& server, auto& r) {
      http2_server_peer::lines head{{":status", each.status}};
      if (each.status != std::string_view("204")) head.push_back({"content-length", "1000"});
      server.respond(r.id, head);
    };
    get_request r;
    r.verb = each.verb;
    http2::stream s;
    open(c, s, r);
    c.run();
    CHECK(s.has_head());
    CHECK(s.ended());
    CHECK_FALSE(s.failure());
    CHECK(s.received() == 0);
  }
}

TEST_CASE("content goes out within the server's windows, and trailers behind it") {
  for (const std::size_t size : read_sizes) {
    CAPTURE(size);
    conversation c(size);
    const std::string content = pattern(300'000);
    c.server.on_request = [](auto& server, auto& r) {
      server.respond(r.id, {{":status", "200"}}, std::to_string(r.content.size()));
    };
    get_request r;
    r.verb = method::post;
    r.length = std::nullopt;
    r.has_content = true;
    http2::stream s;
    open(c, s, r);
    const fields trailers{{"digest", "x"}};
    std::size_t at = 0;
    while (at < content.size()) {
      c.run();
      REQUIRE(s.wants_content());
      REQUIRE_FALSE(s.content_sent());
      const std::size_t part = std::min<std::size_t>(70'000, content.size() - at);
      s.give_content(bytes_of(content).subspan(at, part), false);
      at += part;
    }
    c.run();
    REQUIRE(s.end_content(trailers));
    CHECK(read_all(c, s) == "300000");
    CHECK(s.content_sent());
    CHECK(c.server.requests[1].content == content);
    CHECK(c.server.requests[1].trailers.find("digest") == "x");
    CHECK_FALSE(c.server.requests[1].head.contains("content-length"));
  }
}

TEST_CASE("content in memory is announced and sent whole") {
  conversation c;
  c.server.on_request = [](auto& server, auto& r) { server.respond(r.id, {{":status", "204"}}); };
  get_request r;
  r.verb = method::put;
  r.length = 3;
  r.has_content = true;
  http2::stream s;
  open(c, s, r);
  s.give_content(bytes_of("abc"), true);
  c.run();
  CHECK(c.server.requests[1]["content-length"] == "3");
  CHECK(c.server.requests[1].content == "abc");
  CHECK(s.ended());
}

TEST_CASE("a server that does not read stops the sender of one stream only") {
  conversation c;
  c.server.reads_content = false;
  c.server.early = true;
  c.server.on_request = [](auto& server, auto& r) {
    if (r[":method"] == "GET") server.respond(r.id, {{":status", "200"}}, "ok");
  };
  // The connection's window is what it is until the server changes it.
  const std::string content = pattern(200'000);
  get_request post;
  post.verb = method::post;
  post.length = content.size();
  post.has_content = true;
  http2::stream sending, getting;
  open(c, sending, post);
  sending.give_content(bytes_of(content), true);
  c.run();
  CHECK(c.server.requests[1].content.size() == 65535);
  CHECK_FALSE(sending.wants_content());
  open(c, getting);
  c.run();
  CHECK(getting.ended());
  c.server.consume(1, 65535);
  c.run();
  CHECK(c.server.requests[1].content.size() == 2 * 65535);
}

TEST_CASE("content that nobody reads stops its own stream only, and its memory is bounded") {
  http2::limits bounds;
  bounds.window = 100'000;
  conversation c(16384, bounds);
  c.server.on_request = [](auto& server, auto& r) {
    server.respond(r.id, {{":status", "200"}}, pattern(r[":path"] == "/large" ? 5'000'000 : 10));
  };
  std::deque<http2::stream> unread(20);
  get_request large;
  large.path = "/large";
  for (http2::stream& s : unread) open(c, s, large);
  c.run();
  for (http2::stream& s : unread) CHECK(s.received() == 100'000);
  http2::stream other;
  open(c, other);
  CHECK((read_all(c, other) == pattern(10)));
  CHECK(other.ended());
  CHECK((read_all(c, unread[7]) == pattern(5'000'000)));
  CHECK(unread[7].ended());
}

TEST_CASE("the window of a reader that keeps up grows, that of one that lags does not") {
  http2::limits bounds;
  bounds.window = 64 * 1024;
  bounds.largest_window = 1024 * 1024;
  for (const bool lags : {false, true}) {
    CAPTURE(lags);
    conversation c(16384, bounds);
    c.server.on_request = [](auto& server, auto& r) { server.begin(r.id, {{":status", "200"}}); };
    http2::stream s;
    open(c, s);
    c.run();
    const std::size_t part = lags ? 60'000 : 16'000;
    for (int i = 0; i < 200; ++i) {
      c.server.append(1, pattern(part));
      c.run();
      (void)s.take_content();
    }
    c.run();
    const auto before = s.received();
    c.server.append(1, pattern(3'000'000));
    c.run();
    if (lags)
      CHECK(s.received() - before <= 64 * 1024);
    else
      CHECK(s.received() - before > 512 * 1024);
  }
}

TEST_CASE("many streams share the connection") {
  for (const std::size_t size : read_sizes) {
    CAPTURE(size);
    conversation c(size);
    c.server.on_request = [](auto& server, auto& r) {
      server.respond(r.id, {{":status", "200"}}, "answer to " + r[":path"]);
    };
    std::deque<http2::stream> all(100);
    for (std::size_t i = 0; i < all.size(); ++i) {
      get_request r;
      r.path = "/" + std::to_string(i);
      open(c, all[i], r);
    }
    CHECK(c.client.open_streams() == 100);
    c.run();
    std::set<http2::stream*> named;
    while (http2::stream* s = c.client.next_changed()) CHECK(named.insert(s).second);
    CHECK(named.size() == 100);
    for (std::size_t i = 0; i < all.size(); ++i)
      CHECK(text_of(all[i].take_content()) == "answer to /" + std::to_string(i));
    CHECK(c.client.open_streams() == 0);
  }
}

TEST_CASE("a stream that is destroyed is canceled and hurts no other") {
  conversation c;
  c.server.on_request = [](auto& server, auto& r) { server.begin(r.id, {{":status", "200"}}); };
  http2::stream stays;
  {
    http2::stream goes;
    open(c, goes);
    open(c, stays);
    c.run();
    CHECK(c.client.open_streams() == 2);
  }
  CHECK(c.client.open_streams() == 1);
  while (http2::stream* s = c.client.next_changed()) CHECK(s == &stays);
  // What was on its way is dropped.
  c.server.append(1, "late");
  c.to_client();
  c.run();
  CHECK(c.server.resets == std::map<std::int32_t, std::uint32_t>{{1, NGHTTP2_CANCEL}});
  c.server.append(3, "content");
  c.server.end(3);
  CHECK(read_all(c, stays) == "content");
  CHECK(stays.ended());
}

TEST_CASE("a session that is destroyed leaves its streams behind as failed") {
  http2::stream s;
  {
    conversation c;
    open(c, s);
    c.run();
  }
  REQUIRE(s.failure());
  CHECK(s.failure()->category() == error_category::peer_closed);
  CHECK(s.take_content().empty());
}

TEST_CASE("what the server does to a stream is told apart") {
  struct row {
    std::uint32_t code;
    std::string_view reason;
    error_category category;
    replay_safety replay;
  };
  for (const row& each :
       {row{NGHTTP2_REFUSED_STREAM, "stream_refused", error_category::peer_closed,
            replay_safety::rejected},
        row{NGHTTP2_HTTP_1_1_REQUIRED, "http_1_1_required", error_category::protocol,
            replay_safety::rejected},
        row{NGHTTP2_INTERNAL_ERROR, "stream_reset", error_category::peer_closed,
            replay_safety::maybe_processed},
        row{0x1234, "stream_reset", error_category::peer_closed, replay_safety::maybe_processed}}) {
    CAPTURE(each.code);
    conversation c;
    c.server.on_request = [&](auto& server, auto& r) { server.reset(r.id, each.code); };
    http2::stream s;
    open(c, s);
    c.run();
    REQUIRE(s.failure());
    CHECK(s.failure()->reason() == each.reason);
    CHECK(s.failure()->category() == each.category);
    CHECK(s.failure()->replay() == each.replay);
    CHECK(c.client.open_streams() == 0);
    CHECK(c.client.capacity() == 100);
  }
}

TEST_CASE("an answer before the end of the content, and a server that wants no more of it") {
  conversation c;
  c.server.early = true;
  c.server.on_request = [](auto& server, auto& r) {
    server.respond(r.id, {{":status", "413"}}, "too much");
  };
  get_request r;
  r.verb = method::post;
  r.length = std::nullopt;
  r.has_content = true;
  http2::stream s;
  open(c, s, r);
  CHECK(read_all(c, s) == "too much");
  CHECK(s.ended());
  CHECK_FALSE(s.failure());
  CHECK(c.client.open_streams() == 1);
  c.server.reset(1, NGHTTP2_NO_ERROR);
  c.run();
  CHECK(s.stop_sending());
  CHECK_FALSE(s.failure());
  CHECK(c.client.open_streams() == 0);
}

TEST_CASE("a server that goes away: what it has not looked at was not sent") {
  conversation c;
  c.server.on_request = [](auto& server, auto& r) { server.begin(r.id, {{":status", "200"}}); };
  http2::stream first, second;
  open(c, first);
  c.run();
  open(c, second);
  c.server.goaway(1, NGHTTP2_NO_ERROR);
  c.to_client();
  REQUIRE(second.failure());
  CHECK(second.failure()->reason() == "going_away");
  CHECK(second.failure()->replay() == replay_safety::not_sent);
  CHECK(c.client.capacity() == 0);
  CHECK_FALSE(first.failure());

  http2::stream third;
  const auto opened = c.client.open(third, get_request().head());
  REQUIRE_FALSE(opened);
  CHECK(opened.error().replay() == replay_safety::not_sent);

  c.server.append(1, "the rest");
  c.server.end(1);
  CHECK(read_all(c, first) == "the rest");
  CHECK(first.ended());
}

TEST_CASE("a connection that ends: who had an answer, and what the server said about it") {
  conversation c;
  c.server.on_request = [](auto& server, auto& r) {
    if (r.id == 1) server.begin(r.id, {{":status", "200"}});
  };
  http2::stream answered, unanswered;
  open(c, answered);
  open(c, unanswered);
  c.run();
  c.server.goaway(3, NGHTTP2_ENHANCE_YOUR_CALM, "too\nmany");
  c.to_client();
  c.client.connection_lost();
  REQUIRE(answered.failure());
  REQUIRE(unanswered.failure());
  CHECK(answered.failure()->reason() == "truncated_body");
  CHECK(unanswered.failure()->reason() == "closed_before_response");
  CHECK(unanswered.failure()->message().find("ENHANCE_YOUR_CALM: too\\x0amany") !=
        std::string::npos);
  CHECK(c.client.open_streams() == 0);
  const auto more = c.client.receive(bytes_of("x"), {});
  CHECK_FALSE(more);
}

TEST_CASE("the server's settings decide how many requests are open at a time") {
  conversation c(16384, {}, {{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 2}});
  CHECK(c.client.capacity() == 100);
  c.run();
  CHECK(c.client.capacity() == 2);
  http2::stream a, b, too_many;
  open(c, a);
  open(c, b);
  const auto opened = c.client.open(too_many, get_request().head());
  REQUIRE_FALSE(opened);
  CHECK(opened.error().replay() == replay_safety::not_sent);
  c.server.settings({{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 1000}});
  c.run();
  CHECK(c.client.capacity() == 100);
  open(c, too_many);
}

TEST_CASE("CONNECT with a protocol, where the server takes it (RFC 8441)") {
  for (const bool takes : {false, true}) {
    CAPTURE(takes);
    std::vector<nghttp2_settings_entry> settings;
    if (takes) settings.push_back({NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1});
    conversation c(16384, {}, settings);
    c.server.early = true;
    c.server.on_request = [](auto& server, auto& r) {
      server.begin(r.id, {{":status", "200"}});
      server.append(r.id, "from the server");
    };
    c.run();
    get_request r;
    r.verb = method::connect;
    r.protocol = "websocket";
    r.path = "/chat";
    r.length = std::nullopt;
    r.has_content = true;
    http2::stream s;
    const auto opened = c.client.open(s, r.head());
    REQUIRE(opened.has_value() == takes);
    if (!takes) {
      CHECK(opened.error().reason() == "extended_connect_unsupported");
      continue;
    }
    s.give_content(bytes_of("from the client"), false);
    c.run();
    CHECK(c.server.requests[1][":protocol"] == "websocket");
    CHECK(c.server.requests[1][":path"] == "/chat");
    CHECK(c.server.requests[1].content == "from the client");
    CHECK(text_of(s.take_content()) == "from the server");
    s.give_content({}, true);
    c.server.end(1);
    c.run();
    CHECK(s.ended());
    CHECK(c.server.requests[1].ended);
  }
}

TEST_CASE("a ping is answered, ours and the server's; a goodbye is said once") {
  conversation c;
  c.client.ping();
  nghttp2_submit_ping(c.server.session(), 0, nullptr);
  c.run();
  CHECK(c.client.pongs() == 1);
  CHECK(c.server.pings == 1);
  c.client.close();
  c.client.close();
  c.run();
  CHECK(c.server.goaways == std::vector<std::uint32_t>{NGHTTP2_NO_ERROR});
  CHECK(c.client.capacity() == 0);
}
