// The options of HTTP/3.
#pragma once

#include <cohttps/http/alt_svc.hpp>

#include <chrono>
#include <cstdint>
#include <memory>

namespace cohttps {

/// The options of HTTP/3.
struct http3_options {
  /// Tries HTTP/3 also with origins that have not announced it (RFC 7838). Such a connection waits
  /// for `client_options::attempt_delay` at most before TCP is tried beside it.
  bool try_first = false;

  /// Asks name servers for the HTTPS record of an origin (RFC 9460) before the first connection to
  /// it: `client_options::resolver` if there is one, else those of the system. An answer that comes
  /// more than 50 ms after the addresses (RFC 8305, 3) serves later connections.
  bool https_records = true;

  /// The alternatives that origins have announced. Several clients may share it, and a program may
  /// keep its text. Null: one of this object's own.
  std::shared_ptr<alternative_services> alternatives = {};

  /// Without a packet for this time a connection is over (RFC 9000, 10.1).
  std::chrono::nanoseconds idle = std::chrono::seconds(60);

  /// Bytes of content that a stream stores while its reader does not take them, at first and at
  /// most. If the reader keeps up, the window grows.
  std::uint64_t window = 1024 * 1024;
  /// Bytes; a window grows to this while the reader keeps up.
  std::uint64_t largest_window = 8 * 1024 * 1024;
};

}  // namespace cohttps
