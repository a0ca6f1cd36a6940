// A proxy: its address, and the protocol that it understands.
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/url/host.hpp>
#include <cohttps/url/percent_encoding.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace cohttps {

/// The protocol between a client and a proxy.
enum class proxy_scheme : std::uint8_t {
  http,     ///< CONNECT (RFC 9110, 9.3.6), or absolute-form for http URLs (RFC 9112, 3.2.2)
  https,    ///< the same as `http`, inside TLS
  socks4,   ///< SOCKS4: the client resolves names; only IPv4
  socks4a,  ///< the same, but the proxy resolves names
  socks5,   ///< SOCKS5 (RFC 1928): the client resolves names
  socks5h,  ///< the same, but the proxy resolves names
};

constexpr std::string_view to_string(proxy_scheme s) noexcept {
  constexpr std::string_view names[] = {"http", "https", "socks4", "socks4a", "socks5", "socks5h"};
  return names[static_cast<std::size_t>(s)];
}

/// A proxy that a client has to use. Two values are equal if a connection through one proxy could
/// also serve for the other. Credentials therefore count.
class proxy {
 public:
  /// The longest user name and password in bytes: for SOCKS, where one byte holds the length, and
  /// for HTTP.
  static constexpr std::size_t max_socks_credential = 255;
  /// Bytes of a user name or password for an HTTP proxy.
  static constexpr std::size_t max_http_credential = 4096;

  /// Parses "[scheme://][user[:password]@]host[:port]". As with curl, the default scheme is http,
  /// and the default port is 1080, or 443 for https. "socks" means "socks5h". The user name and the
  /// password are percent-decoded. A path, a query, a fragment, and white space around the text are
  /// ignored. The host becomes canonical, as in a URL.
  ///
  /// Errors (usage; no message repeats the text, which may contain a password):
  /// "proxy_scheme_unsupported", "proxy_host_missing", "proxy_host_invalid", "proxy_port_invalid",
  /// "proxy_path" (a path, query or fragment with an "@", which may be a part of a password), and
  /// those of `with_credentials`.
  COHTTPS_DECL static result<proxy> parse(std::string_view text);

  /// Returns this proxy with another user name and password, which are not percent-encoded.
  ///
  /// Errors (usage): "proxy_credentials_too_long", "proxy_credentials_invalid" (a control character
  /// in one of them; for http and https also a ':' in the name, which Basic cannot express: RFC
  /// 7617, 2), "proxy_password_unsupported" (SOCKS4 has no passwords).
  COHTTPS_DECL result<proxy> with_credentials(std::string user, std::string password) const;

  /// Returns this proxy, to which the client proves the password only by Digest (RFC 7616). The
  /// proxy has to ask first, and the client refuses a proxy that asks only for Basic. For http and
  /// https, because SOCKS has no Digest.
  COHTTPS_DECL proxy with_digest() const;

  /// How the client speaks with the proxy.
  proxy_scheme scheme() const noexcept { return scheme_; }
  /// True for SOCKS, false for HTTP.
  bool is_socks() const noexcept { return scheme_ >= proxy_scheme::socks4; }

  /// True if the proxy resolves the names of targets. Otherwise the client looks them up, and sends
  /// addresses.
  COHTTPS_DECL bool resolves_names() const noexcept;

  /// A name in ASCII, an IPv4 address, or an IPv6 address in brackets.
  std::string_view host() const noexcept { return host_; }
  /// The host as resolvers and certificates write it: an IPv6 address has no brackets.
  COHTTPS_DECL std::string_view host_for_connect() const noexcept;
  /// The port; the scheme's default if the text had none.
  std::uint16_t port() const noexcept { return port_; }

  /// The user name, decoded; empty if there is none.
  std::string_view username() const noexcept { return username_; }
  /// The password, decoded; empty if there is none.
  std::string_view password() const noexcept { return password_; }
  /// True if there is a user name or a password.
  COHTTPS_DECL bool has_credentials() const noexcept;
  /// True if the client must not send the password in Basic.
  bool only_digest() const noexcept { return digest_; }

  /// Returns text such as "socks5h://example.com:1080": without credentials, for errors and logs.
  COHTTPS_DECL std::string text() const;

  friend bool operator==(const proxy&, const proxy&) = default;

 private:
  friend struct std::hash<proxy>;
  proxy() = default;

  COHTTPS_DECL static std::unexpected<error> refuse(std::string_view reason, std::string why);

  COHTTPS_DECL static std::optional<proxy_scheme> find_scheme(std::string_view text) noexcept;

  COHTTPS_DECL static bool has_control(std::string_view text) noexcept;

  COHTTPS_DECL result<void> set_authority(std::string_view text);

  proxy_scheme scheme_ = proxy_scheme::http;
  std::uint16_t port_ = 0;
  std::string host_;
  std::string username_;
  std::string password_;
  bool digest_ = false;
};

}  // namespace cohttps

template <>
struct std::hash<cohttps::proxy> {
  std::size_t operator()(const cohttps::proxy& p) const noexcept {
    const std::hash<std::string_view> text;
    std::size_t seed =
        (p.port_ * 2u + (p.digest_ ? 1u : 0u)) * 8u + static_cast<std::size_t>(p.scheme_);
    for (const std::string& part :
         {std::cref(p.host_), std::cref(p.username_), std::cref(p.password_)})
      seed = (seed ^ text(part)) * 0x9e3779b97f4a7c15u;
    return seed;
  }
};

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/proxy/proxy.ipp>
#endif
