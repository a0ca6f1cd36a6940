// Content in the codings that are built in, for tests of what decodes it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#ifdef COHTTPS_HAS_ZLIB
#include <zlib.h>
#endif
#if defined(COHTTPS_HAS_BROTLI) && __has_include(<brotli/encode.h>)
#include <brotli/encode.h>
#define CAN_ENCODE_BROTLI 1
#endif
#ifdef COHTTPS_HAS_ZSTD
#include <zstd.h>
#endif

namespace encoders {

#ifdef COHTTPS_HAS_ZLIB
inline std::string deflated(std::string_view text, int window_bits, int flush = Z_FINISH) {
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, window_bits, 9, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, static_cast<uLong>(text.size())) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, flush);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}
inline std::string gzip(std::string_view text) { return deflated(text, 31); }
#endif

#ifdef CAN_ENCODE_BROTLI
inline std::string brotli(std::string_view text) {
  std::string out(BrotliEncoderMaxCompressedSize(text.size()) + 64, '\0');
  std::size_t size = out.size();
  BrotliEncoderCompress(5, 22, BROTLI_MODE_GENERIC, text.size(),
                        reinterpret_cast<const std::uint8_t*>(text.data()), &size,
                        reinterpret_cast<std::uint8_t*>(out.data()));
  out.resize(size);
  return out;
}
#endif

#ifdef COHTTPS_HAS_ZSTD
inline std::string zstd(std::string_view text, int window_log = 0) {
  std::string out(ZSTD_compressBound(text.size()) + 64, '\0');
  ZSTD_CCtx* context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
  if (window_log != 0) {
    ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, window_log);
    ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 0);
  }
  // As a stream, so that the frame says its window and not its size.
  ZSTD_inBuffer in{text.data(), text.size(), 0};
  ZSTD_outBuffer to{out.data(), out.size(), 0};
  ZSTD_inBuffer none{nullptr, 0, 0};
  ZSTD_compressStream2(context, &to, &in, ZSTD_e_continue);
  while (ZSTD_compressStream2(context, &to, &none, ZSTD_e_end) != 0) {
  }
  ZSTD_freeCCtx(context);
  out.resize(to.pos);
  return out;
}
#endif

/// `text` in each coding that is built in.
inline std::vector<std::pair<std::string, std::string>> all(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> out;
#ifdef COHTTPS_HAS_ZLIB
  out.emplace_back("gzip", gzip(text));
  out.emplace_back("deflate", deflated(text, 15));
  out.emplace_back("deflate", deflated(text, -15));
#endif
#ifdef CAN_ENCODE_BROTLI
  out.emplace_back("br", brotli(text));
#endif
#ifdef COHTTPS_HAS_ZSTD
  out.emplace_back("zstd", zstd(text));
#endif
  static_cast<void>(text);
  return out;
}

}  // namespace encoders
