// Frames of a server, given in pieces: the same events and the same failure as in one piece.
#include <cohttps/websocket/reader.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <span>
#include <string>

using namespace cohttps;

namespace {

std::string events_of(std::span<const std::byte> bytes, std::size_t split, bool compressed) {
  std::optional<websocket::compression_parameters> agreed;
  if (compressed && websocket::has_compression) agreed.emplace();
  websocket::reader reader(100'000, agreed);
  std::string out;
  while (!bytes.empty()) {
    auto in = bytes.first(std::min(split, bytes.size()));
    bytes = bytes.subspan(in.size());
    while (true) {
      const auto event = reader.next(in);
      using kind = websocket::reader::kind;
      if (!event || event->what == kind::close) {
        out += (event ? "close " : "!") + std::to_string(reader.close_code());
        return out;
      }
      if (event->what == kind::need_more) break;
      if (event->what != kind::data) out += event->what == kind::ping ? "[ping]" : "[pong]";
      if (event->first) out += event->text ? "[text]" : "[binary]";
      out.append(reinterpret_cast<const char*>(event->data.data()), event->data.size());
      if (event->last) out += "[end]";
    }
    if (!in.empty()) std::abort();  // bytes that nobody took
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const bool compressed = data[0] & 1;
  const std::size_t split = 1 + data[1] % 64;
  const auto bytes = std::as_bytes(std::span(data + 2, size - 2));
  const std::string whole = events_of(bytes, size, compressed);
  const std::string pieces = events_of(bytes, split, compressed);
  // A message that is refused may have come further in pieces. What it is refused with is the same.
  const auto refusal = [](const std::string& s) {
    const auto at = s.rfind('!');
    return at == s.npos ? s : s.substr(at);
  };
  if (refusal(whole) != refusal(pieces)) std::abort();
  return 0;
}
