// Which requests may share a connection.
#pragma once

#include <cohttps/url/origin.hpp>

#include <cstddef>
#include <functional>
#include <string>

namespace cohttps::pool {

/// Requests with equal keys: same origin, same way there, same trust and identity. A connection is
/// never shared between different ones.
struct key {
  origin to;
  std::string route = {};     ///< the proxy with its credentials, or a Unix socket; empty: directly
  const void* tls = nullptr;  ///< the `tls_context`'s state: whom we trust and who we are

  bool http1 = false;  ///< the origin wants HTTP/1.1 alone

  friend bool operator==(const key&, const key&) = default;
};

struct key_hash {
  std::size_t operator()(const key& k) const noexcept {
    return std::hash<origin>()(k.to) ^ (std::hash<std::string>()(k.route) * 3);
  }
};

}  // namespace cohttps::pool
