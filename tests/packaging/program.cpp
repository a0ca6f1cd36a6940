// What the tests of the packages build and run: fetches a page through a Unix socket.
#include <cohttps/cohttps.hpp>

#include <iostream>

cohttps::task<void> fetch(std::string socket, std::string root_file) {
  cohttps::client_options options;
  options.unix_socket = socket;
  options.tls = cohttps::tls_context({.root_file = root_file});
  cohttps::client client(options);
  auto page = co_await client.get("https://example.com/");
  std::cout << COHTTPS_VERSION_STRING " " << page.status() << ' ' << page.text();
}

int main(int, char** argv) try {
  cohttps::run(fetch(argv[1], argv[2]));
} catch (const cohttps::error& e) {
  std::cerr << e.what() << '\n';
  return 1;
}
