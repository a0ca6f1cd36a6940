// The limits on the number and the age of connections.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace cohttps::pool {

/// How many connections a client keeps, and for how long.
struct options {
  std::size_t per_host = 8;  ///< open connections to one origin; at least 1
  std::size_t total = 64;    ///< open connections in all; at least 1

  /// How long an idle connection is kept for another request. The pool checks this only when a
  /// request begins or ends, so it keeps no event loop running.
  std::chrono::nanoseconds idle_timeout = std::chrono::seconds(60);

  /// How long a connection takes new requests. After that, new connections are made, so the client
  /// notices a change of the host's address.
  std::chrono::nanoseconds lifetime = std::chrono::minutes(10);

  /// How long requests wait for a connection that is being made and may carry all of them (HTTP/2).
  /// After that they make their own connections. As soon as it is known that the connection carries
  /// only one request, no request waits for it.
  std::chrono::nanoseconds share_wait = std::chrono::seconds(1);
};

/// The numbers of a pool's connections and requests.
struct statistics {
  std::size_t open = 0;       ///< connections, including those that are being made
  std::size_t idle = 0;       ///< of these, the ones that carry no request
  std::size_t active = 0;     ///< requests that hold a connection or make one
  std::size_t queued = 0;     ///< requests that wait for a connection
  std::uint64_t created = 0;  ///< connections made since the beginning
  std::uint64_t reused = 0;   ///< requests that got an existing connection
};

}  // namespace cohttps::pool
