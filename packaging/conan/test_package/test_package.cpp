// Without a network: nobody listens on that port, and the error says so.
#include <cohttps/cohttps.hpp>

cohttps::task<bool> refused() {
  cohttps::client client;
  auto response = co_await client.try_get("https://localhost:1/");
  co_return !response && response.error().category() == cohttps::error_category::connect;
}

int main() { return cohttps::run(refused()) ? 0 : 1; }
