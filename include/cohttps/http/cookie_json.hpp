// Cookies as JSON (RFC 8259), with all that a jar knows of them.
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/http/cookie_jar.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace cohttps {

namespace detail {

inline constexpr std::string_view same_site_names[] = {"unspecified", "none", "lax", "strict"};

/// Each byte as the character of its number, since cookies need not be UTF-8 and JSON has to.
COHTTPS_DECL void append_json_string(std::string& out, std::string_view bytes);

/// Reads just what `write_json_cookies` writes, with white space, escapes and members in any order.
/// Each function returns false, and leaves the rest as it is, where something else stands.
class cookie_json_reader {
 public:
  explicit cookie_json_reader(std::string_view text) noexcept : rest_(text) {}

  COHTTPS_DECL std::size_t left() const noexcept;
  COHTTPS_DECL bool at_end() noexcept;

  COHTTPS_DECL bool skip(std::string_view word) noexcept;

  COHTTPS_DECL bool read(std::string& out);

  COHTTPS_DECL bool read(bool& out) noexcept;

  /// Whole seconds, or null.
  COHTTPS_DECL bool read(std::optional<std::chrono::sys_seconds>& out) noexcept;

  COHTTPS_DECL bool read(same_site_mode& out);

  /// One cookie, with each member once.
  COHTTPS_DECL bool read(cookie& out);

 private:
  COHTTPS_DECL char take() noexcept;
  COHTTPS_DECL bool skip_raw(char c) noexcept;
  COHTTPS_DECL void skip_space() noexcept;

  /// U+0080 to U+00FF; the others are no bytes.
  COHTTPS_DECL bool take_utf8(unsigned char lead, std::string& out);

  COHTTPS_DECL bool take_escape(std::string& out);

  std::string_view rest_;
};

}  // namespace detail

/// The cookies that are not expired, session cookies too, as an array of objects:
/// ```
///   {"name": "a", "value": "b", "domain": "example.com", "host_only": true, "path": "/",
///    "expires": 1767225600, "secure": true, "http_only": false, "same_site": "lax"}
/// ```
/// `expires` is in seconds since 1970, or null for a session cookie; `same_site` is "unspecified",
/// "none", "lax" or "strict". Names, values and paths are bytes; each is the character of its
/// number. The text holds secrets: write it to a file that only its owner can read.
COHTTPS_DECL std::string write_json_cookies(const cookie_jar& jar, cookie_jar::time_point now);

/// Adds the cookies of a text as `write_json_cookies` writes it; those that are expired are left
/// out. Returns how many were added.
///
/// Fails with usage "cookie_json_malformed", which names the byte, when it is not JSON of just that
/// form, or as `cookie_jar::add` does; then the jar is as it was.
COHTTPS_DECL result<std::size_t> read_json_cookies(cookie_jar& jar, std::string_view text,
                                                   cookie_jar::time_point now);

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/http/cookie_json.ipp>
#endif
