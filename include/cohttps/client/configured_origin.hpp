// Origins as a client's options name them.
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/url/origin.hpp>
#include <cohttps/url/url.hpp>

#include <string>
#include <string_view>

namespace cohttps {

/// Parses `text`, such as "https://api.example.com", as an origin. Fails with usage `reason`; the
/// message names the `option`.
inline result<origin> configured_origin(std::string_view text, std::string_view reason,
                                        std::string_view option) {
  const auto place = url::parse(text);
  if (place && place->target() == "/" && !place->has_credentials() && !place->has_fragment())
    return place->origin();
  return fail(error_category::usage, reason,
              std::string(option) +
                  " contains an invalid origin; write it like \"https://api.example.com\"");
}

}  // namespace cohttps
