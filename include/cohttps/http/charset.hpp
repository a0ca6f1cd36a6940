// Text of any charset as UTF-8 (the Encoding Standard).
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/http/charset_iconv.hpp>
#include <cohttps/http/charset_labels.hpp>
#include <cohttps/http/media_type.hpp>
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

/// The bytes of the UTF-8 sequence at the front of `text`, or, negative, of what is not one and
/// becomes a single U+FFFD: as much of it as could have begun one (Unicode, 3.9, table 3-8).
COHTTPS_DECL int utf8_sequence(std::string_view text) noexcept;

COHTTPS_DECL std::string from_utf8(std::string_view text);

COHTTPS_DECL std::string from_windows_1252(std::string_view text);

/// Encoding Standard, 14.5: bytes beyond ASCII in the Private Use Area.
COHTTPS_DECL std::string from_user_defined(std::string_view text);

COHTTPS_DECL std::string from_utf16(std::string_view text, bool big_endian);

}  // namespace detail

/// `bytes` of this charset as UTF-8, as browsers read them (Encoding Standard): a byte order mark
/// at the front goes before `charset` and is left out, ISO 8859-1 and ASCII mean Windows-1252,
/// "utf-16" is little-endian, and what is malformed becomes U+FFFD. A `charset` that is empty or no
/// label of the standard is UTF-8.
///
/// Fails with usage "charset_unavailable" where the charset is known, and this system's iconv,
/// which has all but UTF-8, UTF-16 and Windows-1252, is not there or does not have it.
COHTTPS_DECL result<std::string> to_utf8(std::string_view bytes, std::string_view charset);

/// The text of content with this Content-Type, which may be empty or malformed: then it is UTF-8,
/// as it is without a charset. Fails as `to_utf8`.
COHTTPS_DECL result<std::string> decode_text(std::string_view bytes, std::string_view content_type);

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/http/charset.ipp>
#endif
