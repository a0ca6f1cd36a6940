// Content of a program's own types: what a specialisation has to have, and what becomes of
// failures.
#include <cohttps/http/content/representation.hpp>

#include <catch2/catch_test_macros.hpp>

#include <new>
#include <stdexcept>
#include <string>

using namespace cohttps;

namespace {

struct point {
  int x = 0;
  int y = 0;
};
struct only_read {
  std::string text;
};
struct only_written {};
struct careful {};  // with results
struct of_nothing {};

}  // namespace

template <>
struct cohttps::representation<point> {
  static constexpr std::string_view media_type = "text/x-point";
  static std::string write(const point& p) {
    return std::to_string(p.x) + ',' + std::to_string(p.y);
  }
  static point read(std::string_view bytes) {
    const auto comma = bytes.find(',');
    return {std::stoi(std::string(bytes.substr(0, comma))),
            std::stoi(std::string(bytes.substr(comma + 1)))};
  }
};
template <>
struct cohttps::representation<only_read> {
  static constexpr std::string_view media_type = "text/plain";
  static only_read read(std::string_view bytes) {
    if (bytes == "memory") throw std::bad_alloc();
    if (bytes == "number") throw 7;
    if (bytes == "own") throw error(error_category::policy, "own", "an error of its own");
    if (bytes == "long") throw std::runtime_error("\x1b[2J" + std::string(1000, 'x'));
    return {std::string(bytes)};
  }
};
template <>
struct cohttps::representation<only_written> {
  static constexpr std::string_view media_type = "text/plain";
  static std::string write(const only_written&) { throw std::runtime_error("no words"); }
};
template <>
struct cohttps::representation<careful> {
  static constexpr std::string_view media_type = "text/plain";
  static result<std::string> write(const careful&) {
    return fail(error_category::usage, "too_careful", "it is not written");
  }
  static result<careful> read(std::string_view bytes) {
    if (bytes.empty()) return fail(error_category::protocol, "nothing", "there is nothing");
    return careful{};
  }
};
template <>
struct cohttps::representation<of_nothing> {
  static std::string write(const of_nothing&) { return {}; }  // without a media type
  static int* read(std::string_view) { return nullptr; }      // another type
};

static_assert(writable_representation<point> && readable_representation<point>);
static_assert(!writable_representation<only_read> && readable_representation<only_read>);
static_assert(writable_representation<only_written> && !readable_representation<only_written>);
static_assert(writable_representation<careful> && readable_representation<careful>);
static_assert(!writable_representation<of_nothing> && !readable_representation<of_nothing>);
static_assert(!writable_representation<int> && !readable_representation<int>);
static_assert(!writable_representation<const point&>);

TEST_CASE("a value goes to its bytes and back") {
  CHECK(write_representation(point{3, -4}).value() == "3,-4");
  const auto p = read_representation<point>("5,6").value();
  CHECK(p.x == 5);
  CHECK(p.y == 6);
}

TEST_CASE("what a representation throws is an error that says what was expected") {
  const auto malformed = read_representation<point>("x,y");
  REQUIRE_FALSE(malformed);
  CHECK(malformed.error().category() == error_category::protocol);
  CHECK(malformed.error().reason() == "representation_malformed");
  CHECK(malformed.error().message() ==
        "the content is not the text/x-point that was expected: stoi");

  const auto unwritten = write_representation(only_written{});
  REQUIRE_FALSE(unwritten);
  CHECK(unwritten.error().category() == error_category::usage);
  CHECK(unwritten.error().reason() == "representation_unwritable");
  CHECK(unwritten.error().message() == "the value cannot be written as text/plain: no words");

  const auto other = read_representation<only_read>("number");
  REQUIRE_FALSE(other);
  CHECK(other.error().message() == "the content is not the text/plain that was expected");
}

TEST_CASE("what was thrown is quoted short and printable") {
  const auto e = read_representation<only_read>("long").error();
  CHECK(e.message().find("\\x1b[2Jxxx") != std::string::npos);
  CHECK(e.message().size() < 200);
}

TEST_CASE(
    "errors of a representation's own stay what they are, and no memory is no malformed content") {
  CHECK(read_representation<only_read>("own").error().reason() == "own");
  CHECK(read_representation<careful>("").error().reason() == "nothing");
  CHECK(write_representation(careful{}).error().reason() == "too_careful");
  CHECK(read_representation<careful>("x").has_value());
  CHECK_THROWS_AS(read_representation<only_read>("memory"), std::bad_alloc);
}
