// The fields that a client adds to a request.
#pragma once

#include <cohttps/client/options.hpp>
#include <cohttps/core/ascii.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/http/coding.hpp>
#include <cohttps/http/fields.hpp>
#include <cohttps/http/priority.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace cohttps {

/// Adds the client's fields where the request has none of that name. Once for a chain of
/// redirections: what one of them takes away does not come back.
COHTTPS_DECL void add_client_fields(fields& all, const client_options& options);

COHTTPS_DECL void add_content_type(fields& all, std::string_view media_type);

/// RFC 9218, 5. Fails with usage where the caller has written the field too.
COHTTPS_DECL result<void> add_priority(fields& all, const priority& p);

/// Asks for the content codings that can be decoded. Not where the caller asks for some: what comes
/// is theirs then, as it is; nor for a range, which would be one of the coded bytes.
COHTTPS_DECL bool add_accept_encoding(fields& all);

/// A UUID of version 4 (RFC 9562, 5.4) from random bytes.
COHTTPS_DECL std::string random_uuid(std::array<std::uint8_t, 16> bytes);

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/client/request_fields.ipp>
#endif
