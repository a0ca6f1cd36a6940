// The server's side of TLS in memory, with certificates of a temporary authority.
#pragma once

#include <cohttps/core/buffer.hpp>

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace cohttps::testing {

/// A key and the certificate for it.
class memory_certificate {
 private:
  friend class memory_authority;
  friend class memory_tls_server;
  struct contents;
  std::shared_ptr<const contents> contents_;
};

/// A certificate authority. Only programs that get `root_pem` trust it. Its key never leaves this
/// object, and is destroyed with it. Throws Botan's exceptions if this build of Botan has no ECDSA.
class memory_authority {
 public:
  memory_authority();

  /// The authority's certificate in PEM, for `tls_options::root_pem`.
  std::string root_pem() const;

  /// Issues a certificate for a server with this name or this IPv4 address. Throws `error` (usage)
  /// for an IPv6 address, because Botan makes no certificates for these.
  memory_certificate issue(const std::string& host) const;

 private:
  memory_certificate root_;
};

/// One connection of a TLS server, without I/O. It speaks TLS 1.2 and 1.3, and chooses HTTP/1.1 by
/// ALPN.
class memory_tls_server {
 public:
  explicit memory_tls_server(const memory_certificate& identity);

  /// Takes the client's bytes, and appends their plaintext to `into`. Returns false if the server
  /// refused the bytes; the last bytes of `outgoing` then tell the client why.
  bool receive(std::span<const std::byte> bytes, std::string& into);
  void send(std::string_view text);
  void close();

  /// The bytes to send to the client.
  buffer& outgoing() noexcept;

 private:
  class session;
  std::shared_ptr<session> session_;
};

}  // namespace cohttps::testing

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/testing/memory_tls.ipp>
#endif
