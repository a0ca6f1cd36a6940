// Reads {"body_b64"} or {"chunks": [...]} as JSON, one object a line: a stream of events, whole or
// in pieces. The pieces are Base64, or text where one of them cannot be Base64, or sizes of pieces
// of "body_b64". Writes one object a line:
// {"events": [{"event", "data", "id"}], "last_event_id", "retry"}, or {"error"}.
#include "support/base64.hpp"

#include <cohttps/http/content/event_stream.hpp>

#include <nlohmann/json.hpp>

#include <cstddef>
#include <iostream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

using namespace cohttps;
using nlohmann::json;

namespace {

std::string decoded(const std::string& text) {
  const auto bytes = support::base64_decode(text);
  if (!bytes) throw std::runtime_error("not base64: " + text);
  return {bytes->begin(), bytes->end()};
}

std::vector<std::string> pieces_of(const json& question) {
  std::vector<std::string> pieces;
  if (question.contains("body_b64")) pieces.push_back(decoded(question.at("body_b64")));
  if (!question.contains("chunks")) return pieces;
  const auto& chunks = question.at("chunks");
  if (!pieces.empty()) {
    const std::string whole = pieces.front();
    pieces.clear();
    std::size_t at = 0;
    for (const auto& size : chunks) {
      pieces.push_back(whole.substr(std::min(at, whole.size()), size.get<std::size_t>()));
      at += size.get<std::size_t>();
    }
    if (at < whole.size()) pieces.push_back(whole.substr(at));
    return pieces;
  }
  bool all_base64 = true;
  for (const auto& chunk : chunks)
    all_base64 = all_base64 && support::base64_decode(chunk.get<std::string>()).has_value();
  for (const auto& chunk : chunks) {
    const auto text = chunk.get<std::string>();
    pieces.push_back(all_base64 ? decoded(text) : text);
  }
  return pieces;
}

json answer(const json& question) {
  event_stream_parser parser;
  json events = json::array();
  for (const std::string& piece : pieces_of(question)) {
    auto in = std::as_bytes(std::span(piece));
    while (!in.empty()) {
      const auto event = parser.next(in);
      if (!event) return {{"error", event.error().reason()}};
      if (!*event) break;
      events.push_back({{"event", (*event)->type},
                        {"type", (*event)->type},
                        {"data", (*event)->data},
                        {"id", (*event)->id}});
    }
  }
  json out{{"events", events}, {"last_event_id", parser.last_event_id()}};
  if (parser.retry()) out["retry"] = parser.retry()->count();
  return out;
}

}  // namespace

int main() {
  for (std::string line; std::getline(std::cin, line);) {
    if (line.empty()) continue;
    json out;
    try {
      out = answer(json::parse(line));
    } catch (const std::exception& e) {
      out = {{"error", e.what()}};
    }
    std::cout << out.dump(-1, ' ', false, json::error_handler_t::replace) << std::endl;
  }
}
