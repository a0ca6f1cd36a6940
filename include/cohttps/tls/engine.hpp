// One TLS connection of a client, without a socket: it maps ciphertext to plaintext and back.
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
/// `start` writes the first message into `outgoing()`. The caller sends all bytes of `outgoing()`
/// to the peer, and passes all bytes from the peer to `receive`. The caller may use `send` once
/// `handshake_done()` is true. A failure of the handshake or of a record is final: the client's
/// alert, if there is one, is in `outgoing()`, and every later call fails with the same error.
///
/// Threads: only one thread may use an engine at a time.
class engine {
 public:
  /// `host` is a name in A-label form, or an address without brackets. The peer's certificate has
  /// to cover `host`. `alpn` lists the offered protocols, the preferred one first (RFC 7301), and
  /// may be empty.
  COHTTPS_DECL engine(tls_context context, std::string host, std::uint16_t port,
                      std::vector<std::string> alpn);

  /// Writes the ClientHello into `outgoing()`. Certificates have to be valid at the time `now`.
  COHTTPS_DECL result<void> start(std::chrono::system_clock::time_point now);

  /// Decrypts records from `ciphertext` and consumes them, up to and including the first record
  /// with application data. `ciphertext` may end inside a record. Returns the data as a view, which
  /// is valid until the next call or until the caller changes `ciphertext`. An empty view means
  /// that more bytes are needed, or that `peer_closed()` is true. Data that precedes a bad record
  /// is returned before the error. The call may write answers to the peer into `outgoing()`.
  COHTTPS_DECL result<std::span<const std::byte>> receive(buffer& ciphertext);

  /// Encrypts `plaintext` into `outgoing()`. Fails before the end of the handshake and after
  /// `close`.
  COHTTPS_DECL result<void> send(std::span<const std::byte> plaintext);

  /// The bytes for the peer. The caller consumes the bytes that it has sent.
  COHTTPS_DECL buffer& outgoing() noexcept;

  /// True when the peer has proved its identity and both sides have the keys.
  COHTTPS_DECL bool handshake_done() const noexcept;

  /// True when the peer has announced the end of its data (close_notify).
  COHTTPS_DECL bool peer_closed() const noexcept;

  /// Writes close_notify into `outgoing()` and does not wait for the peer. May be called at any
  /// time.
  COHTTPS_DECL void close() noexcept;

  /// The caller calls this when the transport has ended. Fails when the peer has not sent
  /// close_notify: before `handshake_done` with category tls, after it with category peer_closed
  /// and reason "truncated". The caller decides whether "truncated" matters: a message with a known
  /// length is complete without close_notify (RFC 9112, 9.8).
  COHTTPS_DECL result<void> end_of_stream();

  /// Returns bytes that only the two ends of this connection know (`tls-exporter`, RFC 9266). A
  /// program can bind an authentication to them. Fails with category usage before the end of the
  /// handshake. With TLS 1.2 it also fails when Botan is older than 3.13, or when the connection
  /// has no extended master secret (RFC 7627): an attacker can then give two connections the same
  /// bytes. After `release_memory` it fails with category usage unless
  /// `tls_options::channel_binding` is set.
  COHTTPS_DECL result<std::vector<std::byte>> channel_binding();

  /// Returns the questions to the issuers of the peer's certificates, or null when there is nothing
  /// to ask (`tls_options::revocation`). The caller has to answer them after the handshake and
  /// before `send`, and has to call `conclude_revocation` then. The pointer is valid until that
  /// call.
  COHTTPS_DECL revocation_check* revocation();

  /// Fails when a certificate is revoked, or when its status is unknown and has to be known
  /// (`revocation_mode::hard`). The failure is final.
  COHTTPS_DECL result<void> conclude_revocation();

  /// Frees what an idle connection does not need: empty buffers and, over TLS 1.3, all that Botan
  /// keeps. Session tickets that the server sends later are then ignored.
  COHTTPS_DECL void release_memory() noexcept;

  /// True when the handshake is not done and offered only TLS 1.2, although TLS 1.3 is allowed.
  /// This happens when the client offers to resume a TLS 1.2 session: Botan then offers no other
  /// version.
  COHTTPS_DECL bool withheld_tls13() const noexcept;

  /// The properties of the connection. They are complete when the handshake is done.
  COHTTPS_DECL const tls_info& info() const noexcept;

 private:
  // Deletes a `session`, which is an incomplete type here.
  struct destroy {
    COHTTPS_DECL void operator()(session<>* of) const noexcept;
  };
  std::unique_ptr<session<>, destroy> session_;
};

}  // namespace cohttps::tls

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/tls/engine.ipp>
#endif
