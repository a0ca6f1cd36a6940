// Options for a socket before it connects.
#pragma once

#include <cohttps/transport/endpoint.hpp>

#include <chrono>
#include <optional>
#include <string>

namespace cohttps {

/// Options for a TCP socket. If the system cannot apply an option, connecting fails.
struct socket_options {
  /// The address to connect from; port 0 means any port. The socket can then reach only peers of
  /// the same family (IPv4 or IPv6).
  std::optional<endpoint> local_address = {};

  /// The network interface that all packets must use, such as "eth0"; empty if the system chooses.
  /// Only on Linux (SO_BINDTODEVICE, which may need a privilege).
  std::string device = {};

  /// Lets the system probe a connection that has been silent for this time, 1 s to 32767 s. A probe
  /// finds out that a peer has vanished. Empty for no probes (RFC 9293, 3.8.4).
  std::optional<std::chrono::seconds> keep_alive = {};

  friend bool operator==(const socket_options&, const socket_options&) = default;
};

}  // namespace cohttps
