// Reads responses as the client's HTTP/1.1 parser does, for vectors by others.
//
// One JSON object a line in: {"raw_b64", "method" (GET), "split" (all at once)}. One a line out:
// {"messages": [{"version", "status", "reason", "headers", "trailers", "body_b64", "complete"}],
//  "error": null or why}. The bytes are those of one connection, which then ends. Interim responses
// are messages of their own; a message is listed once its head is whole. `replay` says what becomes
// of bytes after a response that ends the connection. Field values and reasons are read as Latin-1.
#include <nlohmann/json.hpp>

#include <http1/transcript.hpp>
#include <iostream>
#include <string>
#include <support/base64.hpp>

namespace {

using nlohmann::json;

std::string utf8_of_latin1(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) {
    const auto u = static_cast<unsigned char>(c);
    if (u < 0x80) {
      out += c;
    } else {
      out += static_cast<char>(0xc0 | u >> 6);
      out += static_cast<char>(0x80 | (u & 0x3f));
    }
  }
  return out;
}

json list(const cohttps::fields& all) {
  json out = json::array();
  for (const cohttps::field f : all)
    out.push_back({utf8_of_latin1(f.name), utf8_of_latin1(f.value)});
  return out;
}

json refuse(const std::string& why) { return {{"messages", json::array()}, {"error", why}}; }

json answer(const std::string& line) {
  const json question = json::parse(line);
  const auto bytes = support::base64_decode(question.at("raw_b64").get<std::string>());
  if (!bytes) return refuse("raw_b64 is not base64");
  const auto request = cohttps::method::parse(question.value("method", "GET"));
  if (!request) return refuse(request.error().message());

  cohttps::http1::replay replay(*request, {}, cohttps::strictness::lenient);
  const auto seen = replay.run(*bytes, question.value("split", std::size_t{0}));
  json messages = json::array();
  for (const auto& m : seen.messages)
    messages.push_back({{"version", "1." + std::to_string(m.head.version_minor)},
                        {"status", m.head.status},
                        {"reason", utf8_of_latin1(m.head.reason)},
                        {"headers", list(m.head.headers)},
                        {"trailers", list(m.trailers)},
                        {"body_b64", support::base64_encode(m.body)},
                        {"complete", m.complete}});
  return {{"messages", messages}, {"error", seen.failure ? json(seen.why()) : json(nullptr)}};
}

}  // namespace

int main() {
  std::ios::sync_with_stdio(false);
  for (std::string line; std::getline(std::cin, line);) {
    json out;
    try {
      out = answer(line);
    } catch (const std::exception& e) {
      out = refuse(std::string("the line cannot be used: ") + e.what());
    }
    // Whatever an exception quotes of the line, the answer is JSON.
    std::cout << out.dump(-1, ' ', false, json::error_handler_t::replace) << '\n' << std::flush;
  }
}
