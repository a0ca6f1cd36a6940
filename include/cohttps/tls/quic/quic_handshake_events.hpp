// The events of a handshake over QUIC, for the connection that carries it.
#pragma once

#include <cohttps/core/error.hpp>

#include <cstddef>
#include <cstdint>
#include <span>

namespace cohttps::tls {

struct quic_suite;

/// The encryption level of a CRYPTO frame (RFC 9001, 4.1.4), without 0-RTT, which is never offered.
enum class quic_level : std::uint8_t { initial, handshake, application };

/// The events of a handshake, for the QUIC connection. An error of these functions ends the
/// handshake.
class quic_handshake_events {
 public:
  /// Data for CRYPTO frames to the server.
  virtual result<void> crypto(quic_level at, std::span<const std::byte> data) = 0;
  /// The secrets of a level: the server's, which opens packets, and the client's.
  virtual result<void> secrets(quic_level at, const quic_suite& suite,
                               std::span<const std::uint8_t> server,
                               std::span<const std::uint8_t> client) = 0;
  /// The transport parameters of the server, which has now proved that it sent them.
  virtual result<void> peer_parameters(std::span<const std::byte> parameters) = 0;

 protected:
  ~quic_handshake_events() = default;
};

}  // namespace cohttps::tls
