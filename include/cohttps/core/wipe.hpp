// Overwrites memory that held a secret.
#pragma once

#include <cstddef>
#include <cstring>
#include <span>

namespace cohttps::detail {

/// Fills `bytes` with zeros. The compiler cannot remove this.
inline void wipe(std::span<std::byte> bytes) noexcept {
  if (!bytes.empty()) std::memset(bytes.data(), 0, bytes.size());
  asm volatile("" : : "r"(bytes.data()) : "memory");
}

}  // namespace cohttps::detail
