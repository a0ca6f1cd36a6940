// Reads and writes cookies in Netscape's text format, which curl, wget and the export functions of
// browsers also use.
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/http/cookie/cookie_jar.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace cohttps {

namespace detail {

inline constexpr std::string_view http_only_mark = "#HttpOnly_";

COHTTPS_DECL std::unexpected<error> refuse_cookie_line(std::size_t line, std::string_view why);

/// Reads the columns: domain, "true" if subdomains are included, path, secure, expiry, name, value.
COHTTPS_DECL result<cookie> parse_cookie_line(std::string_view text, std::size_t line);

}  // namespace detail

/// Adds the cookies of a file to `jar`, except expired ones. Returns how many it added. The format
/// has no SameSite attribute.
///
/// Fails with usage "cookie_file_malformed" if a line is malformed, or if `cookie_jar::add` refuses
/// its cookie. The message names the line. After an error the jar is unchanged.
COHTTPS_DECL result<std::size_t> read_netscape_cookies(cookie_jar& jar, std::string_view text,
                                                       cookie_jar::time_point now);

/// Writes the cookies that have not expired, including session cookies, in the format that
/// `read_netscape_cookies` reads. SameSite is lost. A cookie that contains a tab cannot be written,
/// and is omitted. The text contains secrets: write it to a file that only its owner can read.
COHTTPS_DECL std::string write_netscape_cookies(const cookie_jar& jar, cookie_jar::time_point now);

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/http/cookie/cookie_file.ipp>
#endif
