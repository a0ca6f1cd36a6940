// How much decoding may make of how little.
#pragma once

#include <cstdint>

namespace cohttps {

struct decoding_limits {
  std::uint64_t output = UINT64_MAX;       ///< bytes of decoded content
  std::uint64_t ratio = 1000;              ///< of each coding's output to what was received
  std::uint64_t ratio_from = 1024 * 1024;  ///< bytes of output before which none is too much
};

}  // namespace cohttps
