// Two engines, one with the record layer and one with Botan's, and a server's records by chance:
// they have to make the same of them.
#include "tls/record_script.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

using namespace cohttps::testing;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::size_t at = 0;
  const auto byte = [&]() -> std::size_t { return at < size ? data[at++] : 0; };
  static const std::string ciphers[] = {"AES-128/GCM", "AES-256/GCM", "ChaCha20Poly1305"};
  const std::string& cipher = ciphers[byte() % 3];
  const std::size_t cuts = byte();
  const bool client_first = cuts % 2;
  std::vector<record_step> steps;
  while (at < size && steps.size() < 24) {
    const std::size_t what = byte();
    record_step step;
    step.what = static_cast<record_step::kind>(what % (record_step::last_kind + 1));
    step.size = what & 0x80 ? byte() * 65 : byte();
    if (what & 0x40) step.padding = byte() * 3;
    if (what & 0x20) step.tamper = byte() << 8 | byte();
    steps.push_back(step);
  }
  const auto split = [&](std::size_t n) -> std::size_t {
    return cuts == 0 ? 1 << 20 : cuts + n * n % 1001;
  };
  if (run_script(steps, cipher, true, split, client_first) !=
      run_script(steps, cipher, false, split, client_first))
    std::abort();
  return 0;
}
