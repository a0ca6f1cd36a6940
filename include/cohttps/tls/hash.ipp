// Definitions for hash.hpp.
#pragma once

#include <cohttps/tls/botan.hpp>
#include <cohttps/tls/hash.hpp>

#include <botan/exceptn.h>
#include <botan/hash.h>
#include <botan/system_rng.h>

#include <array>

namespace cohttps::tls {
namespace detail {

COHTTPS_DEF std::string to_hex(std::span<const std::uint8_t> bytes) {
  constexpr char digits[] = "0123456789abcdef";
  std::string out;
  out.reserve(2 * bytes.size());
  for (const std::uint8_t b : bytes) {
    out += digits[b >> 4];
    out += digits[b & 15];
  }
  return out;
}

COHTTPS_DEF cohttps::digest_hashes::function available(const char* name,
                                                       cohttps::digest_hashes::function f) {
  return Botan::HashFunction::create(name) ? f : nullptr;
}

COHTTPS_DEF std::string hash(const char* name, std::string_view text) {
  const auto function = Botan::HashFunction::create(name);
  function->update(text);
  return to_hex(function->final());
}

}  // namespace detail
}  // namespace cohttps::tls

namespace cohttps::tls {

COHTTPS_DEF digest_hashes hashes() {
  return {
      .md5 = detail::available("MD5", [](std::string_view t) { return detail::hash("MD5", t); }),
      .sha256 = detail::available("SHA-256",
                                  [](std::string_view t) { return detail::hash("SHA-256", t); }),
      .sha512_256 = detail::available(
          "SHA-512-256", [](std::string_view t) { return detail::hash("SHA-512-256", t); }),
  };
}

COHTTPS_DEF std::string sha1(std::string_view text) {
  const auto function = Botan::HashFunction::create_or_throw("SHA-1");
  function->update(text);
  const auto bytes = function->final();
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

COHTTPS_DEF std::string random_text() try {
  std::array<std::uint8_t, 16> bytes{};
  Botan::system_rng().randomize(bytes);
  return detail::to_hex(bytes);
} catch (const Botan::Exception&) {
  return {};
}

}  // namespace cohttps::tls
