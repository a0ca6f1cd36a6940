// Decodes the coding zstd (RFC 8878, with the window limit of RFC 9659) with libzstd. Only this
// header includes libzstd.
#pragma once

#ifdef COHTTPS_HAS_ZSTD

#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/http/coding/coding_stage.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <zstd.h>
#include <zstd_errors.h>

namespace cohttps::detail {

/// Decodes one or more frames, including skippable ones, and verifies their checksums.
template <class = void>
class zstd_stage final : public coding_stage {
 public:
  zstd_stage() : context_(ZSTD_createDCtx()) {
    if (!context_) throw std::bad_alloc();
    // RFC 9659, 3: the window has at most 8 MiB.
    ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, 23);
  }

  result<progress> step(std::span<const std::byte> in, std::span<std::byte> out) override {
    progress total;
    while (!ended_ && total.produced < out.size() && (!complete_ || total.consumed < in.size())) {
      auto source = in.subspan(total.consumed);
      // This code checks the magic number itself, because libzstd may also accept formats that are
      // older than the standard. It passes the magic number to libzstd separately. If libzstd saw a
      // whole frame at once, it would not check the window size.
      if (magic_seen_ < magic_size) {
        source = source.first(std::min(source.size(), magic_size - magic_seen_));
        for (const std::byte b : source) {
          if (may_be_magic(b)) continue;
          if (frames_ == 0) return malformed_content("zstd", "it does not begin with a frame");
          complete_ = ended_ = true;  // the following bytes are not a frame
          return total;
        }
      }
      ZSTD_inBuffer from{source.data(), source.size(), 0};
      ZSTD_outBuffer to{out.data() + total.produced, out.size() - total.produced, 0};
      const std::size_t hint = ZSTD_decompressStream(context_.get(), &to, &from);
      total.consumed += from.pos;
      total.produced += to.pos;
      if (ZSTD_isError(hint)) return stop(refuse(hint), total);
      complete_ = hint == 0;
      if (complete_) {
        magic_seen_ = 0;
        ++frames_;
      } else if (total.consumed == in.size() && to.pos < to.size) {
        break;
      }
    }
    return total;
  }

  bool is_complete() const noexcept override { return complete_; }

 private:
  static constexpr std::size_t magic_size = 4;

  /// True if `b` can be the next byte of the magic number of a frame or of a skippable frame (RFC
  /// 8878, 3.1.1 and 3.1.2).
  bool may_be_magic(std::byte b) noexcept;

  static std::unexpected<error> refuse(std::size_t code);

  struct deleter {
    void operator()(ZSTD_DCtx* context) const noexcept { ZSTD_freeDCtx(context); }
  };

  std::unique_ptr<ZSTD_DCtx, deleter> context_;
  std::size_t magic_seen_ = 0;
  std::size_t frames_ = 0;
  bool skips_ = false;
  bool complete_ = false;
  bool ended_ = false;
};

template <class = void>
std::string zstd_library_version() {
  return ZSTD_versionString();
}

}  // namespace cohttps::detail

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/http/coding/coding_zstd.ipp>
#endif

#endif
