// Text in all charsets but those of charset.hpp, by the system's iconv.
#pragma once

#include <cohttps/core/separate.hpp>
#include <cohttps/http/charset_labels.hpp>
#include <cohttps/url/utf8.hpp>

// On Linux iconv is part of the C library. Elsewhere a program that links libiconv defines
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

/// `text` as UTF-8, with U+FFFD for what is malformed. Nothing when this system's iconv does not
/// know the charset.
COHTTPS_DECL [[gnu::cold]] std::optional<std::string> from_charset(std::string_view text,
                                                                   const charset& from);

}  // namespace cohttps::detail

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/http/charset_iconv.ipp>
#endif

#endif
