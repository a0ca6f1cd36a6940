// Hashes and random text from Botan, for protocols above TLS.
#pragma once

#include <cohttps/core/separate.hpp>
#include <cohttps/http/digest.hpp>
#include <cohttps/tls/botan.hpp>

#include <botan/exceptn.h>
#include <botan/hash.h>
#include <botan/system_rng.h>

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace cohttps::tls {

namespace detail {

COHTTPS_DECL std::string to_hex(std::span<const std::uint8_t> bytes);

/// Null when this build of Botan has no such hash.
COHTTPS_DECL cohttps::digest_hashes::function available(const char* name,
                                                        cohttps::digest_hashes::function f);

COHTTPS_DECL std::string hash(const char* name, std::string_view text);

}  // namespace detail

/// The hashes of Digest authentication that this build of Botan has.
COHTTPS_DECL digest_hashes hashes();

/// 128 random bits of the system's generator as 32 hexadecimal digits; empty when the system has no
/// randomness to give.
COHTTPS_DECL std::string random_text();

}  // namespace cohttps::tls

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/tls/hash.ipp>
#endif
