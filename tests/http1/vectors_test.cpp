// The response tests of picohttpparser, where they are at hand.
#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <http1/transcript.hpp>
#include <map>
#include <set>
#include <string>
#include <support/base64.hpp>

using namespace cohttps;
using namespace cohttps::http1;

namespace {

// $COHTTPS_VECTORS, or "shared/vectors" beside the source tree.
std::filesystem::path vectors() {
  if (const char* at = std::getenv("COHTTPS_VECTORS")) return at;
  auto root = std::filesystem::absolute(__FILE__).parent_path().parent_path().parent_path();
  return root.parent_path() / "shared" / "vectors";
}

// What that parser takes and `strictness::strict` does not.
const std::map<std::string, std::string> refused{
    // Recipients differ in what they make of a folded value, and so in where a message ends.
    {"pico-resp-3", "line_folding at byte 32"},
    // LF alone ends a line for some recipients and not for others.
    {"pico-resp-15", "bare_lf at byte 15"},
    {"pico-chunk-11", "bare_lf at byte 66"},
    {"pico-chunk-12", "bare_lf at byte 75"},
    // RFC 9112, 4 has a single space between the version and the status code.
    {"pico-resp-28", "invalid_status_code at byte 9"},
};

// That parser refuses LF alone in the lines of chunks. Here it is taken, and the end is missing.
const std::set<std::string> incomplete{"pico-chunkfail-4", "pico-chunkfail-5", "pico-chunkfail-6",
                                       "pico-chunkfail-7", "pico-chunkfail-8"};

}  // namespace

TEST_CASE("picohttpparser's responses are read alike, but for what is too lenient") {
  const auto path = vectors() / "http1_pico.jsonl";
  std::ifstream file(path);
  if (!file) SKIP("no vectors at " << path << "; COHTTPS_VECTORS names their folder");
  std::size_t lines = 0;
  for (std::string line; std::getline(file, line); ++lines) {
    const auto vector = nlohmann::json::parse(line);
    const auto id = vector.at("id").get<std::string>();
    const auto bytes = support::base64_decode(vector.at("raw_b64").get<std::string>()).value();
    CAPTURE(id, ascii::printable(bytes, 200));
    if (const auto known = refused.find(id); known != refused.end())
      CHECK(read_in_every_split(bytes).why() == known->second);
    const transcript seen =
        read_in_every_split(bytes, method::get, {}, cohttps::strictness::lenient);
    if (incomplete.contains(id)) {
      CHECK(seen.failure->category() == error_category::peer_closed);
      continue;
    }
    const std::string outcome = !seen.failure ? "ok"
                                : seen.failure->category() == error_category::peer_closed
                                    ? "incomplete"
                                    : "error";
    CHECK(outcome == vector.at("expect").get<std::string>());
    if (vector.contains("body_b64")) {
      REQUIRE(seen.messages.size() == 1);
      CHECK(support::base64_encode(seen.messages[0].body) ==
            vector.at("body_b64").get<std::string>());
    }
  }
  CHECK(lines > 0);
}

TEST_CASE("base64 is that of RFC 4648, 10") {
  const std::map<std::string, std::string> rows{
      {"", ""},        {"f", "Zg=="},        {"fo", "Zm8="},
      {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : rows) {
    CHECK(support::base64_encode(bytes) == text);
    CHECK(support::base64_decode(text) == bytes);
  }
  for (const auto bad : {"Z", "Zg=", "Zg==Zg==", "Z===", "Zm9*", "Zg=a"})
    CHECK(support::base64_decode(bad) == std::nullopt);
}
