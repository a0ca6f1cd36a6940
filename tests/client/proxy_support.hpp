// A proxy in the network in memory.
#pragma once

#include <cohttps/task/when_all.hpp>
#include <cohttps/testing/memory_network.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohttps::testing {

/// An HTTP proxy: CONNECT makes a tunnel through the same network, or to TLS of its own first.
class connect_proxy {
 public:
  explicit connect_proxy(memory_network& network) : network_(network) {}

  std::vector<std::string> heads;  ///< as they came
  static constexpr std::string_view established = "HTTP/1.1 200 Connection established\r\n\r\n";
  std::string answer = std::string(established);

  memory_network::server server() {
    return [this](memory_stream s) { return serve(std::move(s)); };
  }

 private:
  static task<void> pump(memory_stream& from, memory_stream& to, bool& ended) {
    std::byte bytes[4096];
    while (!ended) {
      auto got = co_await from.read_some(bytes, {});
      if (!got || *got == 0) break;
      auto rest = std::span<const std::byte>(bytes).first(*got);
      while (!ended && !rest.empty()) {
        auto taken = co_await to.write_some(rest, {});
        if (!taken) break;
        rest = rest.subspan(*taken);
      }
      if (!rest.empty()) break;
    }
    if (std::exchange(ended, true)) co_return;
    to.close();
    from.close();
  }

  task<void> serve(memory_stream client) {
    std::string head;
    std::byte one[1];
    while (!head.ends_with("\r\n\r\n")) {
      auto got = co_await client.read_some(one, {});
      if (!got || *got == 0) co_return;
      head += static_cast<char>(one[0]);
    }
    heads.push_back(head);
    auto sent = co_await client.write_some(std::as_bytes(std::span(answer)), {});
    if (!sent || answer != established) co_return;
    const std::string target = head.substr(8, head.find(' ', 8) - 8);
    const auto colon = target.rfind(':');
    const auto port = static_cast<std::uint16_t>(std::stoi(target.substr(colon + 1)));
    auto network = network_.transport();
    auto addresses = co_await network.resolve(target.substr(0, colon), port, {});
    if (!addresses) co_return;
    auto far_end = co_await network.connect(addresses->front(), {});
    if (!far_end) co_return;
    bool ended = false;
    co_await when_all(pump(client, *far_end, ended), pump(*far_end, client, ended));
  }

  memory_network& network_;
};

}  // namespace cohttps::testing
