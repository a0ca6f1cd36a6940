// Tells with which libraries this build of cohttps works.
#pragma once

#include <cohttps/core/separate.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace cohttps {

/// A library that this build of cohttps uses.
struct feature {
  std::string_view library;  ///< such as "nghttp2"
  std::string_view purpose;  ///< such as "HTTP/2"
  std::string version;       ///< of the library that the program runs with, such as "1.52.0"
};

/// Returns Botan, Asio, and the optional libraries that this build uses; in this order, and the
/// optional ones by name. A library that is missing here is a feature that is missing: without
/// "nghttp2", for example, the client speaks only HTTP/1.1. The version of cohttps itself is
/// `COHTTPS_VERSION_STRING` (`<cohttps/version.hpp>`).
COHTTPS_DECL std::vector<feature> features();

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/features.ipp>
#endif
