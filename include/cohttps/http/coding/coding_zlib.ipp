// Definitions for coding_zlib.hpp.
#pragma once

#include <cohttps/http/coding/coding_zlib.hpp>

#ifdef COHTTPS_HAS_ZLIB

namespace cohttps::detail {

template <class T>
bool gzip_stage<T>::begins_member(std::span<const std::byte>& in) {
  for (; magic_seen_ < magic.size(); ++magic_seen_, in = in.subspan(1)) {
    if (in.empty()) return false;
    if (in.front() != magic[magic_seen_]) {
      beyond_ = magic_seen_ > 0;
      ended_ = true;
      return false;
    }
  }
  inflater_.restart();
  std::span<const std::byte> head = magic;
  std::byte nothing[1];  // zlib requires an address, although a header gives no content
  std::span<std::byte> none(nothing);
  inflater_.run(head, none);
  magic_seen_ = 0;
  complete_ = false;
  follows_ = true;
  return true;
}

template <class T>
bool deflate_stage<T>::starts_zlib() const noexcept {
  const unsigned cmf = std::to_integer<unsigned>(head_[0]);
  return (cmf & 15) == 8 && cmf >> 4 <= 7 &&
         (cmf << 8 | std::to_integer<unsigned>(head_[1])) % 31 == 0;
}

}  // namespace cohttps::detail

#endif
