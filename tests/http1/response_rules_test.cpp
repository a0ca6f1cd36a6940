// What is refused, and at which byte. In an input, ^ stands before the byte that the error names.
#include <catch2/catch_test_macros.hpp>

#include <http1/transcript.hpp>
#include <string>
#include <vector>

using namespace cohttps;
using namespace cohttps::http1;

namespace {

struct rule {
  std::string reason;
  std::string marked;
  method request = method::get;
};

void check(const rule& r, error_category category, const limits& bounds = {}) {
  const std::size_t mark = r.marked.find('^');
  const std::string bytes = std::string(r.marked).erase(mark, 1);
  INFO(ascii::printable(r.marked, 200));
  const transcript seen = read_in_every_split(bytes, r.request, bounds);
  REQUIRE(seen.failure.has_value());
  CHECK(seen.failure->category() == category);
  CHECK(seen.why() == r.reason + " at byte " + std::to_string(mark));
  CHECK(seen.failure->message().size() < 160);
  CHECK(seen.failure->message().find_first_of("\r\n") == std::string::npos);
  CHECK((seen.messages.empty() || !seen.messages.back().complete ||
         is_informational(seen.messages.back().head.status)));
}

const std::string nul(1, '\0');
const std::string ok = "HTTP/1.1 200 OK\r\n";
const std::string chunked = ok + "Transfer-Encoding: chunked\r\n\r\n";

}  // namespace

TEST_CASE("what breaks HTTP/1.1") {
  const std::vector<rule> rules{
      // ---- not a response of HTTP/1.x
      {"not_http", "^<html>\r\n\r\n"},
      {"not_http", "^SSH-2.0-x\r\n"},
      {"not_http", "^\x15\x03\x01" + nul + "\x02\x02\x28"},
      {"not_http", "^" + nul + nul + "\x12\x04" + nul + nul + nul + nul + nul},
      {"not_http", "^\r\nHTTP/1.1 200 OK\r\n\r\n"},
      {"not_http", "^\nHTTP/1.1 200 OK\r\n\r\n"},
      {"not_http", "^ HTTP/1.1 200 OK\r\n\r\n"},
      {"not_http", "^http/1.1 200 OK\r\n\r\n"},
      {"not_http", "HT^P/1.1 200 OK\r\n\r\n"},
      {"not_http", "HTTP^S/1.1 200 OK\r\n\r\n"},
      {"unsupported_version", "HTTP/^2.0 200 OK\r\n\r\n"},
      {"unsupported_version", "HTTP/^2 200 OK\r\n\r\n"},
      {"unsupported_version", "HTTP/^0.9 200 OK\r\n\r\n"},
      {"unsupported_version", "HTTP/^01.1 200 OK\r\n\r\n"},
      {"unsupported_version", "HTTP/1^1.1 200 OK\r\n\r\n"},
      {"unsupported_version", "HTTP/1.^2 200 OK\r\n\r\n"},
      {"unsupported_version", "HTTP/1.^ 200 OK\r\n\r\n"},
      // ---- the status line (RFC 9112, 4)
      {"invalid_status_line", "HTTP/1.1^\t200 OK\r\n\r\n"},
      {"invalid_status_line", "HTTP/1.0^1 200 OK\r\n\r\n"},
      {"invalid_status_code", "HTTP/1.1 ^ 200 OK\r\n\r\n"},
      {"invalid_status_code", "HTTP/1.1 2^ OK\r\n\r\n"},
      {"invalid_status_code", "HTTP/1.1 200^0 OK\r\n\r\n"},
      {"invalid_status_code", "HTTP/1.1 ^099 OK\r\n\r\n"},
      {"invalid_status_code", "HTTP/1.1 ^-20 OK\r\n\r\n"},
      {"bare_cr", "HTTP/1.1 200 O^\rK\r\n\r\n"},
      {"invalid_reason_phrase", "HTTP/1.1 200 O^" + nul + "K\r\n\r\n"},
      // ---- lines (RFC 9112, 2.2)
      {"bare_lf", "HTTP/1.1 200 OK^\n\r\n"},
      {"bare_lf", ok + "a: b^\n\r\n"},
      {"bare_lf", ok + "a: b\r\n^\n"},
      {"bare_lf", ok + "^\n\r\n"},
      {"bare_lf", ok + "a: b^\nc: d\r\n\r\n"},
      {"bare_cr", ok + "a: b^\rc: d\r\n\r\n"},
      {"bare_cr", ok + "a: b^\r\r\n\r\n"},
      {"bare_cr", ok + "a:^\r \r\n\r\n"},
      {"invalid_field_name", ok + "^\rX: y\r\n\r\n"},
      {"bare_cr", ok + "^\r\r\n"},
      // ---- field lines (RFC 9112, 5; RFC 9110, 5)
      {"whitespace_before_fields", ok + "^ a: b\r\n\r\n"},
      {"whitespace_before_fields", ok + "^\ta: b\r\n\r\n"},
      {"line_folding", ok + "a: b\r\n^ c\r\n\r\n"},
      {"line_folding", ok + "a: b\r\n^\tc: d\r\n\r\n"},
      {"line_folding", ok + "a: b\r\n^ \r\n\r\n"},
      {"line_folding", ok + "Transfer-Encoding: chunked\r\n^ abc\r\n\r\n"},
      {"invalid_content_length", ok + "Content-Length:^\r\n 5\r\n\r\n"},
      {"whitespace_before_colon", ok + "a^ : b\r\n\r\n"},
      {"whitespace_before_colon", ok + "Transfer-Encoding^ : chunked\r\n\r\n"},
      {"whitespace_before_colon", ok + "Content-Length^\t: 5\r\n\r\n"},
      {"empty_field_name", ok + "^: b\r\n\r\n"},
      {"missing_colon", ok + "abc^\r\n\r\n"},
      {"missing_colon", ok + "HTTP^\r\n\r\n"},
      {"invalid_field_name", ok + "HTTP^/1.1 200 OK\r\n\r\n"},
      {"invalid_field_name", ok + "a^ b: c\r\n\r\n"},
      {"invalid_field_name", ok + "a^" + nul + ": c\r\n\r\n"},
      {"invalid_field_name", ok + "caf^\xe9: c\r\n\r\n"},
      {"invalid_field_name", ok + "Content-Length^\x0b: 5\r\n\r\n"},
      {"invalid_field_name", ok + "^\xef\xbb\xbf" + "a: c\r\n\r\n"},
      {"invalid_field_value", ok + "a: b^" + nul + "\r\n\r\n"},
      {"invalid_field_value", ok + "a: ^\x0b" + "chunked\r\n\r\n"},
      {"invalid_field_value", ok + "a: 0123456789abcdef^\x7f\r\n\r\n"},
      // ---- Content-Length (RFC 9110, 8.6; RFC 9112, 6.3)
      {"invalid_content_length", ok + "Content-Length: ^+5\r\n\r\nhello"},
      {"invalid_content_length", ok + "Content-Length: ^-1\r\n\r\nhello"},
      {"invalid_content_length", ok + "Content-Length: ^0x5\r\n\r\nhello"},
      {"invalid_content_length", ok + "Content-Length: ^5 5\r\n\r\nhello"},
      {"invalid_content_length", ok + "Content-Length: ^5,6\r\n\r\nhello"},
      {"invalid_content_length", ok + "Content-Length: ^5;\r\n\r\nhello"},
      {"invalid_content_length", ok + "Content-Length:^\r\n\r\nhello"},
      {"invalid_content_length", ok + "Content-Length: ^18446744073709551616\r\n\r\nhello"},
      {"invalid_content_length", ok + "Content-Length: ^x\r\n\r\n", method::head},
      {"conflicting_content_length",
       ok + "Content-Length: 5\r\nx: y\r\ncontent-length: ^6\r\n\r\nhello!"},
      {"conflicting_content_length",
       ok + "Content-Length: 5\r\ncontent-length: ^6, 6\r\n\r\nhello!"},
      // ---- Transfer-Encoding (RFC 9112, 6.1)
      {"content_length_with_transfer_encoding",
       ok + "Content-Length: 5\r\nTransfer-Encoding: ^chunked\r\n\r\n0\r\n\r\n"},
      {"content_length_with_transfer_encoding",
       ok + "Transfer-Encoding: chunked\r\nContent-Length: ^5\r\n\r\n0\r\n\r\n"},
      {"content_length_with_transfer_encoding",
       ok + "Transfer-Encoding: chunked\r\nContent-Length: ^0\r\n\r\n", method::head},
      {"transfer_encoding_in_http_1_0",
       "HTTP/1.0 200 OK\r\nTransfer-Encoding: ^chunked\r\n\r\n0\r\n\r\n"},
      {"unsupported_transfer_encoding", ok + "Transfer-Encoding: ^gzip\r\n\r\n"},
      {"unsupported_transfer_encoding", ok + "Transfer-Encoding: ^gzip, chunked\r\n\r\n"},
      {"unsupported_transfer_encoding", ok + "Transfer-Encoding: ^chunked, gzip\r\n\r\n"},
      {"unsupported_transfer_encoding", ok + "Transfer-Encoding: ^identity\r\n\r\n"},
      {"unsupported_transfer_encoding", ok + "Transfer-Encoding: ^xchunked\r\n\r\n"},
      {"unsupported_transfer_encoding", ok + "Transfer-Encoding:^\r\n\r\n"},
      {"unsupported_transfer_encoding",
       ok + "Transfer-Encoding: chunked\r\nTransfer-Encoding: ^chunked\r\n\r\n0\r\n\r\n"},
      {"unsupported_transfer_encoding",
       ok + "Transfer-Encoding: chunked\r\nTransfer-Encoding: ^identity\r\n\r\n0\r\n\r\n"},
      // ---- chunks (RFC 9112, 7.1)
      {"invalid_chunk_size", chunked + "^\r\nhello\r\n0\r\n\r\n"},
      {"invalid_chunk_size", chunked + "^+5\r\nhello\r\n0\r\n\r\n"},
      {"invalid_chunk_size", chunked + "^-5\r\nhello\r\n0\r\n\r\n"},
      {"invalid_chunk_size", chunked + "0^x5\r\nhello\r\n0\r\n\r\n"},
      {"invalid_chunk_size", chunked + "^ 5\r\nhello\r\n0\r\n\r\n"},
      {"invalid_chunk_size", chunked + "5 ^\r\nhello\r\n0\r\n\r\n"},
      {"invalid_chunk_size", chunked + "5 ^5\r\nhello\r\n0\r\n\r\n"},
      {"invalid_chunk_size", chunked + "^g\r\nhello\r\n0\r\n\r\n"},
      {"invalid_chunk_size", chunked + "5^" + nul + "\r\nhello\r\n0\r\n\r\n"},
      {"invalid_chunk_size", chunked + "5^\r\r\nhello\r\n0\r\n\r\n"},
      {"invalid_chunk_size", chunked + "5\r\nhello\r\n^\r\n\r\n"},
      {"chunk_size_overflow", chunked + "1000000000000000^0\r\n"},
      {"chunk_size_overflow", chunked + "ffffffffffffffff^f\r\n"},
      {"invalid_chunk_extension", chunked + "5;^\r\nhello\r\n0\r\n\r\n"},
      {"invalid_chunk_extension", chunked + "5;a^\rb\r\nhello\r\n0\r\n\r\n"},
      {"invalid_chunk_extension", chunked + "5;a=^@\r\nhello\r\n0\r\n\r\n"},
      {"invalid_chunk_extension", chunked + "5;a=\"^\r\nhello\"\r\n0\r\n\r\n"},
      {"bare_lf", chunked + "5^\nhello\r\n0\r\n\r\n"},
      {"bare_lf", chunked + "5;a^\nhello\r\n0\r\n\r\n"},
      {"bare_lf", chunked + "5\rX^\nhello\r\n0\r\n\r\n"},
      {"bare_lf", chunked + "5\r\nhello\r\n0^\n\r\n"},
      {"bare_lf", chunked + "5\r\nhello\r\n0\r\n^\n"},
      {"missing_chunk_end", chunked + "5\r\nhello^!\r\n0\r\n\r\n"},
      {"missing_chunk_end", chunked + "5\r\nhello^\n0\r\n\r\n"},
      {"missing_chunk_end", chunked + "5\r\nhello\r^x0\r\n\r\n"},
      {"missing_chunk_end", chunked + "5\r\nhello^0\r\n\r\n"},
      // ---- trailers (RFC 9112, 7.1.2): the rules of field lines
      {"whitespace_before_fields", chunked + "0\r\n^ a: b\r\n\r\n"},
      {"line_folding", chunked + "0\r\na: b\r\n^ c\r\n\r\n"},
      {"missing_colon", chunked + "0\r\nabc^\r\n\r\n"},
      {"whitespace_before_colon", chunked + "0\r\na^ : b\r\n\r\n"},
      {"bare_cr", chunked + "0\r\na: b^\rc: d\r\n\r\n"},
      {"bare_lf", chunked + "0\r\na: b^\n\r\n"},
      // ---- after an interim response
      {"not_http", "HTTP/1.1 100 Continue\r\n\r\n^\r\nHTTP/1.1 200 OK\r\n\r\n"},
      {"not_http", "HTTP/1.1 100 Continue\r\n\r\n^hello"},
  };
  for (const rule& r : rules) check(r, error_category::protocol);
}

TEST_CASE("what passes a limit") {
  const limits tight{.head = 60,
                     .fields = 2,
                     .interim = 2,
                     .chunk_line = 10,
                     .chunk_extensions = 12,
                     .trailers = 20,
                     .trailer_fields = 1};
  const std::string a30(30, 'a');
  const std::vector<rule> rules{
      {"head_too_large", "HTTP/1.1 200 " + a30 + a30.substr(0, 17) + "^aaaaaaaaaaaaaaa\r\n\r\n"},
      {"head_too_large", ok + "a: " + a30 + a30.substr(0, 10) + "^\n\r\n"},
      {"head_too_large", ok + "a: " + a30 + "\r\nb: ccc\r\n^\r\n"},
      {"head_too_large", ok + "a: " + a30 + a30.substr(0, 10) + "^"},
      // The limit is reached before what else is wrong.
      {"head_too_large", ok + "a: " + a30 + nul + a30.substr(0, 9) + "^\r\n\r\n"},
      {"too_many_fields", ok + "a: 1\r\nb: 2\r\n^c: 3\r\n\r\n"},
      {"too_many_interim_responses",
       "HTTP/1.1 103\r\n\r\nHTTP/1.1 103\r\n\r\n^HTTP/1.1 103\r\n\r\n" + ok + "\r\n"},
      {"chunk_line_too_long", ok + "Transfer-Encoding: chunked\r\n\r\n5;abcdefgh^\r\nhello\r\n"},
      {"chunk_line_too_long", ok + "Transfer-Encoding: chunked\r\n\r\n0000000000^5\r\nhello\r\n"},
      {"chunk_extensions_too_large", chunked + "1;aaaaaa\r\nx\r\n^1;aaaaaa\r\nx\r\n0\r\n\r\n"},
      {"trailers_too_large", chunked + "0\r\na: bbbbbbbbbbbbbbb\r\n^\r\n"},
      {"trailers_too_large", chunked + "0\r\na: bbbbbbbbbbbbbbbbb^bbbbbb\r\n\r\n"},
      {"too_many_trailers", chunked + "0\r\na: b\r\n^c: d\r\n\r\n"},
  };
  for (const rule& r : rules) check(r, error_category::limit, tight);

  // Each of them at its limit.
  for (const std::string& bytes :
       {ok + "a: " + a30 + "\r\nb: c\r\n\r\n", ok + "a: 1\r\nb: 2\r\n\r\n",
        "HTTP/1.1 103\r\n\r\nHTTP/1.1 103\r\n\r\n" + ok + "\r\n",
        chunked + "5;abcdef\r\nhello\r\n0\r\n\r\n",
        chunked + "1;aaaaaa\r\nx\r\n1;aaaaa\r\nx\r\n0\r\n\r\n",
        chunked + "0\r\na: bbbbbbbbbbbbb\r\n\r\n"}) {
    INFO(bytes);
    CHECK(read_in_every_split(bytes, method::get, tight).why().empty());
  }
}

TEST_CASE("the limits that are set when nothing is said") {
  std::string head = ok;
  for (int i = 0; i < 1000; ++i) head += "a: b\r\n";
  CHECK(replay().run(head + "\r\n", 0).why().empty());
  CHECK(replay().run(head + "a: b\r\n\r\n", 0).failure->reason() == "too_many_fields");

  const std::string large = ok + "a: " + std::string(256 * 1024 - ok.size() - 7, 'x') + "\r\n\r\n";
  REQUIRE(large.size() == 256 * 1024);
  CHECK(replay().run(large, 1000).why().empty());
  CHECK(replay().run(std::string(large).insert(ok.size() + 3, "x"), 1000).why() ==
        "head_too_large at byte 262144");

  std::string interim;
  for (int i = 0; i < 100; ++i) interim += "HTTP/1.1 103 Early Hints\r\n\r\n";
  CHECK(replay().run(interim + ok + "\r\n", 0).why().empty());
  CHECK(replay().run(interim + interim + ok + "\r\n", 0).failure->reason() ==
        "too_many_interim_responses");
}

TEST_CASE("an end of the stream that comes too early") {
  const std::vector<rule> rules{
      {"closed_before_response", "^"},
      {"truncated_head", "H^"},
      {"truncated_head", "HTTP/1.1 200 OK\r\n^"},
      {"truncated_head", ok + "a: b\r\n\r^"},
      {"truncated_head", "HTTP/1.1 103 Early Hints\r\n\r\n^"},
      {"truncated_head", "HTTP/1.1 103 Early Hints\r\n\r\nHTTP^"},
      {"truncated_head", "HTTP/1.1 100 Continue\r\n^", method::head},
      {"truncated_body", ok + "Content-Length: 5\r\n\r\n^"},
      {"truncated_body", ok + "Content-Length: 5\r\n\r\nhell^"},
      {"truncated_body", chunked + "^"},
      {"truncated_body", chunked + "5^"},
      {"truncated_body", chunked + "5\r\n^"},
      {"truncated_body", chunked + "5\r\nhel^"},
      {"truncated_body", chunked + "5\r\nhello^"},
      {"truncated_body", chunked + "5\r\nhello\r^"},
      {"truncated_body", chunked + "5\r\nhello\r\n^"},
      {"truncated_body", chunked + "5\r\nhello\r\n0\r\n^"},
      {"truncated_body", chunked + "5\r\nhello\r\n0\r\n\r^"},
      {"truncated_body", chunked + "5\r\nhello\r\n0\r\na: b\r\n^"},
  };
  for (const rule& r : rules) check(r, error_category::peer_closed);
}

TEST_CASE("an error says what part of the response it is about, and no field value in full") {
  const auto failure = [](const std::string& bytes) { return *replay().run(bytes, 0).failure; };
  CHECK(failure("HTTP/1.1 2x").phase() == phase::receive_head);
  CHECK(failure(ok + "a : b\r\n\r\n").phase() == phase::receive_head);
  CHECK(failure(chunked + "x\r\n").phase() == phase::receive_body);
  CHECK(failure(ok + "Content-Length: 5\r\n\r\nx").phase() == phase::receive_body);

  const std::string secret = "session=0123456789abcdef0123456789abcdef0123456789abcdef";
  for (const std::string& line : {"Set-Cookie: " + secret + "\x01", "Set-Cookie : " + secret,
                                  "Set-Cookie: a\r\n " + secret, secret + secret}) {
    const std::string message = failure(ok + line + "\r\n\r\n").message();
    INFO(message);
    CHECK(message.find(secret) == std::string::npos);
  }
  CHECK(failure("\x15\x03\x03...").message().find("TLS") != std::string::npos);
  CHECK(failure("\x16").message().find("TLS") != std::string::npos);
  CHECK(failure(nul + nul + "\x12\x04" + nul).message().find("HTTP/2") != std::string::npos);
  CHECK(failure("SSH-2.0-OpenSSH\r\n").message().find("SSH-2.0-OpenSSH") != std::string::npos);
}
