// libFuzzer target: any bytes as the field Alt-Svc, and as the text of alternative services.
#include <cohttps/http/alt_svc.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

using namespace cohttps;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::chrono::system_clock::time_point now{std::chrono::seconds(1'800'000'000)};
  if (const auto all = detail::parse_alt_svc(text))
    for (const auto& one : *all) {
      require(ascii::is_token(one.protocol) && one.port != 0);
      require(one.max_age.count() >= 0 && one.host.size() <= 255);
      require(one.host.find_first_of("/@?# \t\r\n") == one.host.npos);
    }
  alternative_services known;
  const origin from{"https", "example.com", 443};
  known.learn(from, text, now);
  // What is written is read as the same.
  alternative_services again;
  require(again.add(known.text(now)).has_value());
  require(again.find(from, now) == known.find(from, now));
  alternative_services any;
  (void)any.add(text);
  return 0;
}
