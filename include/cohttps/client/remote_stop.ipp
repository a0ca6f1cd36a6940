// Definitions for remote_stop.hpp.
#pragma once

#include <cohttps/client/remote_stop.hpp>

namespace cohttps {

COHTTPS_DEF bool remote_stop::deliver::posted() noexcept try {
  transport.post([to = target] {
    if (*to) (*to)->stop();
  });
  return true;
} catch (const std::bad_alloc&) {
  return false;
}

}  // namespace cohttps
