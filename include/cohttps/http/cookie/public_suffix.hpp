// Tells whether strangers can register names under a domain, such as "com" or "co.uk". Uses the
// Public Suffix List (https://publicsuffix.org). Only this header includes libpsl.
#pragma once

#include <cohttps/core/separate.hpp>

#include <string>
#include <string_view>

#ifdef COHTTPS_HAS_PSL
#include <libpsl.h>
#endif

namespace cohttps {

/// `domain` must be an ASCII name in lower case. With libpsl (COHTTPS_HAS_PSL) the function uses
/// the list that libpsl was built with. Without libpsl only a name with a single label counts as a
/// public suffix. The function then does not recognise "co.uk", and a server may set a cookie for
/// all names under it.
COHTTPS_DECL bool is_public_suffix(std::string_view domain);

/// Does the same, but only for the suffixes of registries. "co.uk" is such a suffix. "github.io" is
/// not, because its owner may have a certificate for all names under it.
COHTTPS_DECL bool is_registry_suffix(std::string_view domain);

namespace detail {

/// The version of libpsl that the program runs with; empty without libpsl.
COHTTPS_DECL std::string suffix_library_version();

}  // namespace detail

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/http/cookie/public_suffix.ipp>
#endif
