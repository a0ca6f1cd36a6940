// One TLS connection of a client, without its socket: ciphertext and plaintext go in and come out.
#pragma once

#include <cohttps/core/buffer.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/tls/connection_info.hpp>
#include <cohttps/tls/context.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace cohttps::tls {

template <class = void>
class session;

class revocation_check;

/// The client's side of a connection to `host`.
///
/// `start` puts the first message into `outgoing()`; from then on whatever stands there goes to the
/// peer, and what the peer sends goes to `receive`. After `handshake_done` there is `send`. Any
/// failure is final: it leaves our alert, if there is one, in `outgoing()`, and every later call
/// fails with the same error.
///
/// Not for more than one thread at a time.
class engine {
 public:
  /// `host` is an A-label name or an address without brackets, and decides what certificate is
  /// accepted. `alpn` are the protocols to offer, best first (RFC 7301); may be empty.
  COHTTPS_DECL engine(tls_context context, std::string host, std::uint16_t port,
                      std::vector<std::string> alpn);

  /// Puts the ClientHello into `outgoing()`. Certificates are judged as of `now`.
  COHTTPS_DECL result<void> start(std::chrono::system_clock::time_point now);

  /// Opens what stands in `ciphertext`, bytes from the peer cut anywhere, and consumes it, up to
  /// and including the first application data, and gives that: a view, valid until the next call or
  /// until `ciphertext` is touched. Empty: more has to come in, or `peer_closed()`. What came
  /// before a bad record is given before the error. Answers to the peer may turn up in
  /// `outgoing()`.
  COHTTPS_DECL result<std::span<const std::byte>> receive(buffer& ciphertext);

  /// Encrypts into `outgoing()`. Only after the handshake and before `close`.
  COHTTPS_DECL result<void> send(std::span<const std::byte> plaintext);

  /// What has to be written to the peer; consume what was written.
  COHTTPS_DECL buffer& outgoing() noexcept;

  /// The peer has proved who it is, and both sides have the keys.
  COHTTPS_DECL bool handshake_done() const noexcept;

  /// The peer said that nothing more will come (close_notify).
  COHTTPS_DECL bool peer_closed() const noexcept;

  /// Says so to the peer; waits for nothing. Harmless at any time.
  COHTTPS_DECL void close() noexcept;

  /// To be called when the transport ended. Fails when the peer had not said that it would: before
  /// `handshake_done` with category tls; after it with category peer_closed and reason "truncated",
  /// which is for the caller to judge, as a message that knows its length is whole without it
  /// (RFC 9112, 9.8).
  COHTTPS_DECL result<void> end_of_stream();

  /// Bytes that both ends of this connection know and no other connection has (`tls-exporter`, RFC
  /// 9266), to bind an authentication to it. Of TLS 1.2 only with an extended master secret (RFC
  /// 7627), as without one two connections can be made to have the same: else a usage error.
  COHTTPS_DECL result<std::vector<std::byte>> channel_binding();

  /// Whether the peer's certificates were revoked, where the context says that their issuers are to
  /// be asked: the questions, to be answered after the handshake and before `send`, and then
  /// `conclude_revocation`. Null: there is nothing to ask. Valid until that call.
  COHTTPS_DECL revocation_check* revocation();

  /// Fails, for good, when one was revoked, or when that has to be known and is not.
  COHTTPS_DECL result<void> conclude_revocation();

  /// True when the handshake is not done and has not offered TLS 1.3, though it is allowed, for the
  /// sake of a session of TLS 1.2 that it offered to continue: Botan offers no other version then.
  COHTTPS_DECL bool withheld_tls13() const noexcept;

  /// Filled in when the handshake is done.
  COHTTPS_DECL const tls_info& info() const noexcept;

 private:
  // Where a session is not known.
  struct destroy {
    COHTTPS_DECL void operator()(session<>* of) const noexcept;
  };
  std::unique_ptr<session<>, destroy> session_;
};

}  // namespace cohttps::tls

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/tls/engine.ipp>
#endif
