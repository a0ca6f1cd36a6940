// Definitions for origin.hpp.
#pragma once

#include <cohttps/url/origin.hpp>

namespace cohttps {

COHTTPS_DEF std::string origin::text() const {
  std::string out = scheme + "://" + host;
  if (port != default_port(scheme)) out += ':' + std::to_string(port);
  return out;
}

}  // namespace cohttps
