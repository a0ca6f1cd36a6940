// Definitions for downloaded.hpp.
#pragma once

#include <cohttps/client/downloaded.hpp>

namespace cohttps {

COHTTPS_DEF const cohttps::url& downloaded::url() const { return state_.url_or_throw(); }

COHTTPS_DEF const connection_info& downloaded::connection() const {
  return state_.connection_or_throw();
}

}  // namespace cohttps
