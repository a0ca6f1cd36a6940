// Fetches many URLs at the same time: `parallel URL...`
#include <cohttps/cohttps.hpp>

#include <iostream>
#include <vector>

namespace {

cohttps::task<void> fetch(cohttps::client& client, std::string url) {
  auto response = co_await client.try_get(url);
  if (response)
    std::cout << response->status() << ' ' << response->bytes().size() << " bytes  " << url << '\n';
  else
    std::cout << "failed: " << response.error().what() << '\n';
}

cohttps::task<void> fetch_all(std::vector<std::string> urls) {
  cohttps::client client;
  std::vector<cohttps::task<void>> fetches;
  for (auto& url : urls) fetches.push_back(fetch(client, std::move(url)));
  co_await cohttps::when_all(std::move(fetches));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::cerr << "usage: parallel URL...\n";
    return 2;
  }
  cohttps::run(fetch_all({argv + 1, argv + argc}));
}
