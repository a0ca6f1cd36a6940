#include <cohttps/http1/response_framing.hpp>

#include <catch2/catch_test_macros.hpp>

#include <optional>
#include <string>
#include <vector>

using namespace cohttps;
using namespace cohttps::http1;

namespace {

struct outcome {
  delimiter end;
  bool persistent;
  bool operator==(const outcome&) const = default;
};

std::optional<outcome> read(const method& request, int minor, int status, const fields& headers) {
  response_framing framing;
  framing.start(request);
  framing.start_head({.version_minor = minor, .status = status});
  for (const field f : headers)
    if (framing.take(f)) return std::nullopt;
  framing.end_head();
  return outcome{framing.end_of_content(), framing.persistent()};
}

}  // namespace

TEST_CASE("what ends the content, by method, status and fields (RFC 9112, 6.3)") {
  const fields none;
  const fields length{{"Content-Length", "5"}};
  const fields zero{{"Content-Length", "0"}};
  const fields chunked{{"Transfer-Encoding", "Chunked"}};
  using d = delimiter;
  struct row {
    method request;
    int status;
    fields headers;
    outcome expected;
  };
  for (const row& r : std::vector<row>{
           {method::get, 200, none, {d::close, false}},
           {method::get, 200, length, {d::content_length, true}},
           {method::get, 200, zero, {d::content_length, true}},
           {method::get, 200, chunked, {d::chunked, true}},
           {method::get, 205, none, {d::close, false}},
           {method::get, 404, length, {d::content_length, true}},
           {method::get, 700, length, {d::content_length, true}},
           {method::head, 200, none, {d::none, true}},
           {method::head, 200, length, {d::none, true}},
           {method::head, 200, chunked, {d::none, true}},
           {method::get, 304, none, {d::none, true}},
           {method::get, 304, length, {d::none, true}},
           {method::get, 304, chunked, {d::none, true}},
           {method::get, 204, none, {d::none, true}},
           {method::get, 204, zero, {d::none, true}},
           {method::get, 204, length, {d::none, false}},
           {method::get, 204, chunked, {d::none, false}},
           {method::get, 101, none, {d::none, false}},
           {method::get, 101, length, {d::none, false}},
           {method::connect, 200, none, {d::none, false}},
           {method::connect, 200, length, {d::none, false}},
           {method::connect, 299, chunked, {d::none, false}},
           {method::connect, 407, length, {d::content_length, true}},
           {method::connect, 302, chunked, {d::chunked, true}},
       }) {
    CAPTURE(r.request.text(), r.status, r.headers.combined("content-length"));
    CHECK(read(r.request, 1, r.status, r.headers) == r.expected);
  }
}

TEST_CASE("whether the connection goes on (RFC 9112, 9.3)") {
  struct row {
    int minor;
    std::string connection;
    bool persistent;
  };
  for (const row& r :
       {row{1, "", true}, row{1, "close", false}, row{1, "CLOSE", false},
        row{1, "keep-alive, close", false}, row{1, "close, x", false},
        row{0, "keep-alive, x", true}, row{1, "upgrade", true}, row{1, "closed", true},
        row{1, "keep-alive", true}, row{0, "", false}, row{0, "keep-alive", true},
        row{0, "Keep-Alive", true}, row{0, "keep-alive, close", false}, row{0, "close", false}}) {
    CAPTURE(r.minor, r.connection);
    fields headers{{"content-length", "0"}};
    if (!r.connection.empty()) REQUIRE(headers.append("Connection", r.connection).has_value());
    CHECK(read(method::get, r.minor, 200, headers)->persistent == r.persistent);
  }
  CHECK_FALSE(read(method::get, 1, 200,
                   {{"content-length", "0"}, {"connection", "a"}, {"Connection", "close"}})
                  ->persistent);
  CHECK(read(method::get, 1, 200, {{"content-length", "0"}, {"proxy-connection", "close"}})
            ->persistent);
}

TEST_CASE("fields that contradict each other are faults, but for a tunnel's") {
  const fields cases[] = {
      {{"Content-Length", "5"}, {"Transfer-Encoding", "chunked"}},
      {{"Transfer-Encoding", "chunked"}, {"Content-Length", "5"}},
      {{"Content-Length", "5"}, {"Content-Length", "6"}},
      {{"Content-Length", "5, 6"}},
      {{"Content-Length", "x"}},
      {{"Content-Length", ""}},
      {{"Transfer-Encoding", "chunked"}, {"Transfer-Encoding", "chunked"}},
      {{"Transfer-Encoding", "gzip"}},
      {{"Transfer-Encoding", "gzip, chunked"}},
      {{"Transfer-Encoding", "chunked, gzip"}},
      {{"Transfer-Encoding", "chunked, chunked"}},
      {{"Transfer-Encoding", "identity"}},
      {{"Transfer-Encoding", "chunkedchunked"}},
      {{"Transfer-Encoding", "xchunked"}},
      {{"Transfer-Encoding", "chunked;q=1"}},
      {{"Transfer-Encoding", ", chunked"}},
      {{"Transfer-Encoding", "\"chunked\""}},
      {{"Transfer-Encoding", ""}},
  };
  for (const fields& headers : cases) {
    CAPTURE(headers[0].name, headers[0].value);
    CHECK(read(method::get, 1, 200, headers) == std::nullopt);
    CHECK(read(method::head, 1, 200, headers) == std::nullopt);
    CHECK(read(method::get, 1, 304, headers) == std::nullopt);
    CHECK(read(method::connect, 1, 200, headers).has_value());
  }
  CHECK(read(method::get, 1, 200, {{"Content-Length", "5"}, {"content-length", "5"}}).has_value());
  CHECK(read(method::get, 0, 200, {{"Transfer-Encoding", "chunked"}}) == std::nullopt);
}

TEST_CASE("an interim head says nothing about the final one, but for doubt") {
  response_framing framing;
  framing.start(method::get);
  framing.start_head({.version_minor = 1, .status = 103});
  CHECK_FALSE(framing.take({"connection", "close"}).has_value());
  framing.end_head();
  CHECK(framing.is_interim());
  framing.start_head({.version_minor = 1, .status = 200});
  CHECK_FALSE(framing.take({"content-length", "5"}).has_value());
  framing.end_head();
  CHECK_FALSE(framing.is_interim());
  CHECK(framing.persistent());

  framing.start(method::get);
  framing.start_head({.version_minor = 1, .status = 103});
  CHECK_FALSE(framing.take({"content-length", "5"}).has_value());
  framing.end_head();
  framing.start_head({.version_minor = 1, .status = 200});
  CHECK_FALSE(framing.take({"transfer-encoding", "chunked"}).has_value());
  framing.end_head();
  CHECK(framing.end_of_content() == delimiter::chunked);
  CHECK_FALSE(framing.persistent());
}
