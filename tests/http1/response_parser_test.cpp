#include <cohttps/http1/response_parser.hpp>

#include <catch2/catch_test_macros.hpp>

#include <http1/transcript.hpp>
#include <string>
#include <vector>

using namespace cohttps;
using namespace cohttps::http1;

namespace {

using event = response_parser::event;

std::span<const std::byte> bytes_of(std::string_view s) { return std::as_bytes(std::span(s)); }

const std::string two_hundred = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX: y\r\n\r\nhello";

}  // namespace

TEST_CASE("a response is a head, its content, and its end") {
  response_parser parser({}, strictness::strict);
  parser.start(method::get);
  const std::string input = two_hundred + "next";
  auto step = parser.parse(bytes_of(input));
  REQUIRE(step.has_value());
  CHECK(step->what == event::head);
  CHECK(step->consumed == two_hundred.size() - 5);
  CHECK(parser.head().version_minor == 1);
  CHECK(parser.head().status == 200);
  CHECK(parser.head().reason == "OK");
  CHECK(parser.head().headers.find("x") == "y");
  CHECK(parser.head().headers.size() == 2);
  CHECK(parser.content_length() == 5u);
  CHECK(parser.body_delimiter() == delimiter::content_length);
  CHECK(parser.body_delimiter() != delimiter::chunked);
  CHECK_FALSE(parser.keep_alive());

  const auto rest = bytes_of(input).subspan(step->consumed);
  step = parser.parse(rest);
  REQUIRE(step.has_value());
  CHECK(step->what == event::body);
  CHECK(step->body.data() == rest.data());  // not a copy
  CHECK(step->body.size() == 5);
  CHECK(step->consumed == 5);

  // What comes after the message is not touched.
  for (int i = 0; i < 2; ++i) {
    step = parser.parse(rest.subspan(5));
    REQUIRE(step.has_value());
    CHECK(step->what == event::complete);
    CHECK(step->consumed == 0);
  }
  CHECK(parser.keep_alive());
  CHECK(parser.position() == two_hundred.size());
  CHECK(parser.end_of_stream()->what == event::complete);
}

TEST_CASE("a message without content is complete without more bytes") {
  response_parser parser({}, strictness::strict);
  for (const std::string& head :
       {std::string("HTTP/1.1 204 No Content\r\n\r\n"), std::string("HTTP/1.1 304\r\n\r\n"),
        std::string("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")}) {
    parser.start(method::get);
    CHECK(parser.parse(bytes_of(head))->what == event::head);
    CHECK(parser.parse({})->what == event::complete);
    CHECK(parser.keep_alive());
  }
}

TEST_CASE("messages read the same however they are split") {
  struct row {
    std::string bytes;
    std::string expected;
    method request = method::get;
  };
  const std::string a100(100, 'a');
  const std::vector<row> rows{
      {two_hundred, "1.1 200 OK\nContent-Length=5\nX=y\nbody 5 hello\ncomplete, kept\n|"},
      {"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n",
       "1.1 200 \nContent-Length=0\nbody 0 \ncomplete, kept\n|"},
      {"HTTP/1.0 200 OK\r\nA: \t b c \t\r\nB:\r\n\r\nall of it\r\n",
       "1.0 200 OK\nA=b c\nB=\nbody 11 all of it\\x0d\\x0a\ncomplete\n|"},
      {"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 1\r\n\r\nxHTTP/1.0 404 "
       "No\r\n\r\n",
       "1.0 200 OK\nConnection=Keep-Alive\nContent-Length=1\nbody 1 x\ncomplete, kept\n"
       "1.0 404 No\nbody 0 \ncomplete\n|"},
      // chunked, with extensions and trailers
      {"HTTP/1.1 200 OK\r\ntransfer-encoding: CHUNKED\r\n\r\n5;a=\"b;\\\"\" ; c\r\nhello\r\n"
       "00A\r\n, world...\r\n0;last\r\nEtag: x\r\nSet-Cookie: dropped=1\r\nB: \r\n\r\n",
       "1.1 200 OK\ntransfer-encoding=CHUNKED\nbody 15 hello, world...\nEtag=x\nB=\n"
       "complete, kept\n|"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
       "1.1 200 OK\nTransfer-Encoding=chunked\nbody 0 \ncomplete, kept\n|"},
      // CRLF and chunk-like bytes within chunks
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7\r\n\r\n0\r\n\r\n\r\n64\r\n" + a100 +
           "\r\n0\r\n\r\n",
       "1.1 200 OK\nTransfer-Encoding=chunked\nbody 107 \\x0d\\x0a0\\x0d\\x0a\\x0d\\x0a" + a100 +
           "\ncomplete, kept\n|"},
      // interim responses, each a message
      {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + two_hundred,
       "1.1 100 Continue\nbody 0 \ncomplete, kept\n"
       "1.1 103 Early Hints\nLink=x\nbody 0 \ncomplete, kept\n"
       "1.1 200 OK\nContent-Length=5\nX=y\nbody 5 hello\ncomplete, kept\n|"},
      // one after another, with and without the empty line that some servers add
      {two_hundred + two_hundred + "\r\n" + two_hundred + "\r\n",
       "1.1 200 OK\nContent-Length=5\nX=y\nbody 5 hello\ncomplete, kept\n"
       "1.1 200 OK\nContent-Length=5\nX=y\nbody 5 hello\ncomplete, kept\n"
       "1.1 200 OK\nContent-Length=5\nX=y\nbody 5 hello\ncomplete, kept\n|"},
      {two_hundred + "\r\n\r\n" + two_hundred,
       "1.1 200 OK\nContent-Length=5\nX=y\nbody 5 hello\ncomplete, kept\nnot_http at byte 2|"},
      {two_hundred + "\rH",
       "1.1 200 OK\nContent-Length=5\nX=y\nbody 5 hello\ncomplete, kept\nnot_http at byte 0|"},
      {two_hundred + "\r",
       "1.1 200 OK\nContent-Length=5\nX=y\nbody 5 hello\ncomplete, kept\ntruncated_head at byte "
       "1|"},
      {two_hundred + "!",
       "1.1 200 OK\nContent-Length=5\nX=y\nbody 5 hello\ncomplete, kept\nnot_http at byte 0|"},
      // no content by method or status
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nHTTP/1.1 404 No\r\n"
       "Transfer-Encoding: chunked\r\n\r\n",
       "1.1 200 OK\nContent-Length=5\nbody 0 \ncomplete, kept\n"
       "1.1 404 No\nTransfer-Encoding=chunked\nbody 0 \ncomplete, kept\n|",
       method::head},
      {"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n" + two_hundred,
       "1.1 304 Not Modified\nContent-Length=5\nbody 0 \ncomplete, kept\n"
       "1.1 200 OK\nContent-Length=5\nX=y\nbody 5 hello\ncomplete, kept\n|"},
      // what follows is another protocol
      {"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nContent-Length: 4\r\n\r\n\x81\x05hello",
       "1.1 101 Switching Protocols\nUpgrade=x\nContent-Length=4\nbody 0 \ncomplete\n"
       "|\\x81\\x05hello"},
      {"HTTP/1.1 200 OK\r\nContent-Length: x\r\nTransfer-Encoding: y\r\n\r\n\x16\x03\x01",
       "1.1 200 OK\nContent-Length=x\nTransfer-Encoding=y\nbody 0 \ncomplete\n|\\x16\\x03\\x01",
       method::connect},
      {"HTTP/1.1 407 No\r\nContent-Length: 2\r\n\r\nno",
       "1.1 407 No\nContent-Length=2\nbody 2 no\ncomplete, kept\n|", method::connect},
      // nothing of HTTP comes after a response that closes
      {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno" + two_hundred,
       "1.1 200 OK\nConnection=close\nContent-Length=2\nbody 2 no\ncomplete\n"
       "bytes_after_close at byte 59|" +
           ascii::printable(two_hundred, 1000)},
      {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno\r\n",
       "1.1 200 OK\nConnection=close\nContent-Length=2\nbody 2 no\ncomplete\n|"},
      // obs-text, odd but legal names, a repeated Content-Length that agrees, a status of no class
      {"HTTP/1.1 799 caf\xe9\r\n_x!#$%&'*+-.^`|~: \xff\x80\r\nContent-Length: 3, 3\r\n"
       "Content-Length: 003\r\n\r\nabc",
       "1.1 799 caf\\xe9\n_x!#$%&'*+-.^`|~=\\xff\\x80\nContent-Length=3, 3\nContent-Length=003\n"
       "body 3 abc\ncomplete, kept\n|"},
      {"HTTP/1.1 200 OK\r\nContent-Length-X: 0\r\nX-Transfer-Encoding: gzip\r\n"
       "Content-Length:\t2\t\r\n\r\nok",
       "1.1 200 OK\nContent-Length-X=0\nX-Transfer-Encoding=gzip\nContent-Length=2\nbody 2 ok\n"
       "complete, kept\n|"},
      // cut off: what came is there
      {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello",
       "1.1 200 OK\nContent-Length=9\nbody 5 hello\ncut\ntruncated_body at byte 43|"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n5\r\nwor",
       "1.1 200 OK\nTransfer-Encoding=chunked\nbody 8 hellowor\ncut\ntruncated_body at byte 63|"},
  };
  for (const row& r : rows) {
    INFO(ascii::printable(r.bytes, 300));
    CHECK(read_in_every_split(r.bytes, r.request).text() == r.expected);
  }
}

TEST_CASE("a large message reads the same in every split of I/O") {
  std::string content;
  for (int i = 0; content.size() < 200'000; ++i) content += std::to_string(i) + "\r\n";
  std::string bytes = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (std::size_t at = 0, n = 1; at < content.size(); at += n, n = n * 7 % 5003 + 1) {
    const auto part = content.substr(at, n);
    char size[20];
    bytes += std::string_view(size, std::to_chars(size, size + 20, part.size(), 16).ptr);
    bytes += "\r\n" + part + "\r\n";
  }
  bytes += "0\r\n\r\n";
  for (const std::size_t n : {0u, 1u, 5u, 13u, 64u, 1024u, 16384u}) {
    const transcript seen = replay().run(bytes, n);
    CHECK(seen.why().empty());
    REQUIRE(seen.messages.size() == 1);
    CHECK(seen.messages[0].body == content);
  }
}

// The bytes that a call has searched are changed behind the parser's back, into ones that it could
// not pass over, and put back only for the call that ends their line or the head: a parser that
// looked at them in between would fail.
TEST_CASE("a head that comes byte by byte is searched once") {
  std::string head = "HTTP/1.1 200 OK\r\n";
  for (int i = 0; i < 90; ++i)
    head += "field-" + std::to_string(i) + ": " + std::string(600, 'v') + "\r\n";
  head += "\r\n";
  response_parser parser({}, strictness::strict);
  parser.start(method::get);
  std::size_t line = 0;
  for (std::size_t size = 1; size <= head.size(); ++size) {
    std::string seen(size, '\n');
    const bool status_line = line == 0;  // its first bytes are judged at once, so looked at again
    const bool ends = head[size - 1] == '\n';
    const std::size_t genuine = size == head.size() ? 0 : status_line || ends ? line : size - 1;
    seen.replace(genuine, size - genuine, head, genuine, size - genuine);
    const auto step = parser.parse(bytes_of(seen));
    REQUIRE(step.has_value());
    REQUIRE(step->what == (size == head.size() ? event::head : event::need_more));
    if (ends) line = size;
  }
  CHECK(parser.head().headers.size() == 90);
  CHECK(parser.head().headers.find("field-89") == std::string(600, 'v'));
}

TEST_CASE("content until the end of the stream is complete there, and the connection is used up") {
  response_parser parser({}, strictness::strict);
  parser.start(method::get);
  CHECK(parser.parse(bytes_of("HTTP/1.1 200 OK\r\n\r\n"))->what == event::head);
  CHECK(parser.body_delimiter() == delimiter::close);
  CHECK(parser.parse({})->what == event::need_more);
  CHECK(parser.parse(bytes_of("abc"))->body.size() == 3);
  CHECK(parser.end_of_stream()->what == event::complete);
  CHECK_FALSE(parser.keep_alive());
}

TEST_CASE("no byte before those that are given is looked at") {
  response_parser parser({}, strictness::strict);
  parser.start(method::get);
  CHECK(parser.parse(bytes_of("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"))->what ==
        event::head);
  CHECK(parser.parse(bytes_of("\r\n").subspan(1)).error().reason() == "bare_lf");
}

TEST_CASE("an error stays until the next start") {
  response_parser parser({}, strictness::strict);
  CHECK(parser.parse({}).error().reason() == "no_response_expected");
  parser.start(method::get);
  CHECK(parser.parse(bytes_of("nonsense")).error().reason() == "not_http");
  CHECK(parser.parse(bytes_of(two_hundred)).error().reason() == "not_http");
  CHECK(parser.end_of_stream().error().reason() == "not_http");
  CHECK_FALSE(parser.keep_alive());
  parser.start(method::get);
  CHECK(parser.parse(bytes_of(two_hundred))->what == event::head);
}

TEST_CASE("a head can be taken, and the next one is whole") {
  response_parser parser({}, strictness::strict);
  response_head taken;
  for (int i = 0; i < 3; ++i) {
    parser.start(method::head);
    CHECK(parser.parse(bytes_of(two_hundred))->what == event::head);
    taken = parser.take_head();
    CHECK(taken.headers.find("content-length") == "5");
    CHECK(parser.head().headers.empty());
    CHECK(parser.head().status == 0);
    CHECK(parser.content_length() == 5u);
    CHECK(parser.parse({})->what == event::complete);
  }
}

TEST_CASE("trailers are those of the last response only") {
  response_parser parser({}, strictness::strict);
  const std::string with =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nHost: x\r\nA: b\r\n\r\n";
  parser.start(method::get);
  CHECK(parser.parse(bytes_of(with))->what == event::head);
  const auto end = parser.parse(bytes_of(with).subspan(with.find("0\r\n")));
  CHECK(end->what == event::complete);
  CHECK(parser.trailers().size() == 1);
  CHECK(parser.trailers().find("a") == "b");
  parser.start(method::get);
  CHECK(parser.trailers().empty());
}
