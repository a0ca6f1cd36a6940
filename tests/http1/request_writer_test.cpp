#include <cohttps/http1/request_writer.hpp>

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <vector>

using namespace cohttps;
using namespace cohttps::http1;

namespace {

const fields host{{"Host", "example.com"}};

std::string written(const method& m, std::string_view target, const fields& headers,
                    framing body = framing::none()) {
  buffer out;
  const auto done = write_request_head(out, m, target, headers, body);
  return done ? std::string(out.text()) : "! " + std::string(done.error().reason());
}

}  // namespace

TEST_CASE("a request head is its line, Host, the other fields in order, and the framing") {
  CHECK(written(method::get, "/a?b=c", {{"accept", "*/*"}, {"Host", "h:8080"}, {"x-y", ""}}) ==
        "GET /a?b=c HTTP/1.1\r\nHost: h:8080\r\naccept: */*\r\nx-y: \r\n\r\n");
  CHECK(written(method::get, "/", host, framing::content_length(0)) ==
        "GET / HTTP/1.1\r\nHost: example.com\r\nContent-Length: 0\r\n\r\n");
  CHECK(written(method::post, "/", host, framing::content_length(UINT64_MAX)) ==
        "POST / HTTP/1.1\r\nHost: example.com\r\nContent-Length: 18446744073709551615\r\n\r\n");
  CHECK(written(method::put, "/", host, framing::chunked()) ==
        "PUT / HTTP/1.1\r\nHost: example.com\r\nTransfer-Encoding: chunked\r\n\r\n");
  CHECK(written(method::connect, "example.com:443", {{"host", "example.com:443"}}) ==
        "CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n");
  CHECK(written(method::options, "*", host) == "OPTIONS * HTTP/1.1\r\nHost: example.com\r\n\r\n");
  CHECK(written(method::get, "http://example.com/", host) ==
        "GET http://example.com/ HTTP/1.1\r\nHost: example.com\r\n\r\n");
}

TEST_CASE("methods that mean to send content say so when there is none (RFC 9110, 8.6)") {
  for (const method& m : {method::post, method::put, method::patch})
    CHECK(written(m, "/", host) == std::string(m.text()) +
                                       " / HTTP/1.1\r\nHost: example.com\r\n"
                                       "Content-Length: 0\r\n\r\n");
  for (const method& m : {method::get, method::head, method::delete_, method::options})
    CHECK(written(m, "/", host) ==
          std::string(m.text()) + " / HTTP/1.1\r\nHost: example.com\r\n\r\n");
}

TEST_CASE("a Content-Length among the fields is taken when it is true, once") {
  CHECK(written(method::post, "/", {{"host", "h"}, {"content-length", "5"}},
                framing::content_length(5)) ==
        "POST / HTTP/1.1\r\nHost: h\r\ncontent-length: 5\r\n\r\n");
  CHECK(written(method::post, "/", {{"host", "h"}, {"content-length", "0"}}) ==
        "POST / HTTP/1.1\r\nHost: h\r\ncontent-length: 0\r\n\r\n");
}

TEST_CASE("a head that could be read as another is refused, and nothing is written") {
  struct row {
    std::string reason;
    method m;
    std::string target;
    fields headers;
    framing body = framing::none();
  };
  const std::string nul(1, '\0');
  const auto with = [](std::string_view name, std::string_view value) {
    return fields{{"Host", "h"}, {name, value}};
  };
  const std::vector<row> rows{
      {"invalid_request_target", method::get, "", host},
      {"invalid_request_target", method::get, "a", host},
      {"invalid_request_target", method::get, "*", host},
      {"invalid_request_target", method::get, "/a b", host},
      {"invalid_request_target", method::get, "/ HTTP/1.1\r\nX: y", host},
      {"invalid_request_target", method::get, "/\n", host},
      {"invalid_request_target", method::get, "/\r", host},
      {"invalid_request_target", method::get, "/\t", host},
      {"invalid_request_target", method::get, "/" + nul, host},
      {"invalid_request_target", method::get, "/\x7f", host},
      {"invalid_request_target", method::get, "/caf\xc3\xa9", host},
      {"invalid_request_target", method::get, "/a#b", host},
      {"invalid_request_target", method::connect, "", host},
      {"invalid_request_target", method::connect, "/", host},
      {"invalid_request_target", method::connect, "http://h/", host},
      {"invalid_field_name", method::get, "/", with("", "v")},
      {"invalid_field_name", method::get, "/", with("a b", "v")},
      {"invalid_field_name", method::get, "/", with("a:", "v")},
      {"invalid_field_name", method::get, "/", with("a\r\nb", "v")},
      {"invalid_field_name", method::get, "/", with("Transfer-Encoding ", "chunked")},
      {"invalid_field_name", method::get, "/", with("a" + nul, "v")},
      {"invalid_field_value", method::get, "/", with("a", "v\r\nb: c")},
      {"invalid_field_value", method::get, "/", with("a", "v\nb: c")},
      {"invalid_field_value", method::get, "/", with("a", "v\rb: c")},
      {"invalid_field_value", method::get, "/", with("a", "v\r\n w")},
      {"invalid_field_value", method::get, "/", with("a", "v" + nul)},
      {"transfer_encoding_set", method::post, "/", with("Transfer-Encoding", "chunked")},
      {"transfer_encoding_set", method::post, "/", with("transfer-encoding", "chunked"),
       framing::chunked()},
      {"content_length_conflict", method::get, "/", with("Content-Length", "5")},
      {"content_length_conflict", method::post, "/", with("Content-Length", "5"),
       framing::content_length(6)},
      {"content_length_conflict", method::post, "/", with("Content-Length", "5"),
       framing::chunked()},
      {"content_length_conflict", method::post, "/", with("Content-Length", "0"),
       framing::chunked()},
      {"content_length_conflict", method::post, "/", with("Content-Length", "+5"),
       framing::content_length(5)},
      {"content_length_conflict", method::post, "/", with("Content-Length", "5, 5"),
       framing::content_length(5)},
      {"content_length_conflict",
       method::post,
       "/",
       {{"host", "h"}, {"Content-Length", "5"}, {"content-length", "5"}},
       framing::content_length(5)},
      {"missing_host", method::get, "/", {}},
      {"invalid_host", method::get, "/", with("host", "h")},
      {"invalid_host", method::get, "/", {{"host", ""}}},
      {"invalid_host", method::get, "/", {{"host", "a b"}}},
      {"invalid_host", method::get, "/", {{"host", "a/b"}}},
      {"invalid_host", method::get, "/", {{"host", "user@a"}}},
      {"invalid_field_value", method::get, "/", {{"host", "a\r\nb: c"}}},
      {"content_not_allowed", method::trace, "/", host, framing::content_length(1)},
      {"content_not_allowed", method::connect, "h:1", host, framing::chunked()},
  };
  for (const row& r : rows) {
    CAPTURE(r.reason, ascii::printable(r.target), r.headers.size());
    buffer out;
    out.append(std::string_view("before"));
    const auto done = write_request_head(out, r.m, r.target, r.headers, r.body);
    REQUIRE_FALSE(done.has_value());
    CHECK(done.error().category() == error_category::usage);
    CHECK(done.error().reason() == r.reason);
    CHECK(out.text() == "before");
  }
}

TEST_CASE("every byte that a part may not hold is refused in it") {
  for (int i = 0; i < 256; ++i) {
    CAPTURE(i);
    const auto c = static_cast<char>(i);
    const std::string part = std::string("a") + c + "b";
    CHECK(method::parse(part).has_value() == ascii::is_tchar(c));
    CHECK(written(method::get, "/" + part, host).starts_with("GET ") ==
          (c > 0x20 && c < 0x7f && c != '#'));
    CHECK(written(method::get, "/", {{"host", "h"}, {part, "v"}}).starts_with("GET ") ==
          ascii::is_tchar(c));
    CHECK(written(method::get, "/", {{"host", "h"}, {"n", part}}).starts_with("GET ") ==
          ascii::is_field_char(c));
  }
}

TEST_CASE("chunks") {
  buffer out;
  REQUIRE(write_chunk_header(out, 0x1aF).has_value());
  CHECK(out.text() == "1af\r\n");
  write_chunk_end(out);
  CHECK(out.text() == "1af\r\n\r\n");
  out.clear();
  CHECK(write_chunk_header(out, 0).error().reason() == "empty_chunk");
  CHECK(out.empty());
  REQUIRE(write_chunk_header(out, UINT64_MAX).has_value());
  CHECK(out.text() == "ffffffffffffffff\r\n");
  out.clear();
  write_chunk(out, {});
  CHECK(out.empty());
  const std::string content(26, 'x');
  write_chunk(out, std::as_bytes(std::span(content)));
  CHECK(out.text() == "1a\r\n" + content + "\r\n");
}

TEST_CASE("the last chunk carries the trailers that may be trailers") {
  buffer out;
  REQUIRE(write_last_chunk(out).has_value());
  CHECK(out.text() == "0\r\n\r\n");
  out.clear();
  REQUIRE(write_last_chunk(out, {{"etag", "x"}, {"a", ""}}).has_value());
  CHECK(out.text() == "0\r\netag: x\r\na: \r\n\r\n");
  out.clear();
  CHECK(write_last_chunk(out, {{"a", "b"}, {"Content-Length", "5"}}).error().reason() ==
        "forbidden_trailer");
  CHECK(write_last_chunk(out, {{"a", "b\r\n\r\nHTTP/1.1"}}).error().reason() ==
        "invalid_field_value");
  CHECK(out.empty());
}
