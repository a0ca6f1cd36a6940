// The extension permessage-deflate (RFC 7692): its negotiation.
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/http/fields.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace cohttps::websocket {

/// The wishes of a client for permessage-deflate.
struct compression_options {
  bool enabled = true;  ///< offer it to the server
  /// Each direction keeps the data of earlier messages, which compresses better. Without it, no
  /// memory is kept between messages.
  bool context_takeover = true;
  int window_bits = 15;        ///< 9 to 15: data that compression looks back on, as a power of two
  int level = 3;               ///< of zlib, 0 to 9
  std::size_t threshold = 64;  ///< shorter messages are sent as they are; in bytes
};

/// The parameters on which both sides have agreed.
struct compression_parameters {
  bool client_takeover = true;
  bool server_takeover = true;
  int client_window_bits = 15;
  int server_window_bits = 15;
};

/// The value of Sec-WebSocket-Extensions in a request; empty when compression is off.
COHTTPS_DECL std::string offer(const compression_options& options);

/// Reads the extension that a response accepts; nothing where it accepts none. Fails with protocol
/// "websocket_extension" for another extension, or parameters that were not offered (RFC
/// 7692, 7.1).
COHTTPS_DECL result<std::optional<compression_parameters>> accepted(
    const fields& response, const compression_options& offered);

}  // namespace cohttps::websocket

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/websocket/compression.ipp>
#endif
