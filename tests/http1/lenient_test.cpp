// What servers send that breaks the grammar and is certain all the same: taken, and refused with
// its reason when read strictly.
#include <catch2/catch_test_macros.hpp>

#include <http1/transcript.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace cohttps;
using namespace cohttps::http1;

namespace {

struct row {
  std::string name;
  std::string bytes;
  int status = 200;
  std::string content = "hello";
  bool persistent = false;
  std::string refused = {};  ///< the reason, when read strictly; empty: it is taken then, too
  std::optional<std::pair<std::string, std::string>> field = {};
};

std::string counted(std::string fields, std::string status = "HTTP/1.1 200 OK") {
  return status + "\r\n" + fields + "Content-Length: 5\r\n\r\nhello";
}
std::string chunked(std::string body, std::string fields = "Transfer-Encoding: chunked\r\n") {
  return "HTTP/1.1 200 OK\r\n" + fields + "\r\n" + body;
}
const std::string whole = "5\r\nhello\r\n0\r\n\r\n";

const std::vector<row>& rows() {
  static const std::vector<row> all{
      // Folded lines (RFC 9112, 5.2): a user agent replaces them by SP, and goes on as ever.
      {"a folded value",
       counted("X-A: one;\r\n\ttwo\r\n"),
       200,
       "hello",
       true,
       "line_folding",
       {{"x-a", "one; two"}}},
      {"a value folded often",
       counted("X-A: one \r\n  two\r\n \t three  \r\n"),
       200,
       "hello",
       true,
       "line_folding",
       {{"x-a", "one two three"}}},
      {"a value all of which is folded",
       counted("X-A:\r\n one\r\n"),
       200,
       "hello",
       true,
       "line_folding",
       {{"x-a", "one"}}},
      {"a fold without text",
       counted("X-A: one\r\n \r\nX-B: two\r\n"),
       200,
       "hello",
       true,
       "line_folding",
       {{"x-b", "two"}}},
      {"a length that is folded", "HTTP/1.1 200 OK\r\nContent-Length:\r\n 5\r\n\r\nhello", 200,
       "hello", true, "invalid_content_length"},
      {"a coding that is folded", chunked(whole, "Transfer-Encoding:\r\n chunked\r\n"), 200,
       "hello", false, "unsupported_transfer_encoding"},
      {"folded with LF alone",
       counted("X-A: one\n two\r\n"),
       200,
       "hello",
       false,
       "bare_lf",
       {{"x-a", "one two"}}},
      {"a folded trailer", chunked("5\r\nhello\r\n0\r\nX-T: one\r\n two\r\n\r\n"), 200, "hello",
       true, "line_folding"},
      // LF alone (2.2).
      {"LF alone", "HTTP/1.1 200 OK\nContent-Length: 5\n\nhello", 200, "hello", false, "bare_lf"},
      {"LF alone once", counted("X-A: one\n"), 200, "hello", false, "bare_lf", {{"x-a", "one"}}},
      {"chunks with LF alone", chunked("5\nhello\n0\n\n"), 200, "hello", false, "bare_lf"},
      {"one chunk's end with LF alone", chunked("5\r\nhello\n0\r\n\r\n"), 200, "hello", false,
       "missing_chunk_end"},
      {"an empty line first", "\r\n" + counted(""), 200, "hello", true, "not_http"},
      // Lines that are no field.
      {"a warning", counted("PHP Warning:  cannot load\r\n"), 200, "hello", false,
       "invalid_field_name"},
      {"a line without a colon",
       counted("Nonsense\r\nX-A: one\r\n"),
       200,
       "hello",
       false,
       "missing_colon",
       {{"x-a", "one"}}},
      {"a warning of two lines",
       counted("PHP Warning: cannot\r\n\tload it\r\nX-A: one\r\n"),
       200,
       "hello",
       false,
       "invalid_field_name",
       {{"x-a", "one"}}},
      {"an empty name", counted(": value\r\n"), 200, "hello", false, "empty_field_name"},
      {"white space first", counted(" X-A: one\r\n"), 200, "hello", false,
       "whitespace_before_fields"},
      {"a name with a space", counted("X A: one\r\n"), 200, "hello", false, "invalid_field_name"},
      {"a name with a byte beyond ASCII", counted("X-\xc3\xa4: one\r\n"), 200, "hello", false,
       "invalid_field_name"},
      // White space before a colon (5.1).
      {"a space before the colon",
       counted("Server : x\r\n"),
       200,
       "hello",
       false,
       "whitespace_before_colon",
       {{"server", "x"}}},
      {"a length with a space", "HTTP/1.1 200 OK\r\nContent-Length : 5\r\n\r\nhello", 200, "hello",
       false, "whitespace_before_colon"},
      // Control characters (RFC 9110, 5.5).
      {"a control character",
       counted("X-A: a\x01\x7f"
               "b\r\n"),
       200,
       "hello",
       true,
       "invalid_field_value",
       {{"x-a",
         "a\x01\x7f"
         "b"}}},
      {"a control character in the reason", counted("", "HTTP/1.1 200 O\x02K"), 200, "hello", true,
       "invalid_reason_phrase"},
      // Framing (RFC 9112, 6.3 and 7).
      {"chunked beside a length",
       chunked(whole, "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n"), 200, "hello", false,
       "content_length_with_transfer_encoding"},
      {"a length behind chunked",
       chunked(whole, "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n"), 200, "hello", false,
       "content_length_with_transfer_encoding"},
      {"two lengths before chunked",
       chunked(whole, "Content-Length: 3\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n"),
       200, "hello", false, "conflicting_content_length"},
      {"two lengths behind chunked",
       chunked(whole, "Transfer-Encoding: chunked\r\nContent-Length: 3\r\nContent-Length: 4\r\n"),
       200, "hello", false, "content_length_with_transfer_encoding"},
      {"no length beside chunked",
       chunked(whole, "Content-Length: many\r\nTransfer-Encoding: chunked\r\n"), 200, "hello",
       false, "invalid_content_length"},
      {"no length beside chunked, folded",
       chunked(whole, "Content-Length: many\r\nTransfer-Encoding:\r\n chunked\r\n"), 200, "hello",
       false, "invalid_content_length"},
      {"chunked twice",
       chunked(whole, "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), 200, "hello",
       false, "unsupported_transfer_encoding"},
      {"chunked, chunked", chunked(whole, "Transfer-Encoding: chunked, chunked\r\n"), 200, "hello",
       false, "unsupported_transfer_encoding"},
      {"empty elements", chunked(whole, "Transfer-Encoding: , chunked,\r\n"), 200, "hello", false,
       "unsupported_transfer_encoding"},
      {"identity", counted("Transfer-Encoding: identity\r\n"), 200, "hello", false,
       "unsupported_transfer_encoding"},
      {"identity, chunked", chunked(whole, "Transfer-Encoding: identity, chunked\r\n"), 200,
       "hello", false, "unsupported_transfer_encoding"},
      {"identity to the end", chunked("hello", "Transfer-Encoding: identity\r\n"), 200, "hello",
       false, "unsupported_transfer_encoding"},
      {"padding behind a size", chunked("5  \r\nhello\r\n0 \r\n\r\n"), 200, "hello", false,
       "invalid_chunk_size"},
      {"an extension without a name", chunked("5;\r\nhello\r\n0\r\n\r\n"), 200, "hello", false,
       "invalid_chunk_extension"},
      {"an extension of any bytes", chunked("5; a@b=\"c\r\nhello\r\n0\r\n\r\n"), 200, "hello",
       false, "invalid_chunk_extension"},
      // The status line (4).
      {"a status below 100", counted("", "HTTP/1.1 099 Odd"), 99, "hello", true,
       "invalid_status_code"},
      {"HTTP/1.2", counted("", "HTTP/1.2 200 OK"), 200, "hello", true, "unsupported_version"},
      {"two spaces", counted("", "HTTP/1.1  200 OK"), 200, "hello", false, "invalid_status_code"},
      {"a tab", counted("", "HTTP/1.1\t200 OK"), 200, "hello", false, "invalid_status_line"},
      {"a tab before the phrase", counted("", "HTTP/1.1 200\tOK"), 200, "hello", false,
       "invalid_status_code"},
      {"lower case", counted("", "http/1.1 200 OK"), 200, "hello", false, "not_http"},
      {"mixed case", counted("", "HtTP/1.1 200 OK"), 200, "hello", false, "not_http"},
      {"HTTP/2", counted("", "HTTP/2 200 OK"), 200, "hello", false, "unsupported_version"},
      {"HTTP/2 without a phrase", counted("", "HTTP/2 200"), 200, "hello", false,
       "unsupported_version"},
      {"HTTP/2.0", counted("", "HTTP/2.0 200 OK"), 200, "hello", false, "unsupported_version"},
      {"HTTP/3", counted("", "HTTP/3 200 OK"), 200, "hello", false, "unsupported_version"},
  };
  return all;
}

}  // namespace

TEST_CASE("lenient: what is certain is taken, and the connection is kept where nothing is odd") {
  for (const row& r : rows()) {
    CAPTURE(r.name);
    const transcript seen = read_in_every_split(r.bytes, method::get, {}, strictness::lenient);
    if (seen.failure) FAIL_CHECK(seen.failure->what());
    REQUIRE(seen.messages.size() == 1);
    const seen_message& m = seen.messages.front();
    CHECK(m.complete);
    CHECK(m.head.status == r.status);
    CHECK(m.body == r.content);
    CHECK(m.keep_alive == r.persistent);
    if (r.field) CHECK(m.head.headers.find(r.field->first) == r.field->second);

    const transcript strictly = read_in_every_split(r.bytes);
    CHECK(std::string(strictly.failure ? strictly.failure->reason() : "") == r.refused);
  }
}

TEST_CASE("lenient: a length that chunks override is not told") {
  response_parser parser({}, strictness::lenient);
  parser.start(method::get);
  const std::string bytes = chunked(whole, "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n");
  REQUIRE(parser.parse(std::as_bytes(std::span(bytes))));
  CHECK_FALSE(parser.content_length());
}

TEST_CASE("lenient: a folded trailer is one value") {
  const transcript seen =
      read_in_every_split(chunked("5\r\nhello\r\n0\r\nX-T: one\r\n two\r\nnonsense\r\n\r\n"),
                          method::get, {}, strictness::lenient);
  REQUIRE(seen.messages.size() == 1);
  CHECK(seen.messages[0].trailers.find("x-t") == "one two");
  CHECK_FALSE(seen.messages[0].keep_alive);
}

TEST_CASE("lenient: what is in doubt or was forged is refused as ever") {
  const std::string nul(1, '\0');
  const std::pair<std::string, std::string> refused[] = {
      {counted("X-A: a" + nul + "b\r\n"), "invalid_field_value"},
      {counted("X-A: a\rb\r\n"), "bare_cr"},
      {counted("X" + nul + ": a\r\n"), "invalid_field_name"},
      {counted("X-A: a\r\n b" + nul + "\r\n"), "invalid_field_value"},
      {counted("X-A: \x01 b" + nul + "\r\n"), "invalid_field_value"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\r\nhello", "bare_cr"},
      {counted("", "HTTP/1.1 200 O" + nul + "K"), "invalid_reason_phrase"},
      {counted("", "HTTP/1.1 200 O\rK"), "bare_cr"},
      {counted("Content-Length: 6\r\n"), "conflicting_content_length"},
      {counted("Transfer-Encoding: identity\r\nContent-Length: 6\r\n"),
       "conflicting_content_length"},
      {chunked(whole, "Content-Length: 3\r\nContent-Length: 4\r\nTransfer-Encoding: gzip\r\n"),
       "conflicting_content_length"},
      {chunked(whole, "Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n"),
       "unsupported_transfer_encoding"},
      {"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nhello", "invalid_content_length"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 5 5\r\n\r\nhello", "invalid_content_length"},
      {"HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\nhello", "invalid_content_length"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n 5\r\n\r\nhello", "invalid_content_length"},
      {chunked(whole, "Transfer-Encoding: gzip, chunked\r\n"), "unsupported_transfer_encoding"},
      {chunked(whole, "Transfer-Encoding: xchunked\r\n"), "unsupported_transfer_encoding"},
      {"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + whole,
       "transfer_encoding_in_http_1_0"},
      {chunked("5x\r\nhello\r\n0\r\n\r\n"), "invalid_chunk_size"},
      {chunked("5 5\r\nhello\r\n0\r\n\r\n"), "invalid_chunk_size"},
      {chunked(" 5\r\nhello\r\n0\r\n\r\n"), "invalid_chunk_size"},
      {chunked("\r\nhello\r\n0\r\n\r\n"), "invalid_chunk_size"},
      {chunked("5\r\nhellooo\r\n0\r\n\r\n"), "missing_chunk_end"},
      {chunked("5;a=" + nul + "\r\nhello\r\n0\r\n\r\n"), "invalid_chunk_extension"},
      {chunked("10000000000000000\r\nhello"), "chunk_size_overflow"},
      {chunked("5\r\nhello\r\n"), "truncated_body"},
      {counted("", "HTTP/1.1 20 OK"), "invalid_status_code"},
      {counted("", "HTTP/1.1 2000 OK"), "invalid_status_code"},
      {counted("", "HTTP/1.1 200OK"), "invalid_status_code"},
      {counted("", "HTTP/1.1200 OK"), "invalid_status_line"},
      {counted("", "HTTP/2.1 200 OK"), "invalid_status_line"},
      {counted("", "HTTP/20 200 OK"), "invalid_status_line"},
      {counted("", "HTTP/4 200 OK"), "unsupported_version"},
      {counted("", "HTTP/0.9 200 OK"), "unsupported_version"},
      {counted("", "HTTPS/1.1 200 OK"), "not_http"},
      {"hello", "not_http"},
      {"\r\n\r\n" + counted(""), "not_http"},
  };
  for (const auto& [bytes, reason] : refused) {
    CAPTURE(ascii::printable(bytes, 100), reason);
    const transcript seen = read_in_every_split(bytes, method::get, {}, strictness::lenient);
    REQUIRE(seen.failure);
    CHECK(seen.failure->reason() == reason);
  }
}

TEST_CASE("lenient: a head that ends the message does so whatever its fields say (RFC 9112, 6.3)") {
  const std::string wrong[] = {
      "Content-Length: 5\r\nContent-Length: 6\r\n",
      "Content-Length: many\r\n",
      "Content-Length: 5, 6\r\n",
      "Transfer-Encoding: gzip\r\n",
      "Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n",
      "Content-Length: -1\r\nTransfer-Encoding: x\r\n",
  };
  struct heads {
    method request;
    std::string status_line;
  };
  for (const auto& [request, line] : {
           heads{method::head, "HTTP/1.1 200 OK"},
           heads{method::head, "HTTP/1.1 404 Not Found"},
           heads{method::get, "HTTP/1.1 204 No Content"},
           heads{method::get, "HTTP/1.1 304 Not Modified"},
           heads{method::get, "HTTP/1.1 101 Switching Protocols"},
       })
    for (const std::string& fields : wrong) {
      CAPTURE(request.text(), line, fields);
      const std::string head = line + "\r\n" + fields + "\r\n";
      const transcript seen = read_in_every_split(head, request, {}, strictness::lenient);
      CHECK(seen.why().empty());
      REQUIRE(seen.messages.size() == 1);
      CHECK(seen.messages[0].complete);
      CHECK(seen.messages[0].body.empty());
      CHECK_FALSE(seen.messages[0].keep_alive);
      CHECK(read_in_every_split(head, request).failure);
    }
  for (const std::string& fields : wrong) {
    CAPTURE(fields);
    const transcript seen =
        read_in_every_split("HTTP/1.1 103 Early Hints\r\n" + fields + "\r\n" + counted(""),
                            method::get, {}, strictness::lenient);
    CHECK(seen.why().empty());
    REQUIRE(seen.messages.size() == 2);
    CHECK(seen.messages[1].body == "hello");
    CHECK_FALSE(seen.messages[1].keep_alive);
  }
  const transcript old =
      read_in_every_split("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", method::head, {},
                          strictness::lenient);
  CHECK(old.why().empty());
}

TEST_CASE("lenient: a length that is in doubt is not told") {
  response_parser parser({}, strictness::lenient);
  parser.start(method::head);
  const std::string_view bytes =
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n";
  REQUIRE(parser.parse(std::as_bytes(std::span(bytes))));
  CHECK_FALSE(parser.content_length());
}

TEST_CASE("a message about a character that no line may hold says which one it is, and where") {
  const std::string nul(1, '\0');
  struct named {
    std::string head, message;
    std::uint64_t at;
    strictness how = strictness::lenient;
  };
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  for (const auto& [head, message, at, how] : {
           named{ok + "X: a\rb\r\n\r\n", "a field value holds a CR: \"X\"", 21},
           named{ok + "X: a" + nul + "\r\n\r\n", "a field value holds a NUL: \"X\"", 21},
           named{ok + "X: \x01" + nul + "\r\n\r\n", "a field value holds a NUL: \"X\"", 21},
           named{ok + "X: a\r\n b" + nul + "\r\n\r\n", "a field value holds a NUL", 25},
           named{ok + "X: a\r\r\n\r\n", "a field line ends with CR CR LF instead of CRLF: \"X\"",
                 21},
           named{ok + "X: a\r\n\r\r\n", "an empty line ends with CR CR LF instead of CRLF", 23},
           named{ok + "X" + nul + ": a\r\n\r\n", "a field name holds a NUL: \"X\"", 18},
           named{ok + "X\rY: a\r\n\r\n", "a field name holds a CR: \"X\"", 18},
           named{chunked("5;a=" + nul + "\r\nhello\r\n0\r\n\r\n"),
                 "the line of a chunk size holds a NUL", 51},
           named{chunked("5;a\rb\r\nhello\r\n0\r\n\r\n"), "the line of a chunk size holds a CR",
                 50},
           named{chunked("5\r\r\nhello\r\n0\r\n\r\n"),
                 "the line of a chunk size ends with CR CR LF instead of CRLF", 48},
           named{"HTTP/1.1 200 O\rK\r\n\r\n", "the reason phrase holds a CR", 14},
           named{"HTTP/1.1 200 O" + nul + "K\r\n\r\n", "the reason phrase holds a NUL", 14},
           named{"HTTP/1.1 200 OK\r\r\n\r\n", "the status line ends with CR CR LF instead of CRLF",
                 15},
           named{ok + "X: a\r\n\r\r\n", "an empty line ends with CR CR LF instead of CRLF", 23,
                 strictness::strict},
           named{ok + "X: \x01\r\n\r\n", "a field value holds a control character: \"X\"", 20,
                 strictness::strict},
       }) {
    CAPTURE(ascii::printable(head, 100));
    const transcript seen = read_in_every_split(head, method::get, {}, how);
    REQUIRE(seen.failure);
    CHECK(seen.failure->message().starts_with(message));
    CHECK(seen.failure->position() == at);
  }
}
