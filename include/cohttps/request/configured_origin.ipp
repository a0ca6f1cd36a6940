// Definitions for configured_origin.hpp.
#pragma once

#include <cohttps/request/configured_origin.hpp>

namespace cohttps::detail {

COHTTPS_DEF result<origin> configured_origin(std::string_view text, std::string_view reason,
                                             std::string_view option) {
  const auto place = url::parse(text);
  if (place && place->target() == "/" && !place->has_credentials() && !place->has_fragment())
    return place->origin();
  return fail(error_category::usage, reason,
              std::string(option) +
                  " contains an invalid origin; write it like \"https://api.example.com\"");
}

}  // namespace cohttps::detail
