// What a caller hears while a request runs: interim responses and progress; and its trailers.
#include "client/support.hpp"

using namespace cohttps;
using namespace cohttps::testing;

TEST_CASE("interim responses are told in order") {
  plain_host at;
  at.host.then("HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n" +
               plain_response("x"));
  std::string heard;
  auto r = get(at.network, "http://host/", plain(), {.on_interim = [&](const response_head& head) {
                 heard += std::to_string(head.status) +
                          std::string(head.headers.find("link").value_or("")) + ";";
               }});
  if (!r) FAIL(r.error().what());
  CHECK(heard == "103</a.css>;102;");
}

TEST_CASE("what a caller throws of an interim response ends the sending") {
  memory_network network;
  network.listen("host", 80, [](memory_stream s) -> task<void> {
    std::byte in[4096];
    const std::string_view early = "HTTP/1.1 103 Early Hints\r\n\r\n";
    auto got = co_await s.read_some(in, {});
    auto sent = co_await s.write_some(std::as_bytes(std::span(early)), {});
    while (got && *got > 0 && sent) got = co_await s.read_some(in, {});
  });
  int pieces = 0;
  auto work = [&]() -> task<void> {
    client c(network.transport(), plain());
    auto next = [&]() -> task<std::string> {
      co_return ++pieces > 2000 ? "" : std::string(1000, 'x');
    };
    const auto thrown = [](const response_head&) { throw std::runtime_error("boom"); };
    const request_options how{.on_interim = thrown};
    bool threw = false;
    try {
      (void)co_await c.try_send(method::post, "http://host/", content::generated(next), how);
    } catch (const std::runtime_error&) {
      threw = true;
    }
    CHECK(threw);
  };
  network.run(work());
  CHECK(pieces < 100);
  CHECK(network.open_streams == 0);
}

TEST_CASE("progress of what is sent and received") {
  struct {
    std::string content;
    std::string answer;
    progress last;
  } cases[] = {
      {"", plain_response("12345"), {0, 0, 5, 5}},
      {"abc", plain_response("12345"), {3, 3, 5, 5}},
      {std::string(600'000, 'x'),
       plain_response(std::string(90'000, 'y')),
       {600'000, 600'000, 90'000, 90'000}},
      {"",
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n",
       {0, 0, 2, {}}},
  };
  for (auto& c : cases) {
    CAPTURE(c.content.size());
    plain_host at;
    at.host.then(c.answer);
    std::vector<progress> heard;
    client_options options = plain();
    options.expect_continue_over = SIZE_MAX;
    auto r =
        send(at.network, method::post, "http://host/",
             {.content = c.content, .on_progress = [&](const progress& p) { heard.push_back(p); }},
             options);
    if (!r) FAIL(r.error().what());
    REQUIRE_FALSE(heard.empty());
    for (std::size_t i = 1; i < heard.size(); ++i) {
      CHECK(heard[i].sent >= heard[i - 1].sent);
      CHECK(heard[i].received >= heard[i - 1].received);
    }
    CHECK(heard.back().sent == c.last.sent);
    CHECK(heard.back().to_send == c.last.to_send);
    CHECK(heard.back().received == c.last.received);
    CHECK(heard.back().to_receive == c.last.to_receive);
    if (c.content.size() > 500'000) CHECK(heard.size() > 4);
  }
}

TEST_CASE("progress is not of content that nobody wants") {
  plain_host at;
  at.host.then(plain_response("moved", "302 Found", "Location: /b\r\n"));
  at.host.then(plain_response("abc"));
  std::vector<progress> heard;
  auto r = get(at.network, "http://host/", plain(),
               {.on_progress = [&](const progress& p) { heard.push_back(p); }});
  if (!r) FAIL(r.error().what());
  REQUIRE(heard.size() == 1);
  CHECK(heard[0].received == 3);
  CHECK(heard[0].to_receive == 3);
}

TEST_CASE("trailers follow the content, in chunks") {
  plain_host at;
  std::string seen;
  at.network.listen("host", 80, [&](memory_stream s) -> task<void> {
    std::byte in[4096];
    while (seen.find("\r\n0\r\n") == seen.npos || !seen.ends_with("\r\n\r\n")) {
      auto got = co_await s.read_some(in, {});
      if (!got || *got == 0) co_return;
      seen.append(reinterpret_cast<const char*>(in), *got);
    }
    const std::string answer = plain_response("x");
    auto sent = co_await s.write_some(std::as_bytes(std::span(answer)), {});
  });
  for (const std::size_t size : {std::size_t{0}, std::size_t{4}, std::size_t{100'000}}) {
    CAPTURE(size);
    seen.clear();
    int asked = 0;
    const std::string data(size, 'd');
    auto r = send(at.network, method::put, "http://host/", {.content = data, .trailers = [&] {
                                                              ++asked;
                                                              return fields{{"x-sum", "42"}};
                                                            }});
    if (!r) FAIL(r.error().what());
    CHECK(asked == 1);
    CHECK(seen.find("Transfer-Encoding: chunked\r\n") != seen.npos);
    CHECK(seen.find("Content-Length") == seen.npos);
    CHECK(seen.ends_with("0\r\nx-sum: 42\r\n\r\n"));
  }
}

TEST_CASE("a trailer that may not be one") {
  plain_host at;
  auto r = send(at.network, method::put, "http://host/",
                {.content = "x", .trailers = [] { return fields{{"content-length", "1"}}; }});
  REQUIRE_FALSE(r);
  CHECK(r.error().reason() == "forbidden_trailer");
  CHECK(r.error().category() == error_category::usage);
  CHECK(at.network.open_streams == 0);
}
