// Sends an event to a webhook until it is taken: `webhook URL EVENT`
//
// The receiver knows the sender by a signature (HMAC-SHA-256 with WEBHOOK_SECRET of the
// environment), and a repetition by its Idempotency-Key. The program sends a
// lost or temporarily refused event again.
#include "example.hpp"

#include <cohttps/connection/observer.hpp>

#include <botan/hex.h>
#include <botan/mac.h>

#include <memory>
#include <string>

namespace {

using namespace cohttps;
using namespace std::chrono_literals;

std::string signature(const std::string& secret, const std::string& content) {
  const auto mac = Botan::MessageAuthenticationCode::create_or_throw("HMAC(SHA-256)");
  mac->set_key(reinterpret_cast<const std::uint8_t*>(secret.data()), secret.size());
  mac->update(content);
  return Botan::hex_encode(mac->final(), false);
}

struct attempts : observer {
  void on_retrying(const events::retrying& e) override {
    std::cerr << "attempt " << e.attempt << " after "
              << (e.why ? std::string(e.why->reason()) : std::to_string(e.status)) << '\n';
  }
};

task<int> send_event(std::string address, std::string event, std::string secret) {
  auto options = example::options();
  options.retry = {.attempts = 5, .first_delay = 100ms, .idempotency_key = true};
  options.timeouts.first_byte = 10s;
  options.max_redirects = 0;
  options.observers = {std::make_shared<attempts>()};
  client sender(std::move(options));

  auto hook = request::to(method::post, address);
  hook.content = content(event, "application/json");
  if (auto added = hook.headers.append("x-signature", "sha256=" + signature(secret, event)); !added)
    throw added.error();
  auto response = co_await sender.send(std::move(hook));
  std::cout << response.status() << ' ' << response.reason() << '\n';
  co_return response.ok() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  const char* secret = std::getenv("WEBHOOK_SECRET");
  if (argc != 3 || !secret) return example::usage("WEBHOOK_SECRET=... webhook URL EVENT");
  return example::run(send_event(argv[1], argv[2], secret));
}
