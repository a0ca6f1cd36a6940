// Hosts that want https alone, seen from a client.
#pragma once

#include <chrono>
#include <string_view>

namespace cohttps {

/// Tells a client which hosts want https alone. `hsts_list` is one.
///
/// Threads: the clients that share it may call it at the same time.
class hsts_policy {
 public:
  using time_point = std::chrono::system_clock::time_point;

  hsts_policy() = default;
  hsts_policy(const hsts_policy&) = delete;
  hsts_policy& operator=(const hsts_policy&) = delete;
  virtual ~hsts_policy() = default;

  /// True when http URLs of this host mean https (RFC 6797, 8.3).
  virtual bool requires_https(std::string_view host, time_point now) = 0;
  /// The host sent a field Strict-Transport-Security over a connection that was verified.
  virtual void learn(std::string_view host, std::string_view field, time_point now) = 0;
};

}  // namespace cohttps
