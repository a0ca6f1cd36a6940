// Fetches from a service of AWS, or one that signs as AWS does:
//   AWS_ACCESS_KEY_ID=... AWS_SECRET_ACCESS_KEY=... sigv4 REGION SERVICE URL
#include "sigv4.hpp"

#include <cohttps/cohttps.hpp>

#include <cstdlib>
#include <iostream>
#include <string>

namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

cohttps::task<int> fetch(sigv4 signer, std::string url) {
  cohttps::client client;
  const auto who = cohttps::credentials::signature(std::move(signer));
  auto response = co_await client.get(url, {.credentials = &who});
  std::cout << response.text();
  co_return response.ok() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 4) {
    std::cerr
        << "usage: AWS_ACCESS_KEY_ID=... AWS_SECRET_ACCESS_KEY=... sigv4 REGION SERVICE URL\n";
    return 2;
  }
  sigv4 signer{.access_key = variable("AWS_ACCESS_KEY_ID"),
               .secret_key = variable("AWS_SECRET_ACCESS_KEY"),
               .session_token = variable("AWS_SESSION_TOKEN"),
               .region = argv[1],
               .service = argv[2]};
  if (signer.access_key.empty() || signer.secret_key.empty()) {
    std::cerr << "sigv4: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY\n";
    return 2;
  }
  return cohttps::run(fetch(std::move(signer), argv[3]));
} catch (const cohttps::error& e) {
  std::cerr << "sigv4: " << e.what() << '\n';
  return 1;
}
