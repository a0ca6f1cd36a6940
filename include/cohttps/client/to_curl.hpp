// Writes a request as a curl command, so that a person can try it.
#pragma once

#include <cohttps/client/request.hpp>
#include <cohttps/core/ascii.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/http/fields.hpp>
#include <cohttps/http/method.hpp>
#include <cohttps/http/secret_names.hpp>
#include <cohttps/url/url.hpp>
#include <cohttps/url/utf8.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace cohttps {

/// Whether `to_curl` shows passwords, tokens and other secrets.
enum class curl_secrets : bool {
  hidden,  ///< "<hidden>" in their place
  shown,   ///< as they are
};

namespace detail {

/// Returns one word of a shell: 'text', or $'text' if there are bytes that a terminal must not
/// receive.
COHTTPS_DECL std::string shell_quoted(std::string_view text);

COHTTPS_DECL std::string decimal_seconds(std::chrono::nanoseconds time);

}  // namespace detail

/// Returns a command that makes curl send the same request, without the fields that the client
/// adds. The command is for a POSIX shell. If bytes have to be escaped, it needs bash, zsh or ksh.
///
/// With `curl_secrets::hidden`, the text `<hidden>` replaces the credentials of the request, the
/// values of Authorization, Cookie and other fields whose names suggest secrets, and the user name
/// and password in the URL. The query and the content are shown unchanged. Content that is
/// generated, or that contains a zero byte, has to come from curl's standard input.
COHTTPS_DECL std::string to_curl(const request& r, curl_secrets secrets = curl_secrets::hidden);

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/client/to_curl.ipp>
#endif
