// Connections that wait for their next exchange.
#pragma once

#include <cohttps/net/connection.hpp>
#include <cohttps/pool/options.hpp>
#include <cohttps/url/origin.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace cohttps::pool {

/// One list of all, the longest idle in front: what is too old or too many is at the front, and the
/// connection used last is used next, so that the others can grow old.
template <transport Transport>
class idle_pool {
 public:
  using connection_ptr = std::unique_ptr<net::connection<Transport>>;

  explicit idle_pool(const options& bounds) noexcept : options_(bounds) {}

  /// A connection to `to` that is alive as far as can be seen from here; or null.
  connection_ptr take(const origin& to, time_point now) {
    drop_old(now);
    for (std::size_t i = idle_.size(); i-- > 0;) {
      if (idle_[i].to != to) continue;
      connection_ptr found = std::move(idle_[i].connection);
      erase(i);
      if (found->http.idle()) return found;
    }
    return nullptr;
  }

  void give_back(const origin& to, connection_ptr connection, time_point now) {
    drop_old(now);
    if (options_.idle_per_host == 0 || options_.idle == 0) return;
    const auto same = [&](const entry& e) { return e.to == to; };
    if (static_cast<std::size_t>(std::ranges::count_if(idle_, same)) >= options_.idle_per_host)
      idle_.erase(std::ranges::find_if(idle_, same));
    if (idle_.size() >= options_.idle) erase(0);
    connection->idle_since = now;
    idle_.push_back({to, std::move(connection)});
  }

  void clear() noexcept { idle_.clear(); }

  std::size_t size() const noexcept { return idle_.size(); }

 private:
  struct entry {
    origin to;
    connection_ptr connection;
  };

  void drop_old(time_point now) {
    std::size_t old = 0;
    while (old < idle_.size() && now - idle_[old].connection->idle_since >= options_.idle_timeout)
      ++old;
    idle_.erase(idle_.begin(), idle_.begin() + static_cast<std::ptrdiff_t>(old));
  }
  void erase(std::size_t i) { idle_.erase(idle_.begin() + static_cast<std::ptrdiff_t>(i)); }

  options options_;
  std::vector<entry> idle_;
};

}  // namespace cohttps::pool
