// Definitions for proxy.hpp.
#pragma once

#include <cohttps/proxy/proxy.hpp>

namespace cohttps {

COHTTPS_DEF result<proxy> proxy::parse(std::string_view text) {
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

COHTTPS_DEF result<proxy> proxy::with_credentials(std::string user, std::string password) const {
  const std::size_t most = is_socks() ? max_socks_credential : max_http_credential;
  if (user.size() > most || password.size() > most)
    return refuse(
        "proxy_credentials_too_long",
        "the user name or password for the proxy has more than " + std::to_string(most) + " bytes");
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

COHTTPS_DEF proxy proxy::with_digest() const {
  proxy changed(*this);
  changed.digest_ = true;
  return changed;
}

COHTTPS_DEF bool proxy::resolves_names() const noexcept {
  return scheme_ != proxy_scheme::socks4 && scheme_ != proxy_scheme::socks5;
}

COHTTPS_DEF auto proxy::host_for_connect() const noexcept -> std::string_view {
  const std::string_view host = host_;
  return host.starts_with('[') ? host.substr(1, host.size() - 2) : host;
}

COHTTPS_DEF bool proxy::has_credentials() const noexcept {
  return !username_.empty() || !password_.empty();
}

COHTTPS_DEF auto proxy::text() const -> std::string {
  return std::string(to_string(scheme_)) + "://" + host_ + ':' + std::to_string(port_);
}

COHTTPS_DEF auto proxy::refuse(std::string_view reason, std::string why) -> std::unexpected<error> {
  return fail(error_category::usage, reason, std::move(why));
}

COHTTPS_DEF auto proxy::find_scheme(std::string_view text) noexcept -> std::optional<proxy_scheme> {
  using enum proxy_scheme;
  for (const proxy_scheme s : {http, https, socks4, socks4a, socks5, socks5h})
    if (ascii::iequals(text, to_string(s))) return s;
  if (ascii::iequals(text, "socks")) return socks5h;  // as on desktops and in browsers
  return std::nullopt;
}

COHTTPS_DEF bool proxy::has_control(std::string_view text) noexcept {
  for (const char c : text)
    if (const auto u = static_cast<unsigned char>(c); u < 0x20 || u == 0x7f) return true;
  return false;
}

COHTTPS_DEF result<void> proxy::set_authority(std::string_view text) {
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
  // The errors of `parse_host` quote the host, which may be a password in the wrong place.
  if (!detail::parse_host(text, host_))
    return refuse("proxy_host_invalid",
                  "the proxy's host is neither a name nor an IP address; write a proxy as "
                  "scheme://user:password@host:port");
  return {};
}

}  // namespace cohttps
