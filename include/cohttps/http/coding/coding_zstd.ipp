// Definitions for coding_zstd.hpp.
#pragma once

#include <cohttps/http/coding/coding_zstd.hpp>

#ifdef COHTTPS_HAS_ZSTD

namespace cohttps::detail {

template <class T>
bool zstd_stage<T>::may_be_magic(std::byte b) noexcept {
  constexpr unsigned frame[] = {0x28, 0xb5, 0x2f, 0xfd}, skippable[] = {0x50, 0x2a, 0x4d, 0x18};
  const auto value = std::to_integer<unsigned>(b);
  const std::size_t i = magic_seen_++;
  if (i == 0) skips_ = (value & 0xf0) == skippable[0];
  return skips_ ? i == 0 || value == skippable[i] : value == frame[i];
}

template <class T>
std::unexpected<error> zstd_stage<T>::refuse(std::size_t code) {
  switch (ZSTD_getErrorCode(code)) {
    case ZSTD_error_memory_allocation:
      throw std::bad_alloc();
    case ZSTD_error_frameParameter_windowTooLarge:
      return fail(error_category::limit, "content_window_too_large",
                  "the content's zstd needs a window of more than 8 MiB");
    default:
      return malformed_content("zstd", ZSTD_getErrorName(code));
  }
}

}  // namespace cohttps::detail

#endif
