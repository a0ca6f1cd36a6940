// Where a redirection leads, and what of the request goes there (RFC 9110, 15.4; Fetch, 4.4).
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/http/fields.hpp>
#include <cohttps/http/method.hpp>
#include <cohttps/url/url.hpp>

#include <initializer_list>
#include <optional>
#include <string_view>
#include <utility>

namespace cohttps {

/// A redirection that can be followed.
struct redirection {
  url to;
  cohttps::method method;
  bool keeps_content;  ///< false when the method became GET
  bool same_origin;    ///< false: credentials stay behind
};

/// True for the statuses that name another place for the same work.
constexpr bool is_redirect_status(int status) noexcept {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/// Decides about a response to `method` on `from`. Nothing when it is not a redirection, or names
/// no place. Fails with category `protocol` when Location is not a URL or stands there twice with
/// different values, and with category `policy` when it leads from https to http.
COHTTPS_DECL result<std::optional<redirection>> follow_redirect(const url& from,
                                                                const method& method, int status,
                                                                const fields& headers);

/// Takes from the caller's fields what must not go to the redirection's place; `trusted` lets it
/// have their credentials, wherever it is.
COHTTPS_DECL void strip_for_redirect(fields& headers, const redirection& redirect,
                                     bool trusted = false);

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/http/redirect.ipp>
#endif
