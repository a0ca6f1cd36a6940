// Whether a domain is one under which strangers register names, such as "com" or "co.uk", by the
// Public Suffix List (https://publicsuffix.org). No other header names libpsl.
#pragma once

#include <string>
#include <string_view>

#ifdef COHTTPS_HAS_PSL
#include <libpsl.h>
#endif

namespace cohttps {

/// `domain` is a name in lower case and ASCII. With libpsl (COHTTPS_HAS_PSL) it is looked up in the
/// list that libpsl was built with. Without, only names of a single label count as public suffixes:
/// then "co.uk" is not known to be one, and cookies may be set for all of it.
inline bool is_public_suffix(std::string_view domain) {
  if (domain.ends_with('.')) domain.remove_suffix(1);  // the same name, as resolvers write it
#ifdef COHTTPS_HAS_PSL
  if (const psl_ctx_t* list = psl_builtin())
    return psl_is_public_suffix(list, std::string(domain).c_str()) != 0;
#endif
  return domain.find('.') == domain.npos;
}

/// The same, of suffixes that registries use alone: "co.uk" is one, and "github.io", whose owner
/// may well have a certificate for all of it, is not.
inline bool is_registry_suffix(std::string_view domain) {
  if (domain.ends_with('.')) domain.remove_suffix(1);
#ifdef COHTTPS_HAS_PSL
  if (const psl_ctx_t* list = psl_builtin())
    return psl_is_public_suffix2(list, std::string(domain).c_str(), PSL_TYPE_ICANN) != 0;
#endif
  return domain.find('.') == domain.npos;
}

}  // namespace cohttps
