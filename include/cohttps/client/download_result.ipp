// Definitions for download_result.hpp.
#pragma once

#include <cohttps/client/download_result.hpp>

namespace cohttps {

COHTTPS_DEF const cohttps::url& download_result::url() const { return state_.url_or_throw(); }

COHTTPS_DEF const connection_info& download_result::connection() const {
  return state_.connection_or_throw();
}

}  // namespace cohttps
