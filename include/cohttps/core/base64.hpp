// Base64 (RFC 4648, 4).
#pragma once

#include <cohttps/core/separate.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cohttps {

/// Encodes `bytes`, with padding.
COHTTPS_DECL std::string to_base64(std::string_view bytes);

/// Decodes Base64 with padding. White space may stand anywhere (RFC 7468, 3). Returns nothing for
/// any other text. The time depends on the content, so do not use it for secrets.
COHTTPS_DECL std::optional<std::vector<std::uint8_t>> from_base64(std::string_view text);

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/core/base64.ipp>
#endif
