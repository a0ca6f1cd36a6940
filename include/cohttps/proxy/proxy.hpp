// A proxy: its address and how to speak to it.
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/error.hpp>
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

/// How a client speaks to a proxy.
enum class proxy_scheme : std::uint8_t {
  http,     ///< CONNECT (RFC 9110, 9.3.6), or absolute-form for http URLs (RFC 9112, 3.2.2)
  https,    ///< the same inside TLS
  socks4,   ///< SOCKS4: the client resolves names, IPv4 alone
  socks4a,  ///< SOCKS4 with names that the proxy resolves
  socks5,   ///< SOCKS5 (RFC 1928): the client resolves names
  socks5h,  ///< the same, but the proxy resolves names
};

constexpr std::string_view to_string(proxy_scheme s) noexcept {
  constexpr std::string_view names[] = {"http", "https", "socks4", "socks4a", "socks5", "socks5h"};
  return names[static_cast<std::size_t>(s)];
}

/// A proxy that a client was told to use. A value; two are equal when a connection made through one
/// could be used through the other, so credentials count.
class proxy {
 public:
  /// Longest user name and password for SOCKS (one byte tells the length), and for HTTP.
  static constexpr std::size_t max_socks_credential = 255;
  static constexpr std::size_t max_http_credential = 4096;

  /// Parses "[scheme://][user[:password]@]host[:port]". As with curl, the scheme is http and the
  /// port 1080, for https 443, when not given; "socks" is "socks5h"; user and password are
  /// percent-decoded; a path, query or fragment is ignored, and white space around it all. The host
  /// becomes canonical as in a URL.
  ///
  /// Errors (usage; none repeats what was given, which may hold a password):
  /// "proxy_scheme_unsupported", "proxy_host_missing", "proxy_host_invalid", "proxy_port_invalid",
  /// "proxy_path" (with an "@", so that it may be a part of a password), and those of
  /// `with_credentials`.
  static result<proxy> parse(std::string_view text) {
    constexpr std::string_view white = " \t\r\n";
    text.remove_prefix(std::min(text.find_first_not_of(white), text.size()));
    text = text.substr(0, text.find_last_not_of(white) + 1);
    proxy parsed;
    if (const auto end = text.find("://"); end != text.npos) {
      const auto scheme = find_scheme(text.substr(0, end));
      if (!scheme)
        return refuse("proxy_scheme_unsupported",
                      "the proxy's scheme is none of http, https, socks4, socks4a, socks5 and "
                      "socks5h; write a proxy as scheme://user:password@host:port");
      parsed.scheme_ = *scheme;
      text.remove_prefix(end + 3);
    }
    if (const auto end = text.find_first_of("/?#"); end != text.npos) {
      if (text.find('@', end) != text.npos)
        return refuse("proxy_path",
                      "the proxy has a path, query or fragment with an '@' in it; write '/', '?', "
                      "'#' and '@' in a user name or password as %2F, %3F, %23 and %40");
      text = text.substr(0, end);
    }
    std::string user, password;
    if (const auto at = text.rfind('@'); at != text.npos) {
      const std::string_view both = text.substr(0, at);
      const auto colon = both.find(':');
      user = percent_decode(both.substr(0, colon));
      if (colon != both.npos) password = percent_decode(both.substr(colon + 1));
      text.remove_prefix(at + 1);
    }
    if (auto placed = parsed.set_authority(text); !placed) return pass(std::move(placed));
    return parsed.with_credentials(std::move(user), std::move(password));
  }

  /// This proxy with another user name and password, as they are (not percent-encoded).
  ///
  /// Errors (usage): "proxy_credentials_too_long", "proxy_credentials_invalid" (a control character
  /// in either; for http and https a ':' in the name, which Basic cannot express: RFC 7617, 2),
  /// "proxy_password_unsupported" (SOCKS4 knows none).
  result<proxy> with_credentials(std::string user, std::string password) const {
    const std::size_t most = is_socks() ? max_socks_credential : max_http_credential;
    if (user.size() > most || password.size() > most)
      return refuse("proxy_credentials_too_long",
                    "the user name or password for the proxy has more than " +
                        std::to_string(most) + " bytes");
    if (has_control(user) || has_control(password) || (!is_socks() && user.find(':') != user.npos))
      return refuse("proxy_credentials_invalid",
                    "the user name or password for the proxy holds a control character, or the "
                    "name a ':'");
    const bool knows_password = scheme_ != proxy_scheme::socks4 && scheme_ != proxy_scheme::socks4a;
    if (!password.empty() && !knows_password)
      return refuse("proxy_password_unsupported",
                    "SOCKS4 has no passwords; leave it out or use a socks5 proxy");
    proxy changed(*this);
    changed.username_ = std::move(user);
    changed.password_ = std::move(password);
    return changed;
  }

  /// This proxy, which is shown the password by Digest alone (RFC 7616): it has to ask first, and
  /// one that asks for Basic alone is refused. For http and https; SOCKS knows no Digest.
  proxy with_digest() const {
    proxy changed(*this);
    changed.digest_ = true;
    return changed;
  }

  proxy_scheme scheme() const noexcept { return scheme_; }
  bool is_socks() const noexcept { return scheme_ >= proxy_scheme::socks4; }

  /// Whether names of targets go to the proxy; else the client looks them up and gives addresses.
  bool resolves_names() const noexcept {
    return scheme_ != proxy_scheme::socks4 && scheme_ != proxy_scheme::socks5;
  }

  /// A name in ASCII, an IPv4 address, or an IPv6 address in brackets.
  std::string_view host() const noexcept { return host_; }
  /// The host as resolvers and certificates know it: an IPv6 address without brackets.
  std::string_view host_for_connect() const noexcept {
    const std::string_view host = host_;
    return host.starts_with('[') ? host.substr(1, host.size() - 2) : host;
  }
  std::uint16_t port() const noexcept { return port_; }

  std::string_view username() const noexcept { return username_; }
  std::string_view password() const noexcept { return password_; }
  bool has_credentials() const noexcept { return !username_.empty() || !password_.empty(); }
  bool only_digest() const noexcept { return digest_; }

  /// "socks5h://example.com:1080": without credentials, for errors and logs.
  std::string text() const {
    return std::string(to_string(scheme_)) + "://" + host_ + ':' + std::to_string(port_);
  }

  friend bool operator==(const proxy&, const proxy&) = default;

 private:
  friend struct std::hash<proxy>;
  proxy() = default;

  static std::unexpected<error> refuse(std::string_view reason, std::string why) {
    return fail(error_category::usage, reason, std::move(why));
  }

  static std::optional<proxy_scheme> find_scheme(std::string_view text) noexcept {
    using enum proxy_scheme;
    for (const proxy_scheme s : {http, https, socks4, socks4a, socks5, socks5h})
      if (ascii::iequals(text, to_string(s))) return s;
    if (ascii::iequals(text, "socks")) return socks5h;  // as desktops and browsers mean it
    return std::nullopt;
  }

  static bool has_control(std::string_view text) noexcept {
    for (const char c : text)
      if (const auto u = static_cast<unsigned char>(c); u < 0x20 || u == 0x7f) return true;
    return false;
  }

  result<void> set_authority(std::string_view text) {
    port_ = scheme_ == proxy_scheme::https ? 443 : 1080;
    const auto bracket = text.rfind(']');
    const auto colon = text.find(':', bracket == text.npos ? 0 : bracket);
    if (colon != text.npos) {
      const auto port = ascii::parse_decimal(text.substr(colon + 1));
      if (!port || *port == 0 || *port > 65535)
        return refuse("proxy_port_invalid",
                      "the proxy's port is not a number from 1 to 65535; write an IPv6 address in "
                      "brackets, and a proxy as scheme://user:password@host:port");
      port_ = static_cast<std::uint16_t>(*port);
      text = text.substr(0, colon);
    }
    if (text.empty()) return refuse("proxy_host_missing", "the proxy has no host");
    // Its errors quote the host, which may be a password that was put in the wrong place.
    if (!detail::parse_host(text, host_))
      return refuse("proxy_host_invalid",
                    "the proxy's host is neither a name nor an IP address; write a proxy as "
                    "scheme://user:password@host:port");
    return {};
  }

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
