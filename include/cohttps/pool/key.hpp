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
  const void* tls = nullptr;  ///< `tls_context::id`: whom we trust and who we are

  bool http1 = false;  ///< the origin wants HTTP/1.1 alone

  /// A connection may turn out to carry many requests (HTTP/2). Follows from the client's options
  /// and the rest, so it tells no keys apart.
  bool may_share = false;

  friend bool operator==(const key& a, const key& b) noexcept {
    return a.to == b.to && a.route == b.route && a.tls == b.tls && a.http1 == b.http1;
  }
};

struct key_hash {
  std::size_t operator()(const key& k) const noexcept {
    return std::hash<origin>()(k.to) ^ (std::hash<std::string>()(k.route) * 3);
  }
};

}  // namespace cohttps::pool
