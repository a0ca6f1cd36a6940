// Writes the parts of a HAR 1.2 log.
#pragma once

#include <cohttps/core/separate.hpp>
#include <cohttps/http/har/har_entry.hpp>

#include <string>
#include <string_view>

namespace cohttps {

namespace detail {

/// A log is the head, the entries with ",\n" between them, and the tail.
inline constexpr std::string_view har_head =
    R"({"log":{"version":"1.2","creator":{"name":"cohttps","version":"0.1.0"},"entries":[)"
    "\n";
inline constexpr std::string_view har_tail = "\n]}}\n";

}  // namespace detail

/// Returns an entry as JSON. Cookies, the query and the parameters of a form are those in the
/// fields, the URL and the content. Content that is not UTF-8 becomes Base64: `encoding`, and for a
/// request `_encoding`. The response to a failed request has status 0 and `_error`, as in browsers,
/// and besides `_errorCategory` and `_errorReason`. `_leftOut` and `_sentAgain` are
/// `har_content::left_out` and `har_entry::sent_again`.
COHTTPS_DECL std::string write_har_entry(const har_entry& e);

/// Returns a whole log.
COHTTPS_DECL std::string write_har(const har_log& log);

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/http/har/har_writer.ipp>
#endif
