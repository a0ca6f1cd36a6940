// JSON by nlohmann-json.
#include <cohttps/adapters/nlohmann_json.hpp>

#include <catch2/catch_test_macros.hpp>

#include <map>
#include <string>
#include <vector>

using namespace cohttps;

// Not nameless: Clang would miss a use of the functions that the macro makes.
namespace adapted {

struct person {
  std::string name;
  int age = 0;
  NLOHMANN_DEFINE_TYPE_INTRUSIVE(person, name, age)
};
struct unknown {
  int* pointer;
};
struct spelled_otherwise {
  NLOHMANN_DEFINE_TYPE_INTRUSIVE(spelled_otherwise, n)
  int n = 0;
};

}  // namespace adapted

using adapted::person;
using adapted::spelled_otherwise;
using adapted::unknown;

template <>
struct cohttps::representation<spelled_otherwise> {
  static constexpr std::string_view media_type = "text/plain";
  static std::string write(const spelled_otherwise& s) {
    return std::string(static_cast<std::size_t>(s.n), '|');
  }
};

static_assert(writable_representation<person> && readable_representation<person>);
static_assert(readable_representation<std::vector<person>>);
static_assert(readable_representation<std::map<std::string, int>>);
static_assert(writable_representation<nlohmann::json> && readable_representation<nlohmann::json>);
static_assert(!writable_representation<unknown> && !readable_representation<unknown>);
static_assert(!readable_representation<spelled_otherwise>);

TEST_CASE("nlohmann-json: values are written and read") {
  CHECK(representation<person>::media_type == "application/json");
  CHECK(write_representation(person{"Ada", 36}).value() == R"({"age":36,"name":"Ada"})");
  const auto read =
      read_representation<std::vector<person>>(R"([{"name":"A","age":1,"more":true}])").value();
  REQUIRE(read.size() == 1);
  CHECK(read[0].name == "A");
  CHECK(read_representation<nlohmann::json>(R"({"a":[1,2]})").value().at("a").at(1) == 2);
  CHECK(write_representation(nlohmann::json{{"a", nullptr}}).value() == R"({"a":null})");
}

TEST_CASE("nlohmann-json: a representation of the type's own comes first") {
  spelled_otherwise three;
  three.n = 3;
  CHECK(write_representation(three).value() == "|||");
}

TEST_CASE("nlohmann-json: what is malformed or of another shape is an error") {
  for (const std::string_view text :
       {"", "{", "[1]", "null", R"({"name":"A"})", R"({"name":"A","age":"old"})",
        R"({"name":"A","age":1} x)", "{\"name\":\"\xff\",\"age\":1}"}) {
    CAPTURE(text);
    const auto read = read_representation<person>(text);
    REQUIRE_FALSE(read);
    CHECK(read.error().category() == error_category::protocol);
    CHECK(read.error().reason() == "representation_malformed");
    CHECK(read.error().message().size() < 250);
  }
  const auto secret = read_representation<nlohmann::json>(R"({"token": hunter2})");
  REQUIRE_FALSE(secret);
  CHECK(secret.error().position() == 11);
  CHECK(secret.error().message().find("hu") == std::string::npos);

  const auto written = write_representation(person{"\xff", 1});
  REQUIRE_FALSE(written);
  CHECK(written.error().reason() == "representation_unwritable");
}

TEST_CASE("nlohmann-json: deep nesting does no harm") {
  const std::string deep(1'000'000, '[');
  CHECK_FALSE(read_representation<nlohmann::json>(deep));
  CHECK_FALSE(read_representation<person>(deep + std::string(1'000'000, ']')));
}
