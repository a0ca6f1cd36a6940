// Parses a Set-Cookie field (RFC 6265bis, 5.6).
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/http/cookie/cookie_date.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cohttps {

/// Says with which requests of other sites a cookie is sent (RFC 6265bis, 4.1.2.7).
enum class same_site_mode : std::uint8_t {
  unspecified,  ///< treated as `lax`
  none,         ///< sent with all requests
  lax,          ///< sent only with safe navigations from other sites
  strict,       ///< never sent with requests from other sites
};

/// The longest time for which a jar keeps a cookie, whatever its attributes say (RFC 6265bis, 5.5).
inline constexpr std::chrono::seconds max_cookie_age = std::chrono::days(400);

/// The parts of a Set-Cookie field. The jar decides whether it stores the cookie.
struct set_cookie {
  static constexpr std::size_t max_size = 4096;            ///< bytes of name and value together
  static constexpr std::size_t max_attribute_size = 1024;  ///< bytes; longer attributes are ignored

  std::string name;   ///< empty for a field without '='; the whole field is then the value
  std::string value;  ///< after the "="
  /// 0 to `max_cookie_age`. Overrides `expires`.
  std::optional<std::chrono::seconds> max_age;
  std::optional<std::chrono::sys_seconds> expires;  ///< the attribute Expires
  std::string domain;      ///< in lower case, without a leading dot; empty: only the host
  std::string path;        ///< starts with '/'; empty for the default path
  bool secure = false;     ///< the attribute Secure
  bool http_only = false;  ///< the attribute HttpOnly
  same_site_mode same_site = same_site_mode::unspecified;  ///< the attribute SameSite
};

namespace detail {

COHTTPS_DECL std::optional<std::chrono::seconds> parse_max_age(std::string_view value) noexcept;

/// If an attribute occurs twice, the last one counts (RFC 6265bis, 5.7).
COHTTPS_DECL void take_cookie_attribute(set_cookie& to, std::string_view name,
                                        std::string_view value);

}  // namespace detail

/// Parses the value of one Set-Cookie field as browsers do. Names and values may contain any bytes
/// except control characters. Quotes are part of the value. Malformed and unknown attributes are
/// ignored.
///
/// Errors: protocol, "cookie_control_character", "cookie_empty" (neither name nor value); limit,
/// "cookie_too_large" (over 4096 bytes). No error contains the cookie.
COHTTPS_DECL result<set_cookie> parse_set_cookie(std::string_view field);

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/http/cookie/set_cookie.ipp>
#endif
