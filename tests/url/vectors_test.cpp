// The vectors of web-platform-tests, url/resources/urltestdata.json, which are not part of this
// repository: COHTTPS_VECTORS names the folder with url.jsonl.
#include <cohttps/url/url.hpp>

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

using namespace cohttps;
using nlohmann::json;

namespace {

std::filesystem::path vector_file() {
  if (const char* folder = std::getenv("COHTTPS_VECTORS"))
    return std::filesystem::path(folder) / "url.jsonl";
#ifdef COHTTPS_SOURCE_ROOT
  const std::filesystem::path root = COHTTPS_SOURCE_ROOT;
#else
  // tests/url/vectors_test.cpp
  const auto root = std::filesystem::absolute(__FILE__).parent_path().parent_path().parent_path();
#endif
  return root / "../shared/vectors/url.jsonl";
}

void check_components(const url& parsed, const json& expected) {
  const auto with = [](char mark, std::string_view text) {
    return text.empty() ? std::string() : mark + std::string(text);
  };
  const auto text = [&](const char* name) { return expected[name].get<std::string>(); };
  CHECK(parsed.href() == text("href"));
  CHECK(std::string(parsed.scheme()) + ':' == text("protocol"));
  CHECK(parsed.username() == text("username"));
  CHECK(parsed.password() == text("password"));
  CHECK(parsed.authority() == text("host"));
  CHECK(parsed.host() == text("hostname"));
  CHECK((parsed.has_port() ? std::to_string(parsed.port()) : "") == text("port"));
  CHECK(parsed.path() == text("pathname"));
  CHECK(with('?', parsed.query()) == text("search"));
  CHECK(with('#', parsed.fragment()) == text("hash"));
  if (expected.contains("origin")) CHECK(parsed.origin().text() == text("origin"));
}

}  // namespace

TEST_CASE("the vectors of web-platform-tests hold") {
  std::ifstream file(vector_file());
  if (!file) SKIP("no " << vector_file() << "; set COHTTPS_VECTORS to the folder of url.jsonl");
  int parsed_alike = 0, refused_alike = 0;
  for (std::string line; std::getline(file, line);) {
    const json vector = json::parse(line);
    const auto input = vector["input"].get<std::string>();
    INFO(line);

    std::optional<url> base;
    bool base_refused = false;
    if (vector["base"].is_string()) {
      auto parsed = url::parse(vector["base"].get<std::string>());
      if (parsed)
        base = *std::move(parsed);
      else
        base_refused = parsed.error().reason() != "url_scheme_unsupported";
    }
    const auto result = base ? url::parse(input, *base) : url::parse(input);
#ifndef COHTTPS_HAS_IDN2
    if (!result && result.error().reason() == "idna_unavailable") continue;
#endif

    if (vector["failure"].get<bool>()) {
      CHECK((base_refused || !result));
      ++refused_alike;
    } else if (vector["href"].get<std::string>().starts_with("http")) {
      REQUIRE(result);
      check_components(*result, vector);
      CHECK(url::parse(result->href())->href() == result->href());
      ++parsed_alike;
    } else {
      CHECK_FALSE(result);  // a URL of a scheme that is none of http and https
    }
  }
  INFO(parsed_alike << " parsed, " << refused_alike << " refused");
  CHECK(parsed_alike > 0);
  CHECK(refused_alike > 0);
}
