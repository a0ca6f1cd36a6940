// The origin of a URL: scheme, host and port.
#pragma once

#include <cohttps/core/separate.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace cohttps {

/// Scheme, host and port (RFC 9110, 4.3.1; the URL Standard, "Origin"). The same authority serves
/// all URLs with equal origins, so their requests can share a connection and credentials.
struct origin {
  std::string scheme;      ///< "http" or "https"
  std::string host;        ///< normalised, IPv6 in brackets
  std::uint16_t port = 0;  ///< always the effective port, such as 443

  friend bool operator==(const origin&, const origin&) = default;

  /// Returns the serialised origin, such as "https://example.com:8443", without the scheme's
  /// default port.
  COHTTPS_DECL std::string text() const;

  /// Returns 443 for "https", 80 for "http", 0 for any other scheme.
  static constexpr std::uint16_t default_port(std::string_view scheme) noexcept {
    return scheme == "https" ? 443 : scheme == "http" ? 80 : 0;
  }
};

}  // namespace cohttps

template <>
struct std::hash<cohttps::origin> {
  std::size_t operator()(const cohttps::origin& o) const noexcept {
    // The port, and whether the scheme ends with 's', fit into 17 bits. The multiplier (2^64
    // divided by the golden ratio) spreads them over the word.
    const std::uint64_t rest = o.port * 2u + (o.scheme == "https");
    return std::hash<std::string_view>()(o.host) ^
           static_cast<std::size_t>((rest + 1) * 0x9e3779b97f4a7c15u);
  }
};

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/url/origin.ipp>
#endif
