// Hashes and random text from Botan, for protocols above TLS.
#pragma once

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

inline std::string to_hex(std::span<const std::uint8_t> bytes) {
  constexpr char digits[] = "0123456789abcdef";
  std::string out;
  out.reserve(2 * bytes.size());
  for (const std::uint8_t b : bytes) {
    out += digits[b >> 4];
    out += digits[b & 15];
  }
  return out;
}

/// Null when this build of Botan has no such hash.
inline cohttps::digest_hashes::function available(const char* name,
                                                  cohttps::digest_hashes::function f) {
  return Botan::HashFunction::create(name) ? f : nullptr;
}

inline std::string hash(const char* name, std::string_view text) {
  const auto function = Botan::HashFunction::create(name);
  function->update(text);
  return to_hex(function->final());
}

}  // namespace detail

/// The hashes of Digest authentication that this build of Botan has.
inline digest_hashes hashes() {
  return {
      .md5 = detail::available("MD5", [](std::string_view t) { return detail::hash("MD5", t); }),
      .sha256 = detail::available("SHA-256",
                                  [](std::string_view t) { return detail::hash("SHA-256", t); }),
      .sha512_256 = detail::available(
          "SHA-512-256", [](std::string_view t) { return detail::hash("SHA-512-256", t); }),
  };
}

/// 128 random bits of the system's generator as 32 hexadecimal digits; empty when the system has no
/// randomness to give.
inline std::string random_text() try {
  std::array<std::uint8_t, 16> bytes{};
  Botan::system_rng().randomize(bytes);
  return detail::to_hex(bytes);
} catch (const Botan::Exception&) {
  return {};
}

}  // namespace cohttps::tls
