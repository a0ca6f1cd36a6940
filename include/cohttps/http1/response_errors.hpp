// Errors of the response parser that need more than a fixed sentence.
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/http1/lines.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace cohttps::http1::detail {

/// The part of a response that the parser is reading.
enum class section : std::uint8_t { head, chunk_line, content, trailers };

/// Converts a fault to an error, with a short excerpt if the fault allows one.
COHTTPS_DECL [[gnu::cold]] error to_error(const fault& wrong);

/// The peer's first bytes do not begin a status line. The byte at `at` is the first wrong one.
COHTTPS_DECL [[gnu::cold]] error wrong_start(std::string_view start, std::size_t at);

COHTTPS_DECL [[gnu::cold]] error too_long(section part, std::size_t limit);

COHTTPS_DECL [[gnu::cold]] error too_many_fields(section part, std::size_t limit);

COHTTPS_DECL [[gnu::cold]] error too_many_interim(std::size_t limit);

COHTTPS_DECL [[gnu::cold]] error too_many_extensions();

COHTTPS_DECL [[gnu::cold]] error no_response_expected();

/// The stream ended too early. `nothing` says that no byte of a response arrived.
COHTTPS_DECL [[gnu::cold]] error truncated(section part, bool nothing);

}  // namespace cohttps::http1::detail

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/http1/response_errors.ipp>
#endif
