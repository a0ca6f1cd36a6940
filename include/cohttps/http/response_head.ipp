// Definitions for response_head.hpp.
#pragma once

#include <cohttps/http/response_head.hpp>

namespace cohttps {

COHTTPS_DEF std::string_view response_head::reason_or_default() const noexcept {
  return reason.empty() ? reason_phrase(status) : std::string_view(reason);
}

COHTTPS_DEF void response_head::clear() noexcept {
  version_minor = 1;
  status = 0;
  reason.clear();
  headers.clear();
}

}  // namespace cohttps
