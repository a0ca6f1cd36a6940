// Hashes and random text from Botan, for the protocols above TLS.
#pragma once

#include <cohttps/core/separate.hpp>
#include <cohttps/http/auth/digest.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace cohttps::tls {

namespace detail {

COHTTPS_DECL std::string to_hex(std::span<const std::uint8_t> bytes);

/// Returns `f`, or null when this build of Botan does not have the hash `name`.
COHTTPS_DECL cohttps::digest_hashes::function available(const char* name,
                                                        cohttps::digest_hashes::function f);

COHTTPS_DECL std::string hash(const char* name, std::string_view text);

}  // namespace detail

/// Returns the hashes for Digest authentication. A hash that this build of Botan lacks is null.
COHTTPS_DECL digest_hashes hashes();

/// Returns the 20 bytes of the SHA-1 of `text`, for protocols that need it and not for security.
COHTTPS_DECL std::string sha1(std::string_view text);

/// Returns 128 random bits of the system's generator as 32 hexadecimal digits, or empty text when
/// the generator fails.
COHTTPS_DECL std::string random_text();

}  // namespace cohttps::tls

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/tls/hash.ipp>
#endif
