// Parses the origins in a client's options.
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/url/origin.hpp>
#include <cohttps/url/url.hpp>

#include <string>
#include <string_view>

namespace cohttps::detail {

/// Parses `text`, such as "https://api.example.com", as an origin. Fails with category usage and
/// the given `reason`; the message contains `option`, the name of the option.
COHTTPS_DECL result<origin> configured_origin(std::string_view text, std::string_view reason,
                                              std::string_view option);

}  // namespace cohttps::detail

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/request/configured_origin.ipp>
#endif
