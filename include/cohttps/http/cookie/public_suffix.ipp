// Definitions for public_suffix.hpp.
#pragma once

#include <cohttps/http/cookie/public_suffix.hpp>

namespace cohttps {

COHTTPS_DEF bool is_public_suffix(std::string_view domain) {
  if (domain.ends_with('.')) domain.remove_suffix(1);  // a final dot does not change the name
#ifdef COHTTPS_HAS_PSL
  if (const psl_ctx_t* list = psl_builtin())
    return psl_is_public_suffix(list, std::string(domain).c_str()) != 0;
#endif
  return domain.find('.') == domain.npos;
}

COHTTPS_DEF bool is_registry_suffix(std::string_view domain) {
  if (domain.ends_with('.')) domain.remove_suffix(1);
#ifdef COHTTPS_HAS_PSL
  if (const psl_ctx_t* list = psl_builtin())
    return psl_is_public_suffix2(list, std::string(domain).c_str(), PSL_TYPE_ICANN) != 0;
#endif
  return domain.find('.') == domain.npos;
}

COHTTPS_DEF std::string detail::suffix_library_version() {
#ifdef COHTTPS_HAS_PSL
  const int version = psl_check_version_number(0);  // 8 bits for each part
  return std::to_string(version >> 16) + '.' + std::to_string((version >> 8) & 0xff) + '.' +
         std::to_string(version & 0xff);
#else
  return {};
#endif
}

}  // namespace cohttps
