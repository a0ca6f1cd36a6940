// Requests as the servers of tests read them: strictly, in pieces of any size.
#include <cohttps/testing/request_reader.hpp>

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <vector>

using namespace cohttps;
using namespace cohttps::testing;

namespace {

/// All requests in `text`, which comes in pieces of `size` bytes.
result<std::vector<received_request>> read(std::string_view text, std::size_t size = SIZE_MAX) {
  request_reader reader("https");
  std::vector<received_request> all;
  while (true) {
    const auto piece = text.substr(0, size);
    text.remove_prefix(piece.size());
    reader.input() += piece;
    while (true) {
      auto next = reader.next();
      if (!next) return pass(std::move(next));
      if (!*next) break;
      all.push_back(**std::move(next));
    }
    if (piece.empty()) return all;
  }
}

}  // namespace

TEST_CASE("requests are read whatever the pieces in which they come") {
  const std::string text =
      "GET /a?b=c HTTP/1.1\r\nHost: example.com:8443\r\nX-Name:  value \r\n\r\n"
      "PUT / HTTP/1.1\r\nHost: example.com\r\nContent-Length: 5\r\n\r\nhello"
      "POST /up HTTP/1.1\r\nHost: example.com\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\nChecksum: 7\r\n\r\n"
      "OPTIONS * HTTP/1.1\r\nHost: example.com\r\n\r\n"
      "POST /none HTTP/1.1\r\nHost: example.com\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
  for (const std::size_t size : {std::size_t{1}, std::size_t{2}, std::size_t{7}, SIZE_MAX}) {
    CAPTURE(size);
    const auto all = read(text, size);
    if (!all) FAIL(all.error().what());
    REQUIRE(all->size() == 5);
    CHECK((*all)[0].method == method::get);
    CHECK((*all)[0].url.href() == "https://example.com:8443/a?b=c");
    CHECK((*all)[0].header("x-name") == "value");
    CHECK((*all)[1].content == "hello");
    CHECK((*all)[2].content == "abc0123456789");
    CHECK((*all)[2].trailers.find("checksum") == "7");
    CHECK((*all)[3].url.href() == "https://example.com/");
    CHECK((*all)[4].content.empty());
    CHECK((*all)[4].trailers.empty());
  }
}

TEST_CASE("what is no request is an error, or one that is never complete") {
  const std::string host = "Host: h\r\n";
  const std::string malformed[] = {
      "GET / HTTP/1.0\r\n" + host + "\r\n",
      "GET  / HTTP/1.1\r\n" + host + "\r\n",
      "GET / x HTTP/1.1\r\n" + host + "\r\n",
      "GET HTTP/1.1\r\n" + host + "\r\n",
      " GET / HTTP/1.1\r\n" + host + "\r\n",
      "GET / HTTP/1.1\r\n\r\n",
      "GET / HTTP/1.1\r\n" + host + host + "\r\n",
      "GET / HTTP/1.1\r\n" + host + "bad name: x\r\n\r\n",
      "GET / HTTP/1.1\r\n" + host + " folded\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
      "PUT / HTTP/1.1\r\n" + host + "Content-Length: 1\r\nContent-Length: 1\r\n\r\nx",
      "PUT / HTTP/1.1\r\n" + host + "Content-Length: -1\r\n\r\n",
      "PUT / HTTP/1.1\r\n" + host + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
      "PUT / HTTP/1.1\r\n" + host + "Transfer-Encoding: gzip, chunked\r\n\r\n",
      "PUT / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\nx\r\n",
      "PUT / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n1\r\nxy\r\n",
      "GET /" + std::string(70'000, 'x'),
  };
  for (const auto& text : malformed) {
    CAPTURE(text.substr(0, 100));
    const auto all = read(text);
    REQUIRE_FALSE(all);
    CHECK(all.error().category() == error_category::protocol);
    CHECK(all.error().reason() == "malformed_request");
  }
  for (const char* text :
       {"", "GET / HT", "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nx"})
    CHECK(read(text).value().empty());
}

TEST_CASE("who waits to be told to go on is told once") {
  request_reader reader("http");
  reader.input() = "PUT / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n";
  CHECK_FALSE(reader.take_expectation());
  CHECK_FALSE(reader.next().value());
  CHECK(reader.take_expectation());
  CHECK_FALSE(reader.take_expectation());
  reader.input() += "ok";
  CHECK(reader.next().value()->content == "ok");
}
