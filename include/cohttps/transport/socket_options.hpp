// What to ask of a socket before it connects.
#pragma once

#include <cohttps/transport/endpoint.hpp>

#include <chrono>
#include <optional>
#include <string>

namespace cohttps {

/// How to make a TCP socket. What cannot be done is an error of the connecting, never left out.
struct socket_options {
  /// The address to connect from; its port is 0 for any. Only peers of its own family (IPv4 or
  /// IPv6) can be reached then.
  std::optional<endpoint> local_address = {};

  /// The network interface that everything has to go through, such as "eth0"; empty for whichever
  /// the system chooses. Linux (SO_BINDTODEVICE, which may need a privilege).
  std::string device = {};

  /// Lets the system probe a connection that was silent for so long, 1 s to 32767 s, so that a
  /// peer that vanished is found out; empty for no probes (RFC 9293, 3.8.4).
  std::optional<std::chrono::seconds> keep_alive = {};

  friend bool operator==(const socket_options&, const socket_options&) = default;
};

}  // namespace cohttps
