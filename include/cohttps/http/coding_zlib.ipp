// Definitions for coding_zlib.hpp.
#pragma once

#include <cohttps/http/coding_zlib.hpp>

#ifdef COHTTPS_HAS_ZLIB

namespace cohttps::detail {

COHTTPS_DEF auto inflater::run(std::span<const std::byte>& in, std::span<std::byte>& out)
    -> outcome {
  constexpr std::size_t most = 1 << 30;  // zlib counts in `unsigned`
  const std::size_t given = std::min(in.size(), most), room = std::min(out.size(), most);
  stream_.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(in.data()));
  stream_.avail_in = static_cast<uInt>(given);
  stream_.next_out = reinterpret_cast<Bytef*>(out.data());
  stream_.avail_out = static_cast<uInt>(room);
  const int code = inflate(&stream_, Z_NO_FLUSH);
  in = in.subspan(given - stream_.avail_in);
  out = out.subspan(room - stream_.avail_out);
  if (code == Z_MEM_ERROR) throw std::bad_alloc();
  if (code == Z_STREAM_END) return outcome::end;
  return code == Z_OK || code == Z_BUF_ERROR ? outcome::more : outcome::malformed;
}

COHTTPS_DEF bool gzip_stage::begins_member(std::span<const std::byte>& in) {
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
  std::byte nothing[1];  // zlib wants an address, although a header gives no content
  std::span<std::byte> none(nothing);
  inflater_.run(head, none);
  magic_seen_ = 0;
  complete_ = false;
  follows_ = true;
  return true;
}

COHTTPS_DEF bool deflate_stage::starts_zlib() const noexcept {
  const unsigned cmf = std::to_integer<unsigned>(head_[0]);
  return (cmf & 15) == 8 && cmf >> 4 <= 7 &&
         (cmf << 8 | std::to_integer<unsigned>(head_[1])) % 31 == 0;
}

}  // namespace cohttps::detail

#endif
