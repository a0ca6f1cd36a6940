// The options for making connections.
#pragma once

#include <cohttps/connect/address_policy.hpp>
#include <cohttps/connect/dns_cache.hpp>
#include <cohttps/connect/resolver.hpp>
#include <cohttps/connection/http2_options.hpp>
#include <cohttps/http/strictness.hpp>
#include <cohttps/http1/limits.hpp>
#include <cohttps/transport/socket_options.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace cohttps {

/// An address for a host and port, which replaces the answer of the resolver. Several overrides for
/// the same host and port give it several addresses.
struct resolve_override {
  std::string host;     ///< as in the URL; "*" for all hosts without an override of their own
  std::uint16_t port;   ///< as in the URL
  std::string address;  ///< an IP literal, with or without brackets, or another name to look up
};

}  // namespace cohttps

namespace cohttps::detail {

struct connect_options {
  /// The limit for the look-up of the name, again for connecting to all addresses together, and
  /// again for a tunnel through a proxy.
  std::optional<std::chrono::nanoseconds> connect_timeout = std::chrono::seconds(10);
  std::optional<std::chrono::nanoseconds> tls_timeout = std::chrono::seconds(10);

  /// The overrides come before the cache and the resolver.
  std::vector<resolve_override> resolve = {};
  http1::limits limits = {};
  cohttps::strictness strictness = cohttps::strictness::lenient;  ///< for HTTP/1.1 responses
  http2_options http2 = {};

  /// The addresses to which the client may connect; all by default.
  address_policy addresses = {};

  /// The options of TCP sockets. The transport must be a `socket_transport`.
  socket_options socket = {};

  /// The path of a Unix domain socket. If it is not empty, all connections go to this socket, and
  /// no name is looked up. The transport must be a `socket_transport`.
  std::string unix_socket = {};

  /// Is asked in place of the transport; null: the transport is asked.
  address_source* resolver = nullptr;

  /// The cache for answers of the resolver. Without it, every look-up asks the resolver.
  std::optional<dns_cache> dns = {};

  /// How long the client waits for a connection to one address before it also tries the next
  /// address (RFC 8305, 5); at least 10 ms.
  std::chrono::nanoseconds attempt_delay = std::chrono::milliseconds(250);
};

}  // namespace cohttps::detail
