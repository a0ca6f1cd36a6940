// Stores the cookies that servers set, and chooses the cookies for a request (RFC 6265bis).
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/http/cookie/cookie_store.hpp>
#include <cohttps/http/cookie/public_suffix.hpp>
#include <cohttps/http/cookie/set_cookie.hpp>
#include <cohttps/http/fields.hpp>
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

/// A cookie as a jar stores it (RFC 6265bis, 5.7).
struct cookie {
  using time_point = std::chrono::system_clock::time_point;

  std::string name;    ///< before the "="
  std::string value;   ///< after the "="
  std::string domain;  ///< in lower case; without `host_only` the cookie is also for subdomains
  std::string path;    ///< starts with '/'
  /// Empty for a session cookie, which lasts as long as the jar.
  std::optional<std::chrono::sys_seconds> expires;
  time_point created;      ///< when the jar got the cookie
  time_point last_used;    ///< when the cookie was sent last
  bool host_only = true;   ///< true: only for `domain` itself, not for names below it
  bool secure = false;     ///< only over https
  bool http_only = false;  ///< not for scripts of web pages; this library only keeps it
  same_site_mode same_site = same_site_mode::unspecified;  ///< from the attribute SameSite

  /// True if the cookie is not sent any more.
  COHTTPS_DECL bool is_expired(time_point now) const noexcept;
};

/// The cookies of one user.
///
/// A client that is not a browser sends its own requests, and no other site causes them. The jar
/// therefore stores SameSite, but holds no cookie back unless `cookie_context` says so. It also
/// stores HttpOnly without using it. Only a connection to an https URL counts as secure.
///
/// Limits: 50 cookies for each domain, and 3000 in all. If there are too many, the jar first
/// removes expired cookies. If a domain still has too many, the jar removes its least recently used
/// cookie, and prefers cookies that are not `secure`. If the jar still has too many, it removes the
/// least recently used cookie.
///
/// The caller passes in the time. Threads: as for a standard container; `shared_cookie_jar` adds a
/// lock.
class cookie_jar {
 public:
  using time_point = cookie::time_point;

  /// The largest number of cookies of a domain; the jar then drops the one used least recently.
  static constexpr std::size_t max_per_domain = 50;
  /// The largest number of cookies in all; the jar then drops the one used least recently.
  static constexpr std::size_t max_size = 3000;

  /// Stores the cookie in the value of a Set-Cookie field of a response from `from`. An expiry date
  /// in the past removes the cookie.
  ///
  /// An error only says why the jar ignored the cookie. Errors: those of `parse_set_cookie`;
  /// policy, "cookie_domain" (Domain is neither the host nor a domain above it), "cookie_suffix"
  /// (Domain is a public suffix), "cookie_secure" (http tried to set a Secure cookie, or to replace
  /// one), "cookie_prefix" (the name begins with "__Secure-" or "__Host-", and the cookie lacks the
  /// attributes that this prefix requires), "cookie_same_site" (SameSite=None without Secure).
  COHTTPS_DECL result<void> store(const url& from, std::string_view set_cookie_value,
                                  time_point now);

  /// Stores the cookies of all Set-Cookie fields. Ignores those that `store` refuses.
  COHTTPS_DECL void store_all(const url& from, const fields& headers, time_point now);

  /// Returns the value of the Cookie field for a request to `to`; empty if there are no cookies for
  /// it. Cookies with longer paths come first, then older cookies.
  COHTTPS_DECL std::string cookie_header(const url& to, time_point now,
                                         cookie_context context = cookie_context::same_site);

  /// Adds a cookie from another place, such as a file. It replaces a cookie with the same name,
  /// domain, path and `host_only`.
  ///
  /// Fails with usage "cookie_invalid" if no response could have set the cookie: it has control
  /// characters, ';', '=' in the name, a size over the limit, an invalid domain or path, or it
  /// lacks the attributes that its prefix "__Secure-" or "__Host-" requires.
  COHTTPS_DECL result<void> add(cookie one, time_point now);

  /// Returns the cookies in the order in which they were first set. Expired cookies may be among
  /// them.
  const std::vector<cookie>& cookies() const noexcept { return cookies_; }
  COHTTPS_DECL std::size_t size() const noexcept;
  COHTTPS_DECL bool empty() const noexcept;

  COHTTPS_DECL void clear() noexcept;
  /// Removes the cookies that have expired.
  COHTTPS_DECL void erase_expired(time_point now);
  /// Removes the session cookies.
  COHTTPS_DECL void erase_session();
  /// Removes the cookies for which `unwanted` returns true. Returns how many it removed.
  template <class Predicate>
  std::size_t erase_if(Predicate unwanted) {
    return std::erase_if(cookies_, std::move(unwanted));
  }

 private:
  COHTTPS_DECL static std::chrono::sys_seconds latest(time_point now) noexcept;

  /// RFC 6265bis, 5.1.3. An IP address matches only itself.
  COHTTPS_DECL static bool domain_matches(std::string_view host, bool host_is_address,
                                          std::string_view domain) noexcept;

  /// RFC 6265bis, 5.1.4.
  COHTTPS_DECL static bool path_matches(std::string_view path,
                                        std::string_view cookie_path) noexcept;
  COHTTPS_DECL static std::string_view default_path(std::string_view path) noexcept;

  COHTTPS_DECL static bool matches(const cookie& c, const url& to) noexcept;

  COHTTPS_DECL static bool allows(const cookie& c, cookie_context context) noexcept;

  COHTTPS_DECL static bool has_prefix(std::string_view text, std::string_view prefix) noexcept;
  /// True if the cookie has the attributes that the prefix of its name requires (RFC 6265bis,
  /// 4.1.3). The value of a cookie without a name must not begin with such a prefix.
  COHTTPS_DECL static bool keeps_promise(const cookie& c, bool path_is_root) noexcept;

  COHTTPS_DECL static bool is_text(std::string_view text) noexcept;

  COHTTPS_DECL static std::unexpected<error> refuse(std::string_view reason, std::string_view why);

  /// Applies RFC 6265bis, 5.7, up to the insertion.
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
#include <cohttps/http/cookie/cookie_jar.ipp>
#endif
