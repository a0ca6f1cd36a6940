// Asks services how they are, all at the same time: `health_check URL...`
//
// Prints the status, the time to the first byte, and the days until the certificate expires. The
// exit code is 1 if a service fails or its certificate expires within two weeks.
#include "example.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace {

using namespace cohttps;
using namespace std::chrono_literals;

struct verdict {
  bool healthy = false;
  std::string text;
};

task<verdict> check(client& from, std::string address) {
  auto answered = co_await from.try_get(address, {.timeout = 5s});
  if (!answered) co_return verdict{false, answered.error().what()};
  const auto wait =
      std::chrono::duration_cast<std::chrono::milliseconds>(answered->timings().first_byte);
  verdict found{answered->ok(),
                std::to_string(answered->status()) + ", " + std::to_string(wait.count()) + " ms"};
  if (const auto& tls = answered->connection().tls) {
    const auto left = tls->peer_chain.front().valid_until - std::chrono::system_clock::now();
    const auto days = std::chrono::floor<std::chrono::days>(left).count();
    found.healthy = found.healthy && days >= 14;
    found.text += ", " + tls->protocol + ", certificate for " + std::to_string(days) + " days";
  }
  co_return found;
}

task<int> check_all(std::vector<std::string> addresses) {
  client from(example::options());
  std::vector<task<verdict>> checks;
  for (const auto& address : addresses) checks.push_back(check(from, address));
  const auto verdicts = co_await when_all(std::move(checks));
  bool healthy = true;
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    std::cout << (verdicts[i].healthy ? "ok    " : "FAIL  ") << addresses[i] << "  "
              << verdicts[i].text << '\n';
    healthy = healthy && verdicts[i].healthy;
  }
  co_return healthy ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return example::usage("health_check URL...");
  return example::run(check_all({argv + 1, argv + argc}));
}
