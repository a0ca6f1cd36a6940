// Limits on the output of decoders.
#pragma once

#include <cstdint>

namespace cohttps {

/// Limits for content that is decompressed; exceeding one is an error of category `limit`.
struct decoding_limits {
  std::uint64_t output = UINT64_MAX;       ///< bytes of decoded content
  std::uint64_t ratio = 1000;              ///< output bytes per received byte, for each coding
  std::uint64_t ratio_from = 1024 * 1024;  ///< output bytes up to which the ratio is not checked
};

}  // namespace cohttps
