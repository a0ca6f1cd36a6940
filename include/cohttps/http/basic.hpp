// Basic authentication (RFC 7617).
#pragma once

#include <cohttps/core/base64.hpp>
#include <cohttps/core/separate.hpp>

#include <string>
#include <string_view>

namespace cohttps {

/// The value of Authorization or Proxy-Authorization. A `user` with ':' or a control character in
/// it cannot be told from something else: whoever takes names in refuses those.
COHTTPS_DECL std::string basic_credentials(std::string_view user, std::string_view password);

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/http/basic.ipp>
#endif
