// libFuzzer target: a stream of server-sent events, in one piece, in pieces and byte by byte, gives
// the events that a plain reading of WHATWG HTML, 9.2.6, gives.
#include <cohttps/http/content/charset.hpp>
#include <cohttps/http/content/event_stream.hpp>
#include <cohttps/url/utf8.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

using namespace cohttps;
using cohttps::detail::from_utf8;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

struct outcome {
  std::vector<std::string> events;  // type, data and id of each
  std::string last_id;
  std::optional<std::uint64_t> retry;
  bool operator==(const outcome&) const = default;
};

/// Line by line, as the standard words it.
outcome read_plainly(std::string_view bytes) {
  outcome out;
  if (bytes.starts_with("\xef\xbb\xbf")) bytes.remove_prefix(3);
  std::string data, type, id;
  while (true) {
    const auto end = bytes.find_first_of("\r\n");
    if (end == bytes.npos) return out;  // an incomplete line, and an event without its empty line
    const std::string_view line = bytes.substr(0, end);
    bytes.remove_prefix(bytes.substr(end).starts_with("\r\n") ? end + 2 : end + 1);
    if (line.empty()) {
      out.last_id = id;
      if (!data.empty()) {
        data.pop_back();
        out.events.push_back((type.empty() ? "message" : from_utf8(type)) + '\0' + from_utf8(data) +
                             '\0' + id);
      }
      data.clear();
      type.clear();
      continue;
    }
    const auto colon = line.find(':');
    const std::string_view name = line.substr(0, colon);
    std::string_view value = colon == line.npos ? "" : line.substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
    if (name == "data") data.append(value) += '\n';
    if (name == "event") type = value;
    if (name == "id" && value.find('\0') == value.npos) id = from_utf8(value);
    if (name == "retry" && !value.empty() &&
        std::ranges::all_of(value, [](char c) { return c >= '0' && c <= '9'; })) {
      // More milliseconds than 32 bits have are no time.
      std::uint64_t time = 0;
      for (const char c : value)
        time = std::min(time * 10 + static_cast<std::uint64_t>(c - '0'), std::uint64_t{1} << 33);
      if (time <= UINT32_MAX) out.retry = time;
    }
  }
}

outcome read_pieces(std::span<const std::byte> bytes, std::size_t size) {
  event_stream_parser parser;
  outcome out;
  while (!bytes.empty()) {
    auto in = bytes.first(std::min(size, bytes.size()));
    bytes = bytes.subspan(in.size());
    while (true) {
      const auto event = parser.next(in);
      require(event.has_value());
      if (!*event) break;
      for (const auto part : {(*event)->type, (*event)->data, (*event)->id})
        require(detail::decode_utf8(part).has_value());
      out.events.push_back(std::string((*event)->type) + '\0' + std::string((*event)->data) + '\0' +
                           std::string((*event)->id));
      require((*event)->id == parser.last_event_id());
    }
    require(in.empty());
  }
  out.last_id = parser.last_event_id();
  if (parser.retry()) out.retry = static_cast<std::uint64_t>(parser.retry()->count());
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t split = 1 + data[0] % 64;
  const auto bytes = std::as_bytes(std::span(data + 1, size - 1));
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);

  const outcome expected = read_plainly(text);
  require(read_pieces(bytes, size) == expected);
  require(read_pieces(bytes, split) == expected);
  require(read_pieces(bytes, 1) == expected);

  // With a limit it fails or gives no event that is larger.
  event_stream_parser limited(split);
  for (auto in = bytes; !in.empty();) {
    const auto event = limited.next(in);
    if (!event) break;
    if (*event) require((*event)->data.size() <= 3 * split);  // U+FFFD has three bytes
  }
  return 0;
}
