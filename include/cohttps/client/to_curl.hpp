// A request as a command of curl, to be tried by hand.
#pragma once

#include <cohttps/client/request.hpp>
#include <cohttps/core/ascii.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/http/fields.hpp>
#include <cohttps/http/method.hpp>
#include <cohttps/url/url.hpp>
#include <cohttps/url/utf8.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace cohttps {

/// Whether `to_curl` shows what gives access.
enum class curl_secrets : bool { hidden, shown };

namespace detail {

/// One word of a shell: 'text', or $'text' where there are bytes that no terminal should see.
COHTTPS_DECL std::string shell_quoted(std::string_view text);

/// Fields that give access, by their names.
COHTTPS_DECL bool is_secret_field(std::string_view name);

COHTTPS_DECL std::string decimal_seconds(std::chrono::nanoseconds time);

}  // namespace detail

/// A command for a POSIX shell (or, where bytes have to be escaped, bash, zsh or ksh) that makes
/// curl send the same request, without the fields that the client adds to it.
///
/// Unless `curl_secrets::shown`, `<hidden>` stands for the values of Authorization, Cookie and
/// other fields that are named like secrets, and for the user and password of a URL. The query and
/// the content are shown as they are. Content that is made on the way is left to standard input.
COHTTPS_DECL std::string to_curl(const request& r, curl_secrets secrets = curl_secrets::hidden);

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/client/to_curl.ipp>
#endif
