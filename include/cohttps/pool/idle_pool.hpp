// Connections that wait for their next exchange.
#pragma once

#include <cohttps/net/connection.hpp>
#include <cohttps/pool/options.hpp>
#include <cohttps/url/origin.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

namespace cohttps::pool {

/// Idle connections by origin. The one used last is used next, so that the others can grow old.
template <transport Transport>
class idle_pool {
 public:
  using connection_ptr = std::unique_ptr<net::connection<Transport>>;

  explicit idle_pool(const options& bounds) noexcept : options_(bounds) {}

  /// A connection to `to` that is alive as far as can be seen from here; or null.
  connection_ptr take(const origin& to, time_point now) {
    const auto found = idle_.find(to);
    if (found == idle_.end()) return nullptr;
    auto& waiting = found->second;
    while (!waiting.empty()) {
      connection_ptr last = std::move(waiting.back());
      waiting.pop_back();
      if (now - last->idle_since < options_.idle_timeout && last->http.idle()) return last;
    }
    idle_.erase(found);
    return nullptr;
  }

  void give_back(const origin& to, connection_ptr connection, time_point now) {
    if (options_.idle_per_host == 0) return;
    connection->idle_since = now;
    auto& waiting = idle_[to];
    std::erase_if(waiting, [&](const connection_ptr& c) {
      return now - c->idle_since >= options_.idle_timeout;
    });
    if (waiting.size() >= options_.idle_per_host) waiting.erase(waiting.begin());
    waiting.push_back(std::move(connection));
  }

  void clear() noexcept { idle_.clear(); }

  std::size_t size() const noexcept {
    std::size_t n = 0;
    for (const auto& [to, waiting] : idle_) n += waiting.size();
    return n;
  }

 private:
  options options_;
  std::unordered_map<origin, std::vector<connection_ptr>> idle_;
};

}  // namespace cohttps::pool
