// Tells which fields may come after the content (RFC 9110, 6.5.1).
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/separate.hpp>

#include <string_view>

namespace cohttps {

/// False for fields that a recipient must know before the content, and for fields that would be
/// dangerous after it: framing, routing, request modifiers, authentication, how to read the
/// content, response control data.
COHTTPS_DECL bool is_trailer_allowed(std::string_view name) noexcept;

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/http/trailer.ipp>
#endif
