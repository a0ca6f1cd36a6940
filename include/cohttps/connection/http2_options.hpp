// The options of HTTP/2 connections.
#pragma once

#include <chrono>
#include <optional>

namespace cohttps {

/// The options of HTTP/2, besides the limits that it has from `http2::limits`.
struct http2_options {
  /// If a server that owes a response sends no byte for this time, the client asks for a sign of
  /// life (PING; RFC 9113, 6.7). Empty: the client asks only when a request is given up, because a
  /// dead connection may be the cause.
  std::optional<std::chrono::nanoseconds> ping_after = std::chrono::seconds(10);

  /// How long the answer to the PING may take. Then the client closes the connection. Its requests
  /// fail with "peer_unresponsive" (category `peer_closed`), or are sent again if that is safe.
  /// Together with `ping_after` it should be less than `timeouts::idle`, so that the client notices
  /// a dead connection before that timeout.
  std::chrono::nanoseconds ping_answer = std::chrono::seconds(10);

  /// Allows a request to use a connection to another origin (RFC 9113, 9.1.1). That connection has
  /// reached the same address and port without a proxy, uses the same `tls_context`, and has a
  /// certificate that also covers this host. If the server answers 421 (Misdirected Request), the
  /// client sends this request and all later ones to this origin over a connection to that origin
  /// itself.
  bool coalesce = false;
};

}  // namespace cohttps
