// Cookies in the text format of Netscape, which curl, wget and browsers' exporters share.
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/http/cookie_jar.hpp>

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

/// domain, whether for all under it, path, secure, expiry, name, value.
COHTTPS_DECL result<cookie> parse_cookie_line(std::string_view text, std::size_t line);

}  // namespace detail

/// Adds the cookies of a file to `jar`; those that are expired are left out. Returns how many were
/// added. The format knows nothing of SameSite.
///
/// Fails with usage "cookie_file_malformed", which names the line, or as `cookie_jar::add` does;
/// then the jar is as it was.
COHTTPS_DECL result<std::size_t> read_netscape_cookies(cookie_jar& jar, std::string_view text,
                                                       cookie_jar::time_point now);

/// The cookies that are not expired, session cookies too, in the form that `read_netscape_cookies`
/// reads. SameSite is lost, and a cookie with a tab in it cannot be written and is left out.
/// The text holds secrets: write it to a file that only its owner can read.
COHTTPS_DECL std::string write_netscape_cookies(const cookie_jar& jar, cookie_jar::time_point now);

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/http/cookie_file.ipp>
#endif
