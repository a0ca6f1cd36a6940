// Definitions for secret_names.hpp.
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/http/secret_names.hpp>

#include <string>

namespace cohttps::detail {

COHTTPS_DEF bool is_secret_name(std::string_view name) {
  const std::string lower = ascii::lower(name);
  for (const char* part : {"auth", "cookie", "token", "secret", "passw", "credential", "signature",
                           "session", "-key", "_key", "apikey"})
    if (lower.find(part) != lower.npos) return true;
  return false;
}

}  // namespace cohttps::detail
