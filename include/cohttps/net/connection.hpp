// A connection to an origin, as the pool keeps it.
#pragma once

#include <cohttps/net/connection_info.hpp>
#include <cohttps/net/http1_connection.hpp>

#include <cstddef>
#include <memory>
#include <utility>

namespace cohttps::net {

template <transport Transport>
struct connection {
  connection(http1_connection<Transport> over, std::shared_ptr<const connection_info> about)
      : http(std::move(over)), info(std::move(about)) {}
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;
  ~connection() { http.close(); }

  /// False when the peer has closed the idle connection, or has spoken unasked.
  bool usable() noexcept { return http.usable(); }

  http1_connection<Transport> http;
  std::shared_ptr<const connection_info> info;  // shared with the responses
  std::size_t exchanges = 0;                    // complete ones
};

}  // namespace cohttps::net
