// Decides where a redirection leads, and which parts of the request go there (RFC 9110, 15.4;
// Fetch, 4.4).
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/http/fields.hpp>
#include <cohttps/http/hsts_policy.hpp>
#include <cohttps/http/method.hpp>
#include <cohttps/url/url.hpp>

#include <initializer_list>
#include <optional>
#include <string_view>
#include <utility>

namespace cohttps {

/// A redirection that the client can follow.
struct redirection {
  url to;                  ///< where the next request goes
  cohttps::method method;  ///< of the next request
  bool keeps_content;      ///< false if the method became GET
  bool same_origin;        ///< if false, `strip_for_redirect` removes credentials
};

/// True for the statuses that redirect the client to another URL.
constexpr bool is_redirect_status(int status) noexcept {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/// Decides about a response to a request with `method` for `from`. Returns nothing if the response
/// is not a redirection, or has no Location. Fails with category `protocol` if Location is not a
/// URL, or if it occurs twice with different values. Fails with category `policy` if it leads from
/// https to http.
COHTTPS_DECL result<std::optional<redirection>> follow_redirect(const url& from,
                                                                const method& method, int status,
                                                                const fields& headers,
                                                                hsts_policy* hsts = nullptr,
                                                                hsts_policy::time_point now = {});

/// Removes the fields that must not go to the target of the redirection. If `trusted` is true, the
/// target gets the credentials even if its origin differs.
COHTTPS_DECL void strip_for_redirect(fields& headers, const redirection& redirect,
                                     bool trusted = false);

namespace detail {

/// `u`, or the https URL that it means for a host that wants https (RFC 6797, 8.3). `hsts` may be
/// null.
COHTTPS_DECL url secured_by(hsts_policy* hsts, hsts_policy::time_point now, url u);

}  // namespace detail

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/http/redirect.ipp>
#endif
