// Basic authentication (RFC 7617).
#pragma once

#include <cohttps/core/base64.hpp>
#include <cohttps/core/separate.hpp>

#include <string>
#include <string_view>

namespace cohttps {

/// Returns the value of Authorization or Proxy-Authorization. RFC 7617 forbids ':' and control
/// characters in `user`. This function does not check this; the code that accepts user names must.
COHTTPS_DECL std::string basic_credentials(std::string_view user, std::string_view password);

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/http/auth/basic.ipp>
#endif
