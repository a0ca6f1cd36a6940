// What a first program looks like: tools/check watches how long it takes to compile.
#include <cohttps/cohttps.hpp>

#include <iostream>

cohttps::task<void> example() {
  cohttps::client client;
  auto response = co_await client.get("https://example.com/");
  std::cout << response.status() << ' ' << response.text();
}

int main() { cohttps::run(example()); }
