// A WebSocket on the console: `websocket_chat wss://HOST/PATH`
//
// Sends each line that is typed, and prints each message that comes. The WebSocket is on the thread
// of a blocking client, so that reading from the console may wait.
#include "example.hpp"

#include <cohttps/blocking.hpp>
#include <cohttps/websocket.hpp>

#include <latch>
#include <string>
#include <thread>

namespace {

using namespace cohttps;
using namespace std::chrono_literals;

/// Receives before the first line is sent, because `close` takes the messages itself when nobody
/// receives.
task<void> print_all(websocket_stream& from, std::latch& began) {
  began.count_down();
  while (auto message = co_await from.receive())
    std::cout << (message->is_text ? message->text() : "(bytes)") << std::endl;
}

/// Destroys a WebSocket on the thread of its client.
task<void> end(websocket_stream opened) {
  const auto ended = std::move(opened);
  co_return;
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 2) return example::usage("websocket_chat wss://HOST/PATH");
  blocking::client client(example::options());
  auto socket = client.wait(client.on_loop().websocket(argv[1], {.ping_interval = 30s}));
  std::latch began(1);
  std::thread reader([&] {
    try {
      client.wait(print_all(socket, began));
    } catch (const std::exception& e) {
      std::cerr << "the connection is lost: " << e.what() << '\n';
    }
  });
  began.wait();
  int code = 0;
  try {
    for (std::string line; std::getline(std::cin, line);) client.wait(socket.send(line));
    client.wait(socket.close());
  } catch (const error& e) {
    std::cerr << e.what() << '\n';
    code = 1;
  }
  reader.join();
  client.wait(end(std::move(socket)));
  return code;
} catch (const cohttps::error& e) {
  std::cerr << e.what() << '\n';
  return 1;
}
