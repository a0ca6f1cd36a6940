// A WebSocket client for a server of test cases: `websocket_driver URL [AGENT]`.
//
// Asks URL/getCaseCount for the number of cases, echoes all messages of URL/runCase?case=N&agent=A
// for each, and asks URL/updateReports?agent=A for the report.
#include <cohttps/cohttps.hpp>
#include <cohttps/websocket.hpp>

#include <cstdlib>
#include <iostream>
#include <string>

using namespace std::chrono_literals;

namespace {

cohttps::websocket_options options() {
  return {.request = {.timeout = 30s}, .max_message = 256 * 1024 * 1024, .close_timeout = 2s};
}

cohttps::task<int> count_cases(cohttps::client& client, std::string url) {
  const auto how = options();
  auto socket = co_await client.websocket(url + "/getCaseCount", how);
  auto message = co_await socket.receive();
  const int count = message ? std::atoi(std::string(message->text()).c_str()) : 0;
  co_await socket.close();
  co_return count;
}

cohttps::task<void> echo(cohttps::client& client, std::string url) {
  const auto how = options();
  auto socket = co_await client.websocket(url, how);
  while (true) {
    const auto message = co_await socket.receive();
    if (!message) break;
    if (message->is_text)
      co_await socket.send(message->text());
    else
      co_await socket.send(message->data);
  }
}

cohttps::task<int> run_all(std::string url, std::string agent) {
  cohttps::client client({.allow_plaintext = true});
  const int count = co_await count_cases(client, url);
  for (int i = 1; i <= count; ++i) {
    try {
      co_await echo(client, url + "/runCase?case=" + std::to_string(i) + "&agent=" + agent);
      std::cout << "case " << i << ": closed\n";
    } catch (const cohttps::error& e) {
      std::cout << "case " << i << ": " << e.what() << '\n';
    }
  }
  const auto how = options();
  auto socket = co_await client.websocket(url + "/updateReports?agent=" + agent, how);
  co_await socket.close();
  co_return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3) {
    std::cerr << "usage: websocket_driver URL [AGENT]\n";
    return 2;
  }
  std::string url = argv[1];
  while (url.ends_with('/')) url.pop_back();
  try {
    return cohttps::run(run_all(url, argc > 2 ? argv[2] : "cohttps"));
  } catch (const cohttps::error& e) {
    std::cerr << "websocket_driver: " << e.what() << '\n';
    return 1;
  }
}
