// A first program with cpp-httplib: one verified HTTPS GET that blocks.
#define CPPHTTPLIB_OPENSSL_SUPPORT
#include <httplib.h>
#include <iostream>

int main() {
  httplib::SSLClient client("example.com");
  client.enable_server_certificate_verification(true);
  if (const auto response = client.Get("/")) std::cout << response->status << ' ' << response->body;
}
