// Cookies that servers have set, and which of them a request shows (RFC 6265bis).
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/http/fields.hpp>
#include <cohttps/http/public_suffix.hpp>
#include <cohttps/http/set_cookie.hpp>
#include <cohttps/url/url.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohttps {

/// A cookie as a jar keeps it (RFC 6265bis, 5.7).
struct cookie {
  using time_point = std::chrono::system_clock::time_point;

  std::string name;
  std::string value;
  std::string domain;  ///< in lower case; a host, or with `host_only` false the top of many
  std::string path;    ///< starts with '/'
  /// Nothing for a cookie that lasts as long as the jar.
  std::optional<std::chrono::sys_seconds> expires;
  time_point created;
  time_point last_used;
  bool host_only = true;
  bool secure = false;
  bool http_only = false;
  same_site_mode same_site = same_site_mode::unspecified;

  COHTTPS_DECL bool is_expired(time_point now) const noexcept;
};

/// Who caused a request, for the SameSite rules (RFC 6265bis, 5.8.3).
enum class cookie_context : std::uint8_t {
  same_site,              ///< the program itself: all cookies are sent
  cross_site_navigation,  ///< another site, by a link or another safe navigation: no `strict` ones
  cross_site,             ///< another site in any other way: only those with SameSite=None
};

/// The cookies of one user.
///
/// A client that is no browser sends its own requests: nobody else causes them, so SameSite is kept
/// with the cookie but keeps nothing back unless `cookie_context` says so. HttpOnly is kept
/// likewise. A secure connection is one to an https URL, and nothing else.
///
/// Limits: 50 cookies a domain and 3000 in all; beyond them expired ones go first, then, of the
/// domain with too many, those that are not `secure`, then those that were not used for longest.
///
/// Times are passed in. Threads: as a standard container; `shared_cookie_jar` has a lock.
class cookie_jar {
 public:
  using time_point = cookie::time_point;

  static constexpr std::size_t max_per_domain = 50;
  static constexpr std::size_t max_size = 3000;

  /// Takes in the value of a Set-Cookie field of a response to `from`. One with a date in the past
  /// removes the cookie.
  ///
  /// Errors say why the cookie was ignored, and are of no consequence else: those of
  /// `parse_set_cookie`; policy, "cookie_domain" (not the host or one above it), "cookie_suffix" (a
  /// domain that belongs to many), "cookie_secure" (Secure set over http, or a cookie set over
  /// https that http tried to replace), "cookie_prefix" (a name with "__Secure-" or "__Host-" that
  /// does not keep the promise), "cookie_same_site" (SameSite=None without Secure).
  COHTTPS_DECL result<void> store(const url& from, std::string_view set_cookie_value,
                                  time_point now);

  /// Takes in every Set-Cookie field; ignores what `store` does not take.
  COHTTPS_DECL void store_all(const url& from, const fields& headers, time_point now);

  /// The value of the Cookie field for a request to `to`, longer paths first, then older cookies;
  /// empty when none is to be sent.
  COHTTPS_DECL std::string cookie_header(const url& to, time_point now,
                                         cookie_context context = cookie_context::same_site);

  /// Puts in a cookie from elsewhere, such as a file, in place of one with its name, domain and
  /// path.
  ///
  /// Fails with usage "cookie_invalid" when it could not have come from a response: control
  /// characters, ';', '=' in the name, a size over the limit, a domain or path that is none, or a
  /// name with "__Secure-" or "__Host-" that does not keep the promise.
  COHTTPS_DECL result<void> add(cookie one, time_point now);

  /// In the order in which they were first set; expired ones may be among them.
  const std::vector<cookie>& cookies() const noexcept { return cookies_; }
  COHTTPS_DECL std::size_t size() const noexcept;
  COHTTPS_DECL bool empty() const noexcept;

  COHTTPS_DECL void clear() noexcept;
  COHTTPS_DECL void erase_expired(time_point now);
  /// Removes those that last as long as the jar: the end of a session.
  COHTTPS_DECL void erase_session();
  /// Removes those for which `unwanted` returns true; the number of them.
  template <class Predicate>
  std::size_t erase_if(Predicate unwanted) {
    return std::erase_if(cookies_, std::move(unwanted));
  }

 private:
  COHTTPS_DECL static std::chrono::sys_seconds latest(time_point now) noexcept;

  /// RFC 6265bis, 5.1.3; `domain` is no IP address unless it is the host.
  COHTTPS_DECL static bool domain_matches(std::string_view host, bool host_is_address,
                                          std::string_view domain) noexcept;

  /// RFC 6265bis, 5.1.4.
  COHTTPS_DECL static bool path_matches(std::string_view path,
                                        std::string_view cookie_path) noexcept;
  COHTTPS_DECL static std::string_view default_path(std::string_view path) noexcept;

  COHTTPS_DECL static bool matches(const cookie& c, const url& to) noexcept;

  COHTTPS_DECL static bool allows(const cookie& c, cookie_context context) noexcept;

  COHTTPS_DECL static bool has_prefix(std::string_view text, std::string_view prefix) noexcept;
  /// RFC 6265bis, 4.1.3; a value that would be taken for such a name is none either.
  COHTTPS_DECL static bool keeps_promise(const cookie& c, bool path_is_root) noexcept;

  COHTTPS_DECL static bool is_text(std::string_view text) noexcept;

  COHTTPS_DECL static std::unexpected<error> refuse(std::string_view reason, std::string_view why);

  /// RFC 6265bis, 5.7, up to the insertion.
  COHTTPS_DECL result<cookie> admit(const url& from, set_cookie&& parsed, time_point now) const;

  /// "Leave secure cookies alone" (RFC 6265bis, 5.7, step 16).
  COHTTPS_DECL bool would_shadow_secure(const cookie& one, time_point now) const noexcept;

  COHTTPS_DECL void insert(cookie&& one, time_point now);

  COHTTPS_DECL void remove_excess(time_point now);

  template <class Predicate>
  bool erase_oldest(Predicate candidate) {
    auto oldest = cookies_.end();
    for (auto i = cookies_.begin(); i != cookies_.end(); ++i)
      if (candidate(*i) && (oldest == cookies_.end() || i->last_used < oldest->last_used))
        oldest = i;
    if (oldest == cookies_.end()) return false;
    cookies_.erase(oldest);
    return true;
  }

  std::vector<cookie> cookies_;
};

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/http/cookie_jar.ipp>
#endif
