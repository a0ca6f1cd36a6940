// Alternative services: the field, what is remembered, and where HTTP/3 does not work.
#include <cohttps/http/alt_svc.hpp>

#include <catch2/catch_test_macros.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

using namespace cohttps;
using namespace std::chrono_literals;
using service = alternative_service;

namespace {

const origin example{"https", "example.com", 443};
constexpr std::chrono::system_clock::time_point begin{std::chrono::seconds(1'800'000'000)};
using place = alternative_services::place;

}  // namespace

TEST_CASE("the field Alt-Svc", "[http3]") {
  struct row {
    std::string_view field;
    std::optional<std::vector<service>> means;
  };
  const std::vector<service> none;
  for (const auto& [field, means] : {
           row{"clear", none},
           row{"", none},
           row{R"(h3=":443")", {{{"h3", "", 443}}}},
           row{R"(h3=":443"; ma=3600)", {{{"h3", "", 443, 1h}}}},
           row{R"(h3=":443";ma=60;persist=1, h2="alt.example:8443"; ma=5)",
               {{{"h3", "", 443, 60s}, {"h2", "alt.example", 8443, 5s}}}},
           row{R"( , h3-29=":443" ,, h3="ALT.example:1" , )",
               {{{"h3-29", "", 443}, {"h3", "alt.example", 1}}}},
           row{R"(h3="[2001:db8::1]:443")", {{{"h3", "[2001:db8::1]", 443}}}},
           row{R"(h3=":443"; unknown="a\"b")", {{{"h3", "", 443}}}},
           row{R"(h3=":443"; ma=nonsense)", {{{"h3", "", 443, 0s}}}},
           row{R"(h3=":443"; ma=99999999999999999999)", {{{"h3", "", 443, 0s}}}},
           row{R"(h3=":0", h3=":65536", h3="a b:1", h3=":x")", none},
           row{R"(h3=:443)", std::nullopt},
           row{R"(h3=":443)", std::nullopt},
           row{R"(h3=":443" h2=":443")", std::nullopt},
           row{R"(h3)", std::nullopt},
           row{R"(=":443")", std::nullopt},
           row{R"(h3=":443";)", std::nullopt},
       }) {
    CAPTURE(field);
    CHECK(detail::parse_alt_svc(field) == means);
  }
}

TEST_CASE("announcements are kept until they end, and replaced by later ones", "[http3]") {
  alternative_services known;
  CHECK_FALSE(known.find(example, begin));
  known.learn(example, R"(h2=":1", h3=":8443"; ma=60)", begin);
  CHECK(known.find(example, begin + 59s) == place{"example.com", 8443});
  CHECK_FALSE(known.find(example, begin + 60s));
  CHECK_FALSE(known.find({"https", "example.com", 444}, begin));
  CHECK_FALSE(known.find({"https", "www.example.com", 443}, begin));
  known.learn(example, "h3=malformed", begin);
  CHECK(known.find(example, begin));
  known.learn(example, R"(h3="alt.example:443")", begin);
  CHECK(known.find(example, begin + 23h) == place{"alt.example", 443});
  known.learn(example, "clear", begin);
  CHECK_FALSE(known.find(example, begin));
  known.learn({"http", "example.com", 80}, R"(h3=":443")", begin);
  CHECK(known.size() == 0);
}

TEST_CASE("a place that does not work is left alone for longer and longer", "[http3]") {
  alternative_services known;
  known.learn(example, R"(h3=":443"; ma=10000000)", begin);
  const place at{"example.com", 443};
  known.failed(at, begin);
  CHECK_FALSE(known.find(example, begin + 4min));
  CHECK(known.find(example, begin + 5min));
  known.failed(at, begin + 5min);
  CHECK_FALSE(known.usable(at, begin + 14min));
  CHECK(known.usable(at, begin + 15min));
  for (int i = 0; i < 20; ++i) known.failed(at, begin);
  CHECK_FALSE(known.usable(at, begin + 42h));
  CHECK(known.usable(at, begin + 48h));
  known.worked(at);
  CHECK(known.usable(at, begin));
  known.failed(at, begin);
  CHECK(known.usable(at, begin + 5min));
}

TEST_CASE("an origin that answered 421 is left alone for longer and longer", "[http3]") {
  alternative_services known;
  known.learn(example, R"(h3="alt.example:443"; ma=10000000)", begin);
  CHECK(known.usable(example, begin));
  known.misdirected(example, begin);
  CHECK(known.size() == 0);
  known.learn(example, R"(h3="alt.example:443"; ma=10000000)", begin);
  CHECK_FALSE(known.find(example, begin + 4min));
  CHECK(known.find(example, begin + 5min));
  known.misdirected(example, begin + 5min);
  CHECK_FALSE(known.usable(example, begin + 14min));
  CHECK(known.usable(example, begin + 15min));
  CHECK(known.usable({"alt.example", 443}, begin + 6min));  // for other origins
}

TEST_CASE("the text of what is known can be read again", "[http3]") {
  alternative_services known;
  known.learn(example, R"(h3=":443"; ma=60)", begin);
  known.learn({"https", "[2001:db8::1]", 8443}, R"(h3=":443"; ma=90)", begin);
  const std::string text = known.text(begin);
  CHECK(text ==
        "https://[2001:db8::1]:8443 [2001:db8::1]:443 1800000090\n"
        "https://example.com example.com:443 1800000060\n");
  alternative_services read;
  CHECK(read.add("# a comment\n\n" + text));
  CHECK(read.text(begin) == text);
  CHECK(read.text(begin + 70s).find("example.com") == std::string::npos);
  for (const std::string_view bad : {"example.com example.com:443 1", "https://a a:443",
                                     "https://a a 5", "https://a a:443 5 6", "https://a :443 5"}) {
    CAPTURE(bad);
    const auto outcome = read.add(bad);
    REQUIRE_FALSE(outcome);
    CHECK(outcome.error().reason() == "alt_svc_malformed");
    CHECK(outcome.error().message().find("line 1") != std::string::npos);
  }
}
