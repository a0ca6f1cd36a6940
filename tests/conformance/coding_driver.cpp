// Reads {"coding", "raw_b64"} as JSON, one object a line: content with this Content-Encoding.
// Writes
// {"body_b64"}: the content decoded, or {"error"}. With "split" the input comes in pieces of so
// many bytes.
#include <cohttps/http/coding/coding.hpp>

#include <nlohmann/json.hpp>

#include <array>
#include <cstddef>
#include <exception>
#include <iostream>
#include <span>
#include <string>
#include <string_view>
#include <support/base64.hpp>

namespace {

using nlohmann::json;

json answer(const std::string& line) {
  const json question = json::parse(line);
  const auto bytes = support::base64_decode(question.at("raw_b64").get<std::string>());
  if (!bytes) return {{"error", "raw_b64 is not base64"}};
  const auto split = question.value("split", std::size_t{0});
  auto decoder = cohttps::content_decoder::create(question.value("coding", ""),
                                                  {.output = std::size_t{64} << 20});
  if (!decoder) return {{"error", decoder.error().message()}};

  std::string body;
  std::array<std::byte, 16 * 1024> out;
  for (std::string_view rest = *bytes; !rest.empty();) {
    const std::string_view piece = split == 0 ? rest : rest.substr(0, split);
    rest.remove_prefix(piece.size());
    for (auto in = std::as_bytes(std::span(piece));;) {
      const auto done = decoder->decode(in, out);
      if (!done) return {{"error", done.error().message()}};
      body.append(reinterpret_cast<const char*>(out.data()), done->produced);
      in = in.subspan(done->consumed);
      if (done->produced < out.size()) break;
    }
  }
  if (const auto ended = decoder->finish(); !ended) return {{"error", ended.error().message()}};
  return {{"body_b64", support::base64_encode(body)}};
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
