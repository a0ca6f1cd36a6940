// Streams of zlib. Only this header includes zlib.
#pragma once

#ifdef COHTTPS_HAS_ZLIB

#include <cohttps/core/separate.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <zlib.h>

namespace cohttps::detail {

/// Calls zlib's `inflate` with spans.
class inflater {
 public:
  /// `window_bits` as in zlib's manual: 15 for the zlib format, 31 for gzip, -15 for raw deflate.
  explicit inflater(int window_bits) {
    if (inflateInit2(&stream_, window_bits) != Z_OK) throw std::bad_alloc();
  }
  inflater(const inflater&) = delete;  // zlib keeps the address of `stream_`
  inflater& operator=(const inflater&) = delete;
  ~inflater() { inflateEnd(&stream_); }

  void restart() noexcept { inflateReset(&stream_); }
  void restart(int window_bits) noexcept { inflateReset2(&stream_, window_bits); }

  enum class outcome { more, end, malformed };

  /// Decodes until `in` or `out` is used up, and shortens both to the unused rest.
  COHTTPS_DECL outcome run(std::span<const std::byte>& in, std::span<std::byte>& out);

  std::uint64_t produced() const noexcept { return stream_.total_out; }
  std::string_view why() const noexcept { return stream_.msg ? stream_.msg : std::string_view(); }

 private:
  z_stream stream_{};
};

/// Calls zlib's `deflate` with spans, for raw deflate data (RFC 1951).
class deflater {
 public:
  /// `window_bits`: 9 to 15; `level`: 0 to 9.
  deflater(int window_bits, int level) {
    if (deflateInit2(&stream_, level, Z_DEFLATED, -window_bits, 8, Z_DEFAULT_STRATEGY) != Z_OK)
      throw std::bad_alloc();
  }
  deflater(const deflater&) = delete;  // zlib keeps the address of `stream_`
  deflater& operator=(const deflater&) = delete;
  ~deflater() { deflateEnd(&stream_); }

  /// Forgets earlier data.
  void restart() noexcept { deflateReset(&stream_); }

  /// Encodes until `in` or `out` is used up, and shortens both to the unused rest. With `flush` the
  /// output contains all of `in`, and ends with a whole byte. Returns true if `out` has taken
  /// all output.
  COHTTPS_DECL bool run(std::span<const std::byte>& in, std::span<std::byte>& out, bool flush);

 private:
  z_stream stream_{};
};

template <class = void>
std::string zlib_library_version() {
  return zlibVersion();
}

}  // namespace cohttps::detail

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/http/coding/zlib_stream.ipp>
#endif

#endif
