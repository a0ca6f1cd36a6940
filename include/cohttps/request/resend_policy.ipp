// Definitions for resend_policy.hpp.
#pragma once

#include <cohttps/request/resend_policy.hpp>

namespace cohttps::detail {

COHTTPS_DEF failure failure_of(const error& e, bool connected) noexcept {
  if (e.is(known_reason::http_1_1_required)) return failure::http_1_1_required;
  switch (e.category()) {
    case error_category::connect:
      return failure::temporary;
    case error_category::peer_closed:
      return connected ? failure::connection_lost : failure::temporary;
    case error_category::resolve:
      return e.is(known_reason::host_not_found) ? failure::permanent : failure::temporary;
    case error_category::timeout:
      return e.is(known_reason::total_timeout) || e.phase() == phase::queue ? failure::permanent
                                                                            : failure::temporary;
    default:
      return failure::permanent;
  }
}

}  // namespace cohttps::detail
