// The response parser on any bytes: the same answer for every split, no read beyond what it is
// given, no more consumed than that, and progress. Build with -fsanitize=fuzzer,address,undefined.
#include <cstdint>
#include <cstdlib>
#include <http1/transcript.hpp>
#include <string_view>
#include <vector>

using namespace cohttps;

namespace {

const method methods[] = {method::get, method::head, method::connect, method::post};

// Each call sees a block of exactly its bytes, so that the address sanitizer finds a read past it.
void walk_exact(std::string_view bytes, const method& request, const http1::limits& bounds,
                strictness how) {
  http1::response_parser parser(bounds, how);
  parser.start(request);
  std::size_t at = 0;
  for (std::size_t end = 0; end <= bytes.size(); ++end) {
    for (int idle = 0;;) {
      const std::vector<char> block(bytes.begin() + static_cast<std::ptrdiff_t>(at),
                                    bytes.begin() + static_cast<std::ptrdiff_t>(end));
      const auto step = parser.parse(std::as_bytes(std::span(block)));
      if (!step) return;
      if (step->consumed > block.size()) std::abort();
      at += step->consumed;
      using event = http1::response_parser::event;
      if (step->what == event::need_more) break;
      if (step->what == event::complete) return;
      if (step->consumed == 0 && ++idle > 1) std::abort();
    }
  }
}

// A parser that refuses everything would pass all of the above.
const bool reads_a_response = [] {
  const auto seen = http1::replay().run("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 1);
  if (seen.failure || seen.messages.size() != 1 || seen.messages[0].body != "ok") std::abort();
  return true;
}();

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 4 || !reads_a_response) return 0;
  const method& request = methods[data[0] % 4];
  http1::limits bounds;
  if (data[0] & 4)
    bounds = {.head = 96,
              .fields = 3,
              .interim = 2,
              .chunk_line = 12,
              .chunk_extensions = 8,
              .trailers = 40,
              .trailer_fields = 2};
  const auto how = data[0] & 8 ? strictness::strict : strictness::lenient;
  const std::size_t piece = data[1] % 32u + 1;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 3, size - 3);
  const std::size_t cut = data[2] % (bytes.size() + 1);

  const std::string whole = http1::replay(request, bounds, how).run(bytes, 0).text();
  if (http1::replay(request, bounds, how).run(bytes, 1).text() != whole) std::abort();
  if (http1::replay(request, bounds, how).run(bytes, piece).text() != whole) std::abort();
  if (http1::replay(request, bounds, how).run(bytes, std::vector{cut}).text() != whole)
    std::abort();
  // What is read strictly is read the same way leniently.
  const auto strictly = http1::replay(request, bounds, strictness::strict).run(bytes, 0);
  if (!strictly.failure &&
      http1::replay(request, bounds, strictness::lenient).run(bytes, 0).text() != strictly.text())
    std::abort();
  if (size < 600) walk_exact(bytes, request, bounds, how);
  return 0;
}
