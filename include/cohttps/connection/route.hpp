// The route of a request.
#pragma once

#include <cohttps/connection/http_versions.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/tls/context.hpp>
#include <cohttps/url/origin.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>

namespace cohttps::detail {

class proxy_connector;

enum class route_kind : std::uint8_t {
  direct,
  forward,  ///< a proxy receives the request itself, in absolute-form (RFC 9112, 3.2.2)
  tunnel,   ///< a proxy opens a connection to the origin: CONNECT (RFC 9110, 9.3.6) or SOCKS
};

/// The destination of a request, and the way to it. Requests with equal routes may share a
/// connection: they have the same origin, the same proxy with the same credentials, the same trust
/// and identity, and the same versions of HTTP. The pointers refer to objects of the client. Only
/// routes of the same client are compared.
struct route {
  origin to;
  route_kind kind = route_kind::direct;
  /// `best` if TLS decides (ALPN).
  http_versions versions = http_versions::http_1_1;
  const tls_context* tls = nullptr;        ///< to the origin; null for http
  const proxy_connector* via = nullptr;    ///< null for `direct`
  const tls_context* proxy_tls = nullptr;  ///< to an https proxy

  /// True if a connection may turn out to carry many requests (HTTP/2).
  bool may_share() const noexcept { return versions != http_versions::http_1_1; }

  friend bool operator==(const route& a, const route& b) noexcept {
    return a.to == b.to && a.via == b.via && a.versions == b.versions && a.trust() == b.trust();
  }

  /// Identifies the trust and the client's identity for connections to the origin:
  /// `tls_context::id`.
  const void* trust() const noexcept { return tls ? tls->id() : nullptr; }
};

struct route_hash {
  std::size_t operator()(const route& r) const noexcept { return std::hash<origin>()(r.to); }
};

}  // namespace cohttps::detail
