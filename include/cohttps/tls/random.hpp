// Random bytes of the operating system.
#pragma once

#include <cohttps/tls/botan.hpp>

#include <botan/system_rng.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace cohttps::tls {

/// Returns `N` random bytes that are suitable for keys. Throws when the system's generator fails,
/// which does not happen on supported systems.
template <std::size_t N>
std::array<std::uint8_t, N> random_bytes() {
  std::array<std::uint8_t, N> bytes;
  Botan::system_rng().randomize(bytes.data(), bytes.size());
  return bytes;
}

/// Fills `out` with such bytes.
template <class = void>
void fill_random(std::span<std::byte> out) {
  Botan::system_rng().randomize(reinterpret_cast<std::uint8_t*>(out.data()), out.size());
}

}  // namespace cohttps::tls
