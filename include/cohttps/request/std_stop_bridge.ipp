// Definitions for std_stop_bridge.hpp.
#pragma once

#include <cohttps/request/std_stop_bridge.hpp>

namespace cohttps::detail {

COHTTPS_DEF bool std_stop_bridge::deliver::posted() noexcept try {
  transport.post([to = target] {
    if (*to) (*to)->stop();
  });
  return true;
} catch (const std::bad_alloc&) {
  return false;
}

}  // namespace cohttps::detail
