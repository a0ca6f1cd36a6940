// Reads {"method", "uri", "username", "password", "challenge": [...], "cnonce", "nc", "body_b64"}
// as JSON, one object a line: a request that was answered with these WWW-Authenticate fields.
// Writes
// {"authorization"}: the value of its Authorization field, or {"error"}. "nc" is how often the
// nonce was used with this answer (1): a number, or eight hexadecimal digits.
#include <cohttps/http/auth/challenge.hpp>
#include <cohttps/http/auth/digest.hpp>
#include <cohttps/tls/hash.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <exception>
#include <iostream>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <string>
#include <support/base64.hpp>
#include <vector>

namespace {

using nlohmann::json;

unsigned long count_of(const json& question) {
  if (!question.contains("nc")) return 1;
  const json& nc = question["nc"];
  const auto count =
      nc.is_string() ? std::stoul(nc.get<std::string>(), nullptr, 16) : nc.get<unsigned long>();
  if (count < 1 || count > 1'000'000) throw std::out_of_range("nc is not 1 to 1000000");
  return count;
}

json answer(const std::string& line) {
  const json question = json::parse(line);
  const auto text = [&](const char* name) { return question.value(name, std::string()); };
  const auto body = support::base64_decode(text("body_b64"));
  if (!body) return {{"error", "body_b64 is not base64"}};

  std::vector<cohttps::challenge> challenges;
  for (const json& value : question.at("challenge")) {
    auto parsed = cohttps::parse_challenges(value.get<std::string>());
    std::ranges::move(parsed, std::back_inserter(challenges));
  }
  auto digest = cohttps::digest::choose(challenges, cohttps::tls::hashes());
  if (!digest) return {{"error", "no challenge is one of Digest that can be answered"}};

  const std::string username = text("username"), password = text("password"),
                    method = question.value("method", "GET"), target = question.value("uri", "/"),
                    cnonce = text("cnonce");
  std::string value;
  for (auto count = count_of(question); count > 0; --count) {
    auto answered = digest->answer({username, password, method, target, *body, cnonce});
    if (!answered) return {{"error", answered.error().message()}};
    value = *std::move(answered);
  }
  return {{"authorization", value}};
}

}  // namespace

int main() {
  std::ios::sync_with_stdio(false);
  for (std::string line; std::getline(std::cin, line);) {
    json reply;
    try {
      reply = answer(line);
    } catch (const std::exception& e) {
      reply = {{"error", std::string("the line cannot be used: ") + e.what()}};
    }
    std::cout << reply.dump(-1, ' ', false, json::error_handler_t::replace) << '\n' << std::flush;
  }
}
