// Definitions for zlib_stream.hpp.
#pragma once

#include <cohttps/http/coding/zlib_stream.hpp>

#ifdef COHTTPS_HAS_ZLIB

namespace cohttps::detail {

COHTTPS_DEF auto inflater::run(std::span<const std::byte>& in, std::span<std::byte>& out)
    -> outcome {
  constexpr std::size_t most = 1 << 30;  // zlib counts bytes in `unsigned`
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

COHTTPS_DEF bool deflater::run(std::span<const std::byte>& in, std::span<std::byte>& out,
                               bool flush) {
  constexpr std::size_t most = 1 << 30;  // zlib counts bytes in `unsigned`
  const std::size_t given = std::min(in.size(), most), room = std::min(out.size(), most);
  stream_.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(in.data()));
  stream_.avail_in = static_cast<uInt>(given);
  stream_.next_out = reinterpret_cast<Bytef*>(out.data());
  stream_.avail_out = static_cast<uInt>(room);
  const bool last = flush && given == in.size();
  (void)deflate(&stream_, last ? Z_SYNC_FLUSH : Z_NO_FLUSH);
  in = in.subspan(given - stream_.avail_in);
  out = out.subspan(room - stream_.avail_out);
  return in.empty() && stream_.avail_out != 0;
}

}  // namespace cohttps::detail

#endif
