// Definitions for basic.hpp.
#pragma once

#include <cohttps/http/auth/basic.hpp>

namespace cohttps {

COHTTPS_DEF std::string basic_credentials(std::string_view user, std::string_view password) {
  std::string pair(user);
  pair += ':';
  pair += password;
  return "Basic " + to_base64(pair);
}

}  // namespace cohttps
