// Definitions for priority.hpp.
#pragma once

#include <cohttps/http/priority.hpp>

namespace cohttps {

COHTTPS_DEF result<std::string> priority_field(const priority& p) {
  if (p.urgency < 0 || p.urgency > 7)
    return fail(error_category::usage, "invalid_priority",
                "the urgency of a request is a number from 0, the most urgent, to 7");
  std::string out;
  if (p.urgency != priority().urgency) out = "u=" + std::to_string(p.urgency);
  if (p.incremental) out += out.empty() ? "i" : ", i";
  return out;
}

}  // namespace cohttps
