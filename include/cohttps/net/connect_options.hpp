// How connections are made.
#pragma once

#include <cohttps/http/strictness.hpp>
#include <cohttps/http1/limits.hpp>
#include <cohttps/net/address_policy.hpp>
#include <cohttps/net/dns_cache.hpp>
#include <cohttps/net/http2_options.hpp>
#include <cohttps/transport/socket_options.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace cohttps::net {

/// Where to connect for a host and port, instead of asking the resolver. Several for the same host
/// and port give it several addresses.
struct resolve_override {
  std::string host;  ///< as in the URL; "*" for any that has no override of its own
  std::uint16_t port;
  std::string address;  ///< an IP literal, with brackets or without, or another name to look up
};

/// Which versions of HTTP are spoken.
enum class http_versions : std::uint8_t {
  best,      ///< HTTP/2 where it is built in and TLS agrees on it (ALPN), else HTTP/1.1
  http_1_1,  ///< HTTP/1.1 alone
  http_2,    ///< HTTP/2 alone; without TLS the server is known to speak it (RFC 9113, 3.3)
};

struct connect_options {
  http_versions versions = http_versions::best;

  /// For the look-up, and again for connecting, however many addresses there are to try.
  std::optional<std::chrono::nanoseconds> connect_timeout = std::chrono::seconds(10);
  std::optional<std::chrono::nanoseconds> tls_timeout = std::chrono::seconds(10);

  /// Asked before the cache and the resolver.
  std::vector<resolve_override> resolve = {};
  http1::limits limits = {};
  cohttps::strictness strictness = cohttps::strictness::lenient;  ///< towards HTTP/1.1
  http2_options http2 = {};

  /// Which addresses may be connected to; all by default.
  address_policy addresses = {};

  /// Of TCP sockets; for transports that are a `socket_transport`.
  socket_options socket = {};

  /// The path of a Unix domain socket to connect to for every host, none of which is looked up
  /// then; for transports that are a `socket_transport`. Empty for none.
  std::string unix_socket = {};

  /// Addresses found before. Without one the resolver is asked each time.
  std::optional<dns_cache> dns = {};

  /// How long an address may take before the next one is tried beside it (RFC 8305, 5); 10 ms at
  /// least.
  std::chrono::nanoseconds attempt_delay = std::chrono::milliseconds(250);
};

}  // namespace cohttps::net
