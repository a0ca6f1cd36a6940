// How many connections there are, and for how long.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace cohttps::pool {

struct options {
  std::size_t per_host = 8;  ///< open at a time to one origin; at least 1
  std::size_t total = 64;    ///< open at a time; at least 1

  /// How long a connection is kept for another request. Looked at whenever a request begins or
  /// ends, so that nothing keeps an event loop alive.
  std::chrono::nanoseconds idle_timeout = std::chrono::seconds(60);

  /// How long a connection takes new requests, so that a change of the host's address is noticed.
  std::chrono::nanoseconds lifetime = std::chrono::minutes(10);

  /// How long requests wait for a connection that is being made and may carry them all (HTTP/2),
  /// before they make their own. Once it turns out that it does not, none waits.
  std::chrono::nanoseconds share_wait = std::chrono::seconds(1);
};

/// What the pool has, and what it has done.
struct statistics {
  std::size_t open = 0;       ///< connections, with those that are being made
  std::size_t idle = 0;       ///< of these, such as carry no request
  std::size_t active = 0;     ///< requests that hold a connection or make one
  std::size_t queued = 0;     ///< requests that wait for a connection
  std::uint64_t created = 0;  ///< connections made since the beginning
  std::uint64_t reused = 0;   ///< requests that found a connection
};

}  // namespace cohttps::pool
