// Origins as a client's options name them.
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/url/origin.hpp>
#include <cohttps/url/url.hpp>

#include <string>
#include <string_view>

namespace cohttps {

/// Parses `text`, such as "https://api.example.com", as an origin. Fails with usage `reason`; the
/// message names the `option`.
COHTTPS_DECL result<origin> configured_origin(std::string_view text, std::string_view reason,
                                              std::string_view option);

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/client/configured_origin.ipp>
#endif
