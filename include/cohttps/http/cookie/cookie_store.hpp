// The interface by which a client stores and reads cookies.
#pragma once

#include <cohttps/http/fields.hpp>
#include <cohttps/url/url.hpp>

#include <chrono>
#include <cstdint>
#include <string>

namespace cohttps {

/// Says who caused a request, for the SameSite rules (RFC 6265bis, 5.8.3).
enum class cookie_context : std::uint8_t {
  same_site,              ///< the program itself: all cookies are sent
  cross_site_navigation,  ///< another site, by a link or another safe navigation: not `strict`
  cross_site,             ///< another site in any other way: only cookies with SameSite=None
};

/// Stores the cookies of a client. `shared_cookie_jar` implements it. Because of this interface, a
/// program without cookies does not compile the code for them.
///
/// Threads: the clients that share a store may call it at the same time.
class cookie_store {
 public:
  using time_point = std::chrono::system_clock::time_point;

  cookie_store() = default;
  cookie_store(const cookie_store&) = delete;
  cookie_store& operator=(const cookie_store&) = delete;
  virtual ~cookie_store() = default;

  /// Stores the cookies of the Set-Cookie fields in a response from `from`.
  virtual void store_all(const url& from, const fields& headers, time_point now) = 0;

  /// Returns the value of the Cookie field for a request to `to`; empty if there are no cookies.
  virtual std::string cookie_header(const url& to, time_point now,
                                    cookie_context context = cookie_context::same_site) = 0;
};

}  // namespace cohttps
