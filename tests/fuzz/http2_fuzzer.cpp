// The HTTP/2 session on any bytes of a server: the same outcome however they are split, bounded
// memory, no stream that is told nothing. Build with -fsanitize=fuzzer,address,undefined.
#include <cohttps/http2/session.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <string>

using namespace cohttps;

namespace {

const fields headers{{"host", "h"}};

/// What three requests, one of them with content, have come to.
std::string run(std::span<const std::byte> bytes, std::size_t piece, bool reads) {
  http2::limits bounds;
  bounds.window = 65'535;
  bounds.largest_window = 200'000;
  std::deque<http2::stream> streams(3);
  http2::session session(bounds);
  static constexpr std::array<std::byte, 3000> content{};
  for (http2::stream& s : streams) {
    const bool posts = &s == &streams[1];
    if (!session.open(s, {posts ? method::post : method::get, "https", "/", headers,
                          posts ? content.size() : 0, posts}))
      std::abort();
    if (posts) s.give_content(content, true);
  }
  std::string outcome;
  std::array<std::uint64_t, 3> taken{};
  while (!bytes.empty()) {
    const auto part = bytes.first(std::min(piece, bytes.size()));
    bytes = bytes.subspan(part.size());
    auto received = session.receive(part, {});
    session.outgoing().clear();
    for (std::size_t i = 0; reads && i < streams.size(); ++i)
      while (streams[i].has_content()) taken[i] += streams[i].take_content().size();
    if (!received) {
      outcome += received.error().reason();
      outcome += ';';
      break;
    }
  }
  const bool over = session.failure().has_value();
  while (session.next_changed()) continue;
  for (std::size_t i = 0; i < streams.size(); ++i) {
    http2::stream& s = streams[i];
    if (over && !s.ended() && !s.failure()) std::abort();
    if (s.received() > 200'000 + 16'384 && !reads) std::abort();
    if (reads && taken[i] != s.received()) std::abort();
    if (s.failure()) outcome += s.failure()->reason();
    outcome += s.ended() ? "+" : "-";
    outcome += std::to_string(s.status()) + " ";
  }
  if (session.open_streams() > 3) std::abort();
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const bool reads = data[0] & 1;
  const bool greets = data[0] & 2;
  std::string bytes;
  if (greets) bytes.assign("\0\0\0\4\0\0\0\0\0", 9);
  bytes.append(reinterpret_cast<const char*>(data) + 2, size - 2);
  const auto all = std::as_bytes(std::span(bytes));
  const std::string whole = run(all, SIZE_MAX, reads);
  // An error of a stream may be told later or earlier than the connection's, which comes with the
  // bytes: only what the connection comes to has to be the same.
  const auto connection = [](const std::string& outcome) {
    return outcome.substr(0, outcome.find(';') + 1);
  };
  if (connection(run(all, 1, reads)) != connection(whole)) std::abort();
  (void)run(all, data[1] % 64u + 1, !reads);
  return 0;
}
