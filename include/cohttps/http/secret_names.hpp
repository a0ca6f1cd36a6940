// Names that suggest secrets.
#pragma once

#include <cohttps/core/separate.hpp>

#include <string_view>

namespace cohttps::detail {

/// The text that replaces a secret.
inline constexpr std::string_view hidden_secret = "<hidden>";

/// True if the name of a field, a parameter or a member suggests that its value is a secret.
COHTTPS_DECL bool is_secret_name(std::string_view name);

}  // namespace cohttps::detail

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/http/secret_names.ipp>
#endif
