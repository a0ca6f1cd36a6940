// Converts text with the system's iconv, for the charsets that charset.hpp does not decode itself.
#pragma once

#include <cohttps/core/separate.hpp>
#include <cohttps/http/content/charset_labels.hpp>
#include <cohttps/url/utf8.hpp>

// On Linux iconv is part of the C library. On other systems a program that links libiconv defines
// COHTTPS_HAS_ICONV.
#if !defined(COHTTPS_HAS_ICONV) && defined(__linux__)
#define COHTTPS_HAS_ICONV 1
#endif

#ifdef COHTTPS_HAS_ICONV

#include <cerrno>
#include <cstddef>
#include <iconv.h>
#include <optional>
#include <string>
#include <string_view>

namespace cohttps::detail {

/// Converts `text` to UTF-8. Malformed sequences become U+FFFD. Returns nothing if this system's
/// iconv does not know the charset.
COHTTPS_DECL [[gnu::cold]] std::optional<std::string> from_charset(std::string_view text,
                                                                   const charset& from);

}  // namespace cohttps::detail

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/http/content/charset_iconv.ipp>
#endif

#endif
