// Calls a partner that wants a client certificate, through the company's proxy:
//   partner CERTIFICATES KEY URL
//
// The proxy comes from the environment (https_proxy, no_proxy), the trust from CA_FILE, and
// KEY_PASSPHRASE is for a key that is encrypted. The proxy sees the host's name and the
// size of the traffic.
#include "example.hpp"

#include <cohttps/connect/proxy_rules.hpp>

#include <fstream>
#include <sstream>
#include <string>

namespace {

using namespace cohttps;

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot read " + path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

task<int> call(std::string certificates, std::string key, std::string address) {
  const char* passphrase = std::getenv("KEY_PASSPHRASE");
  const char* roots = std::getenv("CA_FILE");
  tls_options trust;
  trust.system_roots = !roots;
  trust.root_file = roots ? roots : "";
  trust.identity = {.certificate_pem = text_of(certificates),
                    .key_pem = text_of(key),
                    .passphrase = passphrase ? passphrase : ""};
  auto context = tls_context::create(trust);
  if (!context) throw context.error();
  auto proxies = proxy_rules::from_environment();
  if (!proxies) throw proxies.error();

  client partner({.tls = *context, .proxies = *proxies});
  auto response = co_await partner.get(address);
  const auto& made = response.connection();
  std::cerr << response.status() << (made.proxy.empty() ? ", direct" : ", through " + made.proxy)
            << ", " << made.tls->peer_chain.front().subject << '\n';
  std::cout << response.text();
  co_return response.ok() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return example::usage("partner CERTIFICATES KEY URL");
  return example::run(call(argv[1], argv[2], argv[3]));
}
