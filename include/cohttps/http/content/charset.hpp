// Converts text in any charset to UTF-8 (the Encoding Standard).
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/http/content/charset_iconv.hpp>
#include <cohttps/http/content/charset_labels.hpp>
#include <cohttps/http/content/media_type.hpp>
#include <cohttps/url/utf8.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cohttps {

namespace detail {

inline constexpr std::string_view replacement = "\xef\xbf\xbd";  // U+FFFD

/// Returns the number of bytes of the UTF-8 sequence at the front of `text`, which is not empty. If
/// the sequence is malformed, the number is negative and counts the bytes that become a single
/// U+FFFD: those that could begin a valid sequence, but at least one (Unicode, 3.9, table 3-8).
COHTTPS_DECL int utf8_sequence(std::string_view text) noexcept;

COHTTPS_DECL std::string from_utf8(std::string_view text);

COHTTPS_DECL std::string from_windows_1252(std::string_view text);

/// Maps bytes outside ASCII to the Private Use Area (Encoding Standard, 14.5).
COHTTPS_DECL std::string from_user_defined(std::string_view text);

COHTTPS_DECL std::string from_utf16(std::string_view text, bool big_endian);

}  // namespace detail

/// Converts `bytes` in this charset to UTF-8, as browsers do (Encoding Standard). A byte order mark
/// at the front overrides `charset`, and is removed. ISO 8859-1 and ASCII mean Windows-1252, and
/// "utf-16" is little-endian. Malformed sequences become U+FFFD. If `charset` is empty, or not a
/// label of the standard, the text is read as UTF-8.
///
/// Only UTF-8, UTF-16, Windows-1252 and x-user-defined are built in; other charsets need this
/// system's iconv. Fails with usage "charset_unavailable" if the charset is known but iconv is
/// missing or does not support it.
COHTTPS_DECL result<std::string> to_utf8(std::string_view bytes, std::string_view charset);

/// Converts content with this Content-Type to UTF-8. If `content_type` is empty, malformed or
/// without a charset, the text is read as UTF-8. Fails as `to_utf8` does.
COHTTPS_DECL result<std::string> decode_text(std::string_view bytes, std::string_view content_type);

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/http/content/charset.ipp>
#endif
