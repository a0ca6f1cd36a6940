// Adds the fields of the client to a request.
#pragma once

#include <cohttps/client/options.hpp>
#include <cohttps/core/ascii.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/http/coding/coding.hpp>
#include <cohttps/http/fields.hpp>
#include <cohttps/http/priority.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace cohttps::detail {

/// Adds the client's fields, except those whose name the request already has. It is called once for
/// a chain of redirections, so that a field that a redirection removed does not come back.
COHTTPS_DECL void add_client_fields(fields& all, const client_options& options);

COHTTPS_DECL void add_content_type(fields& all, std::string_view media_type);

/// Adds a Priority field (RFC 9218, 5). Fails with usage "priority_set_twice" if the request
/// already has one.
COHTTPS_DECL result<void> add_priority(fields& all, const priority& p);

/// Adds an Accept-Encoding field with the codings that the client can decode, and returns true.
/// Adds nothing and returns false if the request has an Accept-Encoding field: the caller then
/// decodes the content. The same applies to a Range field, because a range would refer to the coded
/// bytes.
COHTTPS_DECL bool add_accept_encoding(fields& all);

/// Makes a UUID of version 4 (RFC 9562, 5.4) from random bytes.
COHTTPS_DECL std::string random_uuid(std::array<std::uint8_t, 16> bytes);

}  // namespace cohttps::detail

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/request/request_fields.ipp>
#endif
