// The TLS handshake of one QUIC connection of a client, without packets.
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/tls/connection_info.hpp>
#include <cohttps/tls/context.hpp>
#include <cohttps/tls/quic/quic_handshake_events.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace cohttps::tls {

template <class>
class quic_session;

class revocation_check;

/// The client's side. It verifies the server, keeps sessions and shows the client's identity as
/// `engine` does for TCP. Sessions of TCP are never offered over QUIC, or the other way round: the
/// offered protocols are a part of what a session is bound to.
///
/// Threads: only one thread may use it at a time.
class quic_handshake {
 public:
  /// Parameters as for `engine`. `events` must outlive it.
  COHTTPS_DECL quic_handshake(tls_context context, std::string host, std::uint16_t port,
                              std::vector<std::string> alpn, quic_handshake_events& events);

  /// Writes the ClientHello with the client's transport parameters (RFC 9001, 8.2).
  COHTTPS_DECL result<void> start(std::span<const std::byte> parameters,
                                  std::chrono::system_clock::time_point now);

  /// Takes data of CRYPTO frames in their order. A failure is final, and `alert` tells why.
  COHTTPS_DECL result<void> receive(quic_level at, std::span<const std::byte> data);

  /// After a failure: the alert of RFC 8446, 6, for CONNECTION_CLOSE (RFC 9001, 4.8).
  COHTTPS_DECL std::uint8_t alert() const noexcept;

  /// True when the server has proved its identity and both sides have the keys.
  COHTTPS_DECL bool done() const noexcept;

  /// See `engine::revocation`.
  COHTTPS_DECL revocation_check* revocation();
  COHTTPS_DECL result<void> conclude_revocation();

  COHTTPS_DECL const tls_info& info() const noexcept;

 private:
  // Deletes a `quic_session`, which is an incomplete type here.
  struct destroy {
    COHTTPS_DECL void operator()(quic_session<void>* of) const noexcept;
  };
  std::unique_ptr<quic_session<void>, destroy> session_;
};

}  // namespace cohttps::tls

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/tls/quic/quic_handshake.ipp>
#endif
