// How often a parser and a writer that are used again ask for memory.
#include "support/allocations.hpp"

#include <cohttps/core/buffer.hpp>
#include <cohttps/core/recycler.hpp>
#include <cohttps/http1/request_writer.hpp>
#include <cohttps/http1/response_parser.hpp>

#include <catch2/catch_test_macros.hpp>

#include <string>

using namespace cohttps;
using namespace cohttps::http1;

namespace {

using event = response_parser::event;

const std::string response =
    "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nServer: nginx\r\n"
    "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\nCache-Control: max-age=3600\r\n"
    "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nETag: \"x\"\r\n\r\n";

std::size_t read_all(response_parser& parser) {
  auto rest = std::as_bytes(std::span(response));
  parser.start(method::get);
  for (std::size_t events = 0;;) {
    const auto step = parser.parse(rest);
    if (!step) return 0;
    rest = rest.subspan(step->consumed);
    ++events;
    if (step->what == event::complete) return events;
  }
}

}  // namespace

TEST_CASE("a parser that keeps its head allocates nothing the second time") {
  response_parser parser({}, strictness::strict);
  read_all(parser);
  const std::size_t before = allocations::count();
  std::size_t events = 0;
  for (int i = 0; i < 100; ++i) events += read_all(parser);
  const std::size_t made = allocations::count() - before;
  CHECK(made == 0);
  CHECK(events == 300);
}

TEST_CASE("a head that is taken leaves its memory to the next one") {
  if (!recycler::recycles) SKIP("a sanitizer gives every block memory of its own");
  response_parser parser({}, strictness::strict);
  for (int i = 0; i < 2; ++i) {
    read_all(parser);
    const response_head taken = parser.take_head();
  }
  const std::size_t before = allocations::count();
  for (int i = 0; i < 100; ++i) {
    read_all(parser);
    const response_head taken = parser.take_head();
  }
  const std::size_t made = allocations::count() - before;
  CHECK(made == 0);
}

TEST_CASE("a request is written into the buffer's memory alone") {
  const fields headers{{"Host", "example.com"}, {"Accept", "*/*"}, {"User-Agent", "x"}};
  buffer out;
  REQUIRE(write_request_head(out, method::get, "/", headers).has_value());
  const std::size_t before = allocations::count();
  bool fine = true;
  for (int i = 0; i < 100; ++i) {
    out.clear();
    fine = fine && write_request_head(out, method::post, "/a/b?c", headers, framing::chunked());
    fine = fine && write_chunk_header(out, 5);
    write_chunk_end(out);
    fine = fine && write_last_chunk(out);
  }
  const std::size_t made = allocations::count() - before;
  CHECK(fine);
  CHECK(made == 0);
}
