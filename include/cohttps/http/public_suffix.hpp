// Whether a domain is one under which strangers register names, such as "com" or "co.uk", by the
// Public Suffix List (https://publicsuffix.org). No other header names libpsl.
#pragma once

#include <cohttps/core/separate.hpp>

#include <string>
#include <string_view>

#ifdef COHTTPS_HAS_PSL
#include <libpsl.h>
#endif

namespace cohttps {

/// `domain` is a name in lower case and ASCII. With libpsl (COHTTPS_HAS_PSL) it is looked up in the
/// list that libpsl was built with. Without, only names of a single label count as public suffixes:
/// then "co.uk" is not known to be one, and cookies may be set for all of it.
COHTTPS_DECL bool is_public_suffix(std::string_view domain);

/// The same, of suffixes that registries use alone: "co.uk" is one, and "github.io", whose owner
/// may well have a certificate for all of it, is not.
COHTTPS_DECL bool is_registry_suffix(std::string_view domain);

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/http/public_suffix.ipp>
#endif
