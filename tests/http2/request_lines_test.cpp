// A request's fields as HTTP/2 sends them.
#include <cohttps/http2/request_lines.hpp>

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <string_view>

using namespace cohttps;
using namespace cohttps::http2;

namespace {

std::string text(const result<std::span<const header_line>>& lines) {
  if (!lines) return std::string(lines.error().reason());
  std::string all;
  for (const header_line& l : *lines) {
    all += std::string(l.name) + "=" + std::string(l.value);
    all += l.secret ? "!" : ";";
  }
  return all;
}

std::string get(const fields& headers, std::string_view path = "/") {
  request_lines lines;
  return text(lines.build({method::get, "https", path, headers, 0}));
}

const std::string start = ":method=GET;:scheme=https;:path=/;:authority=h;";

}  // namespace

TEST_CASE("fields of the connection are left out, those that would change the message refused") {
  CHECK(get({{"host", "h"}}) == start);
  CHECK(get({{"Host", "h"}, {"Connection", "x-hop, close"}, {"X-Hop", "1"}, {"x-end", "2"}}) ==
        start + "x-end=2;");
  CHECK(get({{"host", "h"},
             {"keep-alive", "5"},
             {"proxy-connection", "x"},
             {"http2-settings", "x"},
             {"te", "gzip"}}) == start);
  CHECK(get({{"host", "h"}, {"te", "trailers"}}) == start + "te=trailers;");
  CHECK(get({{"host", "h"}, {"transfer-encoding", "chunked"}}) == "transfer_encoding_set");
  CHECK(get({{"host", "h"}, {"upgrade", "websocket"}}) == "upgrade_set");
  CHECK(get({{"host", "h"}, {"a", "x\ny"}}) == "invalid_field_value");
  CHECK(get({{"host", "h"}, {":path", "/evil"}}) == "invalid_field_name");
  CHECK(get({{"host", "h"}, {"a", std::string(200'000, 'x')}}) == "request_head_too_large");
}

TEST_CASE("the authority is the one Host field") {
  CHECK(get({}) == "missing_host");
  CHECK(get({{"host", "a"}, {"host", "b"}}) == "invalid_host");
  CHECK(get({{"host", "a/b"}}) == "invalid_host");
  CHECK(get({{"host", "user@a"}}) == "invalid_host");
  CHECK(get({{"host", ""}}) == "invalid_host");
  CHECK(get({{"host", "[::1]:8443"}}) ==
        ":method=GET;:scheme=https;:path=/;:authority=[::1]:8443;");
}

TEST_CASE("a path is one") {
  for (const std::string_view bad : {"", "x", "*", "/a b", "/a#b", "http://h/", "/\x80", "/\n"}) {
    CAPTURE(bad);
    CHECK(get({{"host", "h"}}, bad) == "invalid_request_target");
  }
  const fields host{{"host", "h"}};
  request_lines lines;
  CHECK(text(lines.build({method::options, "https", "*", host, 0})) ==
        ":method=OPTIONS;:scheme=https;:path=*;:authority=h;");
}

TEST_CASE("the length of the content") {
  const fields host{{"host", "h"}};
  const fields three{{"host", "h"}, {"content-length", "3"}};
  request_lines lines;
  const auto post = [&](const fields& headers, std::optional<std::uint64_t> length,
                        const method& verb = method::post) {
    return text(lines.build({verb, "https", "/", headers, length, length != 0}));
  };
  const std::string begin = ":method=POST;:scheme=https;:path=/;:authority=h;";
  CHECK(post(host, 3) == begin + "content-length=3;");
  CHECK(post(three, 3) == begin + "content-length=3;");
  CHECK(post(host, 0) == begin + "content-length=0;");
  CHECK(post(host, std::nullopt) == begin);
  CHECK(post(three, std::nullopt) == "content_length_conflict");
  CHECK(post(three, 4) == "content_length_conflict");
  CHECK(post(host, 4, method::trace) == "content_not_allowed");
  CHECK(post(host, 4, method::connect) == "content_not_allowed");
}

TEST_CASE("what others could guess is not compressed together with it") {
  CHECK(get({{"host", "h"}, {"authorization", "Bearer x"}, {"cookie", "a=b"}, {"accept", "*/*"}}) ==
        start + "authorization=Bearer x!cookie=a=b!accept=*/*;");
}

TEST_CASE("CONNECT has no path, unless it is for a protocol (RFC 8441)") {
  const fields host{{"host", "h:443"}};
  request_lines lines;
  CHECK(text(lines.build({method::connect, "https", "", host, std::nullopt})) ==
        ":method=CONNECT;:authority=h:443;");
  CHECK(
      text(lines.build({method::connect, "https", "/c", host, std::nullopt, true, "websocket"})) ==
      ":method=CONNECT;:protocol=websocket;:scheme=https;:path=/c;:authority=h:443;");
  CHECK(text(lines.build({method::get, "https", "/c", host, std::nullopt, true, "websocket"})) ==
        "invalid_protocol");
}

TEST_CASE("trailers are checked as those of HTTP/1.1 are") {
  CHECK(trailer_lines({{"digest", "x"}})->size() == 1);
  CHECK(trailer_lines({{"content-length", "1"}}).error().reason() == "forbidden_trailer");
  CHECK(trailer_lines({{"a", "\n"}}).error().reason() == "invalid_field_value");
}
