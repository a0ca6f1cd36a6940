// Limits on what a QUIC peer can make a client store, and how long a connection waits.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace cohttps::quic {

struct limits {
  /// Bytes of content that a stream stores while its reader does not take them. If the reader keeps
  /// up, the window grows up to `largest_window`, which a connection with long round-trip times
  /// needs.
  std::uint64_t window = 1024 * 1024;
  std::uint64_t largest_window = 8 * 1024 * 1024;

  /// After this time without a packet the connection is over (RFC 9000, 10.1), unless the peer
  /// wants a shorter time.
  std::chrono::nanoseconds idle = std::chrono::seconds(60);

  /// The largest datagram to send, in bytes. Probes find out which size the path can carry, from
  /// 1200 bytes up to this (RFC 8899).
  std::size_t largest_datagram = 1452;
};

}  // namespace cohttps::quic
