// How HTTP/2 connections behave.
#pragma once

#include <chrono>
#include <optional>

namespace cohttps {

struct http2_options {
  /// After so long without a byte from a server that owes an answer it is asked for a sign of life
  /// (PING; RFC 9113, 6.7). Empty: only when a request is given up, as that may be why.
  std::optional<std::chrono::nanoseconds> ping_after = std::chrono::seconds(10);

  /// How long that sign may take. Then the connection is given up, and its requests fail with
  /// "peer_unresponsive" (category `peer_closed`), or are sent again where that is no risk. With
  /// `ping_after` less than `timeouts::idle`, so that a dead connection is known for what it is.
  std::chrono::nanoseconds ping_answer = std::chrono::seconds(10);

  /// Lets a request go over a connection to another origin that reached the same address and port
  /// under the same `tls_context`, directly, and whose certificate is for this host too (RFC 9113,
  /// 9.1.1). A server that answers 421 (Misdirected Request) is asked again over a connection to
  /// its own origin, then and from then on.
  bool coalesce = false;
};

}  // namespace cohttps
