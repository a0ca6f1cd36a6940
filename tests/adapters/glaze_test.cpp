// JSON by Glaze, where it is.
#include "adapters/adapters.hpp"

#include <catch2/catch_test_macros.hpp>

#if !defined(COHTTPS_TEST_GLAZE)

TEST_CASE("glaze: values are written and read") { SKIP("there is no Glaze that compiles here"); }

#else

#include <cohttps/adapters/glaze.hpp>

#include <optional>
#include <string>
#include <vector>

using namespace cohttps;

struct person {
  std::string name;
  int age = 0;
  std::optional<std::string> nick = {};
};
class closed {
 public:
  explicit closed(int);

 private:
  int* pointer_;
};
struct spelled_otherwise {
  int n = 0;
};

template <>
struct cohttps::representation<spelled_otherwise> {
  static constexpr std::string_view media_type = "text/plain";
  static std::string write(const spelled_otherwise& s) {
    return std::string(static_cast<std::size_t>(s.n), '|');
  }
};

static_assert(writable_representation<person> && readable_representation<person>);
static_assert(readable_representation<std::vector<person>>);
static_assert(!writable_representation<closed> && !readable_representation<closed>);
static_assert(!readable_representation<spelled_otherwise>);

TEST_CASE("glaze: values are written and read") {
  CHECK(representation<person>::media_type == "application/json");
  CHECK(write_representation(person{"Ada", 36}).value() == R"({"name":"Ada","age":36})");
  const auto read =
      read_representation<std::vector<person>>(R"([{"name":"A","age":1,"more":true}] )").value();
  REQUIRE(read.size() == 1);
  CHECK(read[0].name == "A");
  CHECK(write_representation(spelled_otherwise{3}).value() == "|||");
}

TEST_CASE("glaze: what is malformed or of another shape is an error without its content") {
  for (const std::string_view text :
       {"", "{", "[1]", "null", R"({"name":"secret"})", R"({"name":"secret","age":"old"})",
        R"({"name":"secret","age":1} x)"}) {
    CAPTURE(text);
    const auto read = read_representation<person>(text);
    REQUIRE_FALSE(read);
    CHECK(read.error().category() == error_category::protocol);
    CHECK(read.error().reason() == "representation_malformed");
    CHECK(read.error().message().find("secret") == std::string::npos);
    CHECK(read.error().message().find(" at byte ") != std::string::npos);
  }
}

TEST_CASE("glaze: a text that does not end with a zero is read to its end alone") {
  const std::string more = R"({"name":"A","age":12345})";
  for (std::size_t size = 0; size < more.size(); ++size) {
    const std::vector<char> exact(more.begin(), more.begin() + static_cast<std::ptrdiff_t>(size));
    CHECK_FALSE(read_representation<person>({exact.data(), exact.size()}));
  }
}

TEST_CASE("glaze: deep nesting does no harm") {
  const std::string deep(1'000'000, '[');
  CHECK_FALSE(read_representation<std::vector<person>>(deep));
  CHECK_FALSE(read_representation<person>("{\"x\":" + deep));
}

#endif
