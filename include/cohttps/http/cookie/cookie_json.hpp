// Cookies as JSON (RFC 8259), with all that a jar stores except the times of creation and last use.
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/http/cookie/cookie_jar.hpp>

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

/// Writes each byte as the Unicode character with the same number. Cookies need not be UTF-8, but
/// JSON must be.
COHTTPS_DECL void append_json_string(std::string& out, std::string_view bytes);

/// Reads only the form that `write_json_cookies` writes. White space, escapes and the order of
/// members may differ. Each function returns false if other text stands there; `left` then tells
/// how far it read.
class cookie_json_reader {
 public:
  explicit cookie_json_reader(std::string_view text) noexcept : rest_(text) {}

  COHTTPS_DECL std::size_t left() const noexcept;
  COHTTPS_DECL bool at_end() noexcept;

  COHTTPS_DECL bool skip(std::string_view word) noexcept;

  COHTTPS_DECL bool read(std::string& out);

  COHTTPS_DECL bool read(bool& out) noexcept;

  /// Reads whole seconds, or null.
  COHTTPS_DECL bool read(std::optional<std::chrono::sys_seconds>& out) noexcept;

  COHTTPS_DECL bool read(same_site_mode& out);

  /// Reads one cookie, in which each member occurs exactly once.
  COHTTPS_DECL bool read(cookie& out);

 private:
  COHTTPS_DECL char take() noexcept;
  COHTTPS_DECL bool skip_raw(char c) noexcept;
  COHTTPS_DECL void skip_space() noexcept;

  /// Reads U+0080 to U+00FF. Other characters do not stand for a byte.
  COHTTPS_DECL bool take_utf8(unsigned char lead, std::string& out);

  COHTTPS_DECL bool take_escape(std::string& out);

  std::string_view rest_;
};

}  // namespace detail

/// Writes the cookies that have not expired, including session cookies, as an array of objects:
/// ```
///   {"name": "a", "value": "b", "domain": "example.com", "host_only": true, "path": "/",
///    "expires": 1767225600, "secure": true, "http_only": false, "same_site": "lax"}
/// ```
/// `expires` is in seconds since 1970, or null for a session cookie. `same_site` is "unspecified",
/// "none", "lax" or "strict". Names, values and paths are bytes; the JSON contains each byte as the
/// character with the same number. The text contains secrets: write it to a file that only its
/// owner can read.
COHTTPS_DECL std::string write_json_cookies(const cookie_jar& jar, cookie_jar::time_point now);

/// Adds the cookies of a text that `write_json_cookies` wrote, except expired ones. Returns how
/// many it added.
///
/// Fails with usage "cookie_json_malformed" if the text is not JSON of exactly this form; the
/// message names the byte. Also fails as `cookie_jar::add` does. After an error the jar is
/// unchanged.
COHTTPS_DECL result<std::size_t> read_json_cookies(cookie_jar& jar, std::string_view text,
                                                   cookie_jar::time_point now);

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/http/cookie/cookie_json.ipp>
#endif
