#include <cohttps/http1/lines.hpp>

#include <catch2/catch_test_macros.hpp>

#include <cstdint>
#include <string>

using namespace cohttps;
using namespace cohttps::http1;

TEST_CASE("a status line that is one") {
  struct row {
    std::string line;
    int minor, status;
    std::string reason;
  };
  for (const row& r :
       {row{"HTTP/1.1 200 OK", 1, 200, "OK"}, row{"HTTP/1.0 404 Not Found", 0, 404, "Not Found"},
        row{"HTTP/1.1 200 ", 1, 200, ""}, row{"HTTP/1.1 200", 1, 200, ""},
        row{"HTTP/1.1 100 Continue", 1, 100, "Continue"},
        row{"HTTP/1.1 999 caf\xc3\xa9\t!", 1, 999, "caf\xc3\xa9\t!"},
        row{"HTTP/1.1 200  two spaces", 1, 200, " two spaces"}}) {
    CAPTURE(r.line);
    status_line parsed;
    CHECK_FALSE(parsed.parse(r.line, strictness::strict).has_value());
    CHECK(parsed.version_minor == r.minor);
    CHECK(parsed.status == r.status);
    CHECK(r.line.substr(parsed.reason_at, parsed.reason_size) == r.reason);
  }
}

TEST_CASE("a status line that is none") {
  struct row {
    std::string line, reason;
    std::size_t at;
  };
  for (const row& r : {row{"", "unsupported_version", 7},
                       row{"HTTP/1.2 200 OK", "unsupported_version", 7},
                       row{"HTTP/1. 200 OK", "unsupported_version", 7},
                       row{"HTTP/1.1", "invalid_status_line", 8},
                       row{"HTTP/1.01 200 OK", "invalid_status_line", 8},
                       row{"HTTP/1.1\t200 OK", "invalid_status_line", 8},
                       row{"HTTP/1.1200 OK", "invalid_status_line", 8},
                       row{"HTTP/1.1 ", "invalid_status_code", 9},
                       row{"HTTP/1.1  200 OK", "invalid_status_code", 9},
                       row{"HTTP/1.1 +20 OK", "invalid_status_code", 9},
                       row{"HTTP/1.1 2 OK", "invalid_status_code", 10},
                       row{"HTTP/1.1 20", "invalid_status_code", 11},
                       row{"HTTP/1.1 20x OK", "invalid_status_code", 11},
                       row{"HTTP/1.1 2000 OK", "invalid_status_code", 12},
                       row{"HTTP/1.1 200OK", "invalid_status_code", 12},
                       row{"HTTP/1.1 200\tOK", "invalid_status_code", 12},
                       row{"HTTP/1.1 099 OK", "invalid_status_code", 9},
                       row{"HTTP/1.1 000 OK", "invalid_status_code", 9},
                       row{"HTTP/1.1 200 a\rb", "bare_cr", 14},
                       row{"HTTP/1.1 200\r", "invalid_status_code", 12},
                       row{std::string("HTTP/1.1 200 \0", 14), "invalid_reason_phrase", 13},
                       row{"HTTP/1.1 200 a\x7f", "invalid_reason_phrase", 14}}) {
    CAPTURE(r.line);
    status_line parsed;
    const auto wrong = parsed.parse(r.line, strictness::strict);
    REQUIRE(wrong.has_value());
    CHECK(wrong->reason == r.reason);
    CHECK(wrong->at == r.at);
  }
}

TEST_CASE("a field line that is one") {
  struct row {
    std::string line, name, value;
  };
  for (const row& r : {row{"a:b", "a", "b"}, row{"Name: value", "Name", "value"},
                       row{"a:", "a", ""}, row{"a: \t ", "a", ""}, row{"a:\t b c \t", "a", "b c"},
                       row{"a: :", "a", ":"}, row{"x-!#$%&'*+-.^_`|~: 1", "x-!#$%&'*+-.^_`|~", "1"},
                       row{"a: caf\xe9", "a", "caf\xe9"}, row{"a: \"q\\\"\"", "a", "\"q\\\"\""}}) {
    CAPTURE(r.line);
    field_slot slot;
    CHECK_FALSE(parse_field_line(r.line, true, slot).has_value());
    CHECK(r.line.substr(slot.name_at, slot.name_size) == r.name);
    CHECK(r.line.substr(slot.value_at, slot.value_size) == r.value);
  }
}

TEST_CASE("a field line that is none") {
  struct row {
    std::string line, reason;
    std::size_t at;
  };
  for (const row& r : {row{"abc", "missing_colon", 3},
                       row{":v", "empty_field_name", 0},
                       row{": ", "empty_field_name", 0},
                       row{" a: b", "line_folding", 0},
                       row{"\ta: b", "line_folding", 0},
                       row{" ", "line_folding", 0},
                       row{"a : b", "whitespace_before_colon", 1},
                       row{"a\t: b", "whitespace_before_colon", 1},
                       row{"a  \t:", "whitespace_before_colon", 1},
                       row{"a b: c", "invalid_field_name", 1},
                       row{"a ", "invalid_field_name", 1},
                       row{"a(b): c", "invalid_field_name", 1},
                       row{"caf\xc3\xa9: c", "invalid_field_name", 3},
                       row{std::string("a\0b: c", 6), "invalid_field_name", 1},
                       row{"a\rb: c", "invalid_field_name", 1},
                       row{"\ra: c", "invalid_field_name", 0},
                       row{"\"a\": c", "invalid_field_name", 0},
                       row{"a: b\rc", "bare_cr", 4},
                       row{"a: b\r", "bare_cr", 4},
                       row{"a:\r", "bare_cr", 2},
                       row{std::string("a: b\0", 5), "invalid_field_value", 4},
                       row{"a: \x1f", "invalid_field_value", 3},
                       row{"a: \x7f", "invalid_field_value", 3},
                       row{"a: \x0b", "invalid_field_value", 3}}) {
    CAPTURE(r.line);
    field_slot slot;
    const auto wrong = parse_field_line(r.line, false, slot);
    REQUIRE(wrong.has_value());
    CHECK(wrong->reason == r.reason);
    CHECK(wrong->at == r.at);
    CHECK(wrong->excerpt.find("secret") == std::string::npos);
  }
  field_slot slot;
  CHECK(parse_field_line(" a: b", true, slot)->reason == "whitespace_before_fields");
  CHECK(parse_field_line("Set-Cookie: secret\x01", false, slot)->excerpt == "Set-Cookie");
}

TEST_CASE("a chunk line that is one") {
  struct row {
    std::string line;
    std::uint64_t size;
    std::size_t extensions;
  };
  for (const row& r :
       {row{"0", 0, 0}, row{"5", 5, 0}, row{"aBcDeF", 0xabcdef, 0}, row{"0005", 5, 0},
        row{"00000000000000000000000005", 5, 0}, row{"ffffffffffffffff", UINT64_MAX, 0},
        row{"5;a", 5, 2}, row{"5;a=b", 5, 4}, row{"5 ; a = b", 5, 8}, row{"5\t;a\t;b", 5, 6},
        row{"5;a=\"b;c\\\"\";d", 5, 12}, row{"5;a=\"\"", 5, 5}, row{"5;a;b;c", 5, 6},
        row{"5;a=\"caf\xe9\"", 5, 9}}) {
    CAPTURE(r.line);
    chunk_line parsed;
    CHECK_FALSE(parsed.parse(r.line, strictness::strict).has_value());
    CHECK(parsed.size == r.size);
    CHECK(parsed.extensions == r.extensions);
  }
}

TEST_CASE("a chunk line that is none") {
  struct row {
    std::string line, reason;
    std::size_t at;
  };
  for (const row& r : {row{"", "invalid_chunk_size", 0},
                       row{";a", "invalid_chunk_size", 0},
                       row{"+5", "invalid_chunk_size", 0},
                       row{"-5", "invalid_chunk_size", 0},
                       row{" 5", "invalid_chunk_size", 0},
                       row{"0x5", "invalid_chunk_size", 1},
                       row{"5x", "invalid_chunk_size", 1},
                       row{"5,", "invalid_chunk_size", 1},
                       row{"5_0", "invalid_chunk_size", 1},
                       row{"5.0", "invalid_chunk_size", 1},
                       row{"5 ", "invalid_chunk_size", 2},
                       row{"5\t", "invalid_chunk_size", 2},
                       row{"5 5", "invalid_chunk_size", 2},
                       row{"5 a", "invalid_chunk_size", 2},
                       row{"5\r", "invalid_chunk_size", 1},
                       row{std::string("5\0", 2), "invalid_chunk_size", 1},
                       row{"10000000000000000", "chunk_size_overflow", 16},
                       row{"00fffffffffffffffff", "chunk_size_overflow", 18},
                       row{"5;", "invalid_chunk_extension", 2},
                       row{"5; ", "invalid_chunk_extension", 3},
                       row{"5;;", "invalid_chunk_extension", 2},
                       row{"5;a=", "invalid_chunk_extension", 4},
                       row{"5;=b", "invalid_chunk_extension", 2},
                       row{"5;a b", "invalid_chunk_extension", 4},
                       row{"5;a ", "invalid_chunk_extension", 4},
                       row{"5;a=b ", "invalid_chunk_extension", 6},
                       row{"5;a\r", "invalid_chunk_extension", 3},
                       row{"5;a=b\r", "invalid_chunk_extension", 5},
                       row{"5;a=\"b", "invalid_chunk_extension", 6},
                       row{"5;a=\"b\\", "invalid_chunk_extension", 7},
                       row{"5;a=\"b\r\"", "invalid_chunk_extension", 6},
                       row{"5;a=\"b\\\r\"", "invalid_chunk_extension", 7},
                       row{"5;a=\"b\"c", "invalid_chunk_extension", 7}}) {
    CAPTURE(r.line);
    chunk_line parsed;
    const auto wrong = parsed.parse(r.line, strictness::strict);
    REQUIRE(wrong.has_value());
    CHECK(wrong->reason == r.reason);
    CHECK(wrong->at == r.at);
  }
}

TEST_CASE("Content-Length is one number, or the same one repeated") {
  CHECK(parse_content_length("0") == 0u);
  CHECK(parse_content_length("003") == 3u);
  CHECK(parse_content_length("5, 5") == 5u);
  CHECK(parse_content_length("5,5 ,\t5") == 5u);
  CHECK(parse_content_length("18446744073709551615") == UINT64_MAX);
  for (const std::string& bad :
       {std::string(), std::string("+5"), std::string("-5"), std::string("0x5"), std::string("5 5"),
        std::string("5,6"), std::string("5,"), std::string(",5"), std::string("5,,5"),
        std::string("5;5"), std::string("5.0"), std::string("a"), std::string("1e3"),
        std::string("18446744073709551616"), std::string("99999999999999999999999"),
        std::string("5\0", 2), std::string("\"5\""), std::string("\xb2")}) {
    CAPTURE(bad);
    CHECK(parse_content_length(bad) == std::nullopt);
  }
}
