// Hides secrets in a HAR log.
#pragma once

#include <cohttps/core/separate.hpp>
#include <cohttps/http/har/har_entry.hpp>

#include <cstdint>
#include <span>
#include <string>

namespace cohttps {

/// Whether a HAR log contains passwords, tokens and other secrets.
enum class har_secrets : std::uint8_t {
  hidden,  ///< "<hidden>" in their place
  shown,   ///< as they are
};

/// Puts "<hidden>" in place of the values of fields, cookies, parameters of queries and forms, and
/// members of JSON, if their name suggests a secret, such as Authorization or "access_token", or is
/// one of `names`. Case does not matter in names. Content of other media types stays as it is.
COHTTPS_DECL void hide_secrets(har_request& in, std::span<const std::string> names = {});
COHTTPS_DECL void hide_secrets(har_response& in, std::span<const std::string> names = {});

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/http/har/har_secrets.ipp>
#endif
