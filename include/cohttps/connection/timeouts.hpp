// The limits of time for the phases of a request.
#pragma once

#include <cohttps/connection/phase_limits.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/time_limit.hpp>

#include <chrono>
#include <optional>

namespace cohttps {

/// How long each phase of a request may last without progress. An empty member means no limit.
struct timeouts {
  /// For the wait for a free connection.
  time_limit queue = {};
  /// For the look-up of the name, again for connecting, and again for a tunnel through a proxy.
  time_limit connect = std::chrono::seconds(10);
  /// For the TLS handshake.
  time_limit tls = std::chrono::seconds(10);
  /// Until the first byte of the response arrives; empty: the same as `idle`.
  time_limit first_byte = {};
  /// Between two transfers of bytes.
  time_limit idle = std::chrono::seconds(30);

  /// The lowest rate of the transfer. A peer that sends only a few bytes at a time then fails like
  /// a silent one. It does not apply to the content of a stream, whose source may be slow, unless
  /// the request sets a rate.
  std::optional<cohttps::minimum_rate> minimum_rate =
      cohttps::minimum_rate{1024, std::chrono::seconds(30)};
};

namespace detail {

/// Returns the limit of a phase that comes before the request is sent.
inline std::optional<std::chrono::nanoseconds> limit_of(const timeouts& all, phase p) noexcept {
  if (p == phase::queue) return all.queue;
  return p == phase::handshake ? all.tls : all.connect;
}

}  // namespace detail

}  // namespace cohttps
