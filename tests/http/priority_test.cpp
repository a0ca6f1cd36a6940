#include <cohttps/http/priority.hpp>

#include <catch2/catch_test_macros.hpp>

#include <string>

using namespace cohttps;

TEST_CASE("the Priority field says what differs from the default") {
  struct {
    priority p;
    std::string field;
  } cases[] = {
      {{}, ""},
      {{.urgency = 0}, "u=0"},
      {{.urgency = 7, .incremental = true}, "u=7, i"},
      {{.incremental = true}, "i"},
      {{.urgency = 3}, ""},
  };
  for (auto& c : cases) {
    CAPTURE(c.field);
    auto made = priority_field(c.p);
    REQUIRE(made);
    CHECK(*made == c.field);
  }
  for (int wrong : {-1, 8, 100}) {
    auto made = priority_field({.urgency = wrong});
    REQUIRE_FALSE(made);
    CHECK(made.error().reason() == "invalid_priority");
    CHECK(made.error().category() == error_category::usage);
  }
}
