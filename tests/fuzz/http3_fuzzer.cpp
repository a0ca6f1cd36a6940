// libFuzzer target: a server whose control stream and response are any bytes. The request ends,
// with a response or an error, before its limit of time.
#include "http3/http3_site.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

using namespace cohttps;
using namespace cohttps::testing;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const bool own_control = data[0] & 1, ends = data[0] & 2;
  std::string bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
  const std::size_t cut = own_control ? data[1] % (bytes.size() + 1) : 0;
  http3_site site;
  if (own_control) site.control_bytes = bytes.substr(0, cut);
  site.answer = [&](auto& to, std::int64_t id, const std::string&) {
    to.send(id, bytes.substr(cut), ends);
  };
  site.network.run([](http3_site& s) -> task<void> {
    client c(s.network.transport(), s.options());
    const auto started = s.network.loop().now();
    auto r = co_await c.try_get("https://example.com/", {.timeout = std::chrono::seconds(60)});
    if (s.network.loop().now() - started > std::chrono::seconds(61)) std::abort();
    if (!r && r.error().message().empty()) std::abort();
  }(site));
  return 0;
}
