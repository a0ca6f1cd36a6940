// Echoes over WebSockets by cohttps, for benchmarks/peers/run.py: COUNT messages of 1 KiB over
// WIDTH connections.
#include "peer.hpp"

#include <cohttps/cohttps.hpp>
#include <cohttps/websocket.hpp>

#include <span>
#include <string>
#include <vector>

namespace {

using cohttps::task;

struct bench {
  const peers::work& to_do;
  peers::meter measured;
  std::size_t done = 0;
  std::vector<cohttps::websocket_stream> sockets = {};

  task<void> open(cohttps::client& client) {
    const std::string url = "wss://" + to_do.host + ":" + to_do.port + "/";
    auto socket = co_await client.websocket(
        url, {.compression = {.enabled = to_do.kind == "websocket-deflate"}});
    sockets.push_back(std::move(socket));
  }

  task<void> echo(cohttps::websocket_stream& socket, std::size_t& left) {
    const std::vector<std::byte> message(peers::small_size, std::byte{'x'});
    for (; left > 0; ++done) {
      --left;
      co_await socket.send(std::span<const std::byte>(message));
      const auto answer = co_await socket.receive();
      peers::require(answer && answer->data.size() == message.size(), "no echo");
    }
  }

  task<void> run() {
    cohttps::client client(
        {.tls = cohttps::tls_context({.system_roots = false, .root_file = to_do.authority}),
         .pool = {.per_host = to_do.width, .total = to_do.width}});
    std::vector<task<void>> all;
    for (std::size_t i = 0; i < to_do.width; ++i) all.push_back(open(client));
    co_await cohttps::when_all(std::move(all));
    for (const bool warm_up : {true, false}) {
      std::size_t left = warm_up ? to_do.width * 20 : to_do.count;
      done = 0;
      if (!warm_up) measured.begin();
      all.clear();
      for (auto& socket : sockets) all.push_back(echo(socket, left));
      co_await cohttps::when_all(std::move(all));
    }
    measured.end();
    for (auto& socket : sockets) co_await socket.close();
    sockets.clear();  // before the loop ends
  }
};

}  // namespace

int main(int argc, char** argv) {
  return peers::run(argc, argv, [](const peers::work& to_do) {
    bench b{to_do, {}};
    cohttps::run(b.run());
    b.measured.tell(b.done, b.done * peers::small_size);
  });
}
