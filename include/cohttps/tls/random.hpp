// Random bytes of the operating system.
#pragma once

#include <cohttps/tls/botan.hpp>

#include <botan/system_rng.h>

#include <array>
#include <cstddef>
#include <cstdint>

namespace cohttps::tls {

/// Fit for keys. Throws where the system has none to give, which no supported one does.
template <std::size_t N>
std::array<std::uint8_t, N> random_bytes() {
  std::array<std::uint8_t, N> bytes;
  Botan::system_rng().randomize(bytes.data(), bytes.size());
  return bytes;
}

}  // namespace cohttps::tls
