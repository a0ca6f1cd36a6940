// Undoes the content codings of a response (RFC 9110, 8.4), piece by piece and within limits.
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/http/coding_brotli.hpp>
#include <cohttps/http/coding_stage.hpp>
#include <cohttps/http/coding_zlib.hpp>
#include <cohttps/http/coding_zstd.hpp>
#include <cohttps/http/decoding_limits.hpp>
#include <cohttps/http/fields.hpp>
#include <cohttps/http/strictness.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohttps {

namespace detail {

struct coding {
  std::string_view name;
  std::string_view library;
  std::unique_ptr<coding_stage> (*make)();  ///< null without the library
};

template <class Stage>
std::unique_ptr<coding_stage> make_stage() {
  return std::make_unique<Stage>();
}

inline constexpr coding codings[] = {
#ifdef COHTTPS_HAS_ZLIB
    {"gzip", "zlib", make_stage<gzip_stage>},
    {"deflate", "zlib", make_stage<deflate_stage>},
#else
    {"gzip", "zlib", nullptr},
    {"deflate", "zlib", nullptr},
#endif
#ifdef COHTTPS_HAS_BROTLI
    {"br", "brotli", make_stage<brotli_stage>},
#else
    {"br", "brotli", nullptr},
#endif
#ifdef COHTTPS_HAS_ZSTD
    {"zstd", "zstd", make_stage<zstd_stage>},
#else
    {"zstd", "zstd", nullptr},
#endif
};

}  // namespace detail

/// The value of Accept-Encoding: what this program was built with, such as "gzip, deflate, br,
/// zstd"; empty when that is nothing.
COHTTPS_DECL const std::string& accept_encoding();

/// True when one of the codings that a message's Content-Encoding lists is none that is known.
COHTTPS_DECL bool has_unknown_coding(const fields& headers);

/// Decodes content in all of its codings; in none, it copies.
///
/// ```
///   while (const auto bytes = receive(); !bytes.empty())       // all that was received,
///     for (auto rest = bytes;;) {
///       auto done = decoder.decode(rest, out);                  // until nothing is left to come
///       if (!done) return done.error();
///       use(out.first(done->produced));
///       rest = rest.subspan(done->consumed);
///       if (done->produced < out.size()) break;
///     }
///   if (auto ended = decoder.finish(); !ended) return ended.error();
/// ```
/// Memory: the window of each coding (gzip 32 KiB, zstd 8 MiB, br 16 MiB at most), and 16 KiB
/// between two.
class content_decoder {
 public:
  static constexpr std::size_t max_codings = 3;
  using progress = coding_stage::progress;

  /// For content with this Content-Encoding: a list in the order in which the codings were applied,
  /// where "identity" is none and "x-gzip" is gzip.
  ///
  /// Bytes behind the end of a coding are passed over, or, when read strictly, an error.
  ///
  /// Errors: protocol, "coding_unknown"; usage, "coding_unavailable" (the program was built without
  /// what it takes); limit, "too_many_codings" (over 3).
  COHTTPS_DECL static result<content_decoder> create(std::string_view content_encoding,
                                                     const decoding_limits& limits = {},
                                                     strictness how = strictness::lenient);

  /// For content of a message with these fields.
  COHTTPS_DECL static result<content_decoder> create(const fields& headers,
                                                     const decoding_limits& limits = {},
                                                     strictness how = strictness::lenient);

  /// True when there is nothing to decode, so that the content can be used where it is.
  COHTTPS_DECL bool is_identity() const noexcept;

  /// Decodes from `in` to `out`, which is not empty, until one of them is used up. As long as `out`
  /// is filled there may be more: call again with what is left of `in`, or with nothing.
  ///
  /// Errors: those of `coding_stage::step`; protocol, "content_trailing_bytes"; limit,
  /// "content_too_large", "content_ratio". What was decoded before something malformed is given;
  /// the error comes with the next call, or from `finish`.
  COHTTPS_DECL result<progress> decode(std::span<const std::byte> in, std::span<std::byte> out);

  /// Says that the input has ended and `decode` has given all. Content without a byte is empty in
  /// any coding: servers send it so. Fails with protocol "content_truncated", and, when read
  /// strictly, "content_trailing_bytes".
  COHTTPS_DECL result<void> finish() const;

 private:
  /// A decoder, and what the one before it made and it has not yet read.
  struct stage {
    std::string_view name;
    std::unique_ptr<coding_stage> decoder;
    std::unique_ptr<std::array<std::byte, 16 * 1024>> input = {};
    std::span<const std::byte> unread = {};
    std::uint64_t produced = 0;
    bool may_hold_more = false;
  };

  content_decoder(const decoding_limits& limits, strictness how)
      : limits_(limits), strictness_(how) {}

  COHTTPS_DECL result<void> add(std::string_view content_encoding);

  COHTTPS_DECL result<void> add_one(std::string_view name);

  /// Makes stage `i` fill `out`; it has the stages before it read `in` as it needs.
  COHTTPS_DECL result<std::size_t> pull(std::size_t i, std::span<const std::byte>& in,
                                        std::span<std::byte> out);

  decoding_limits limits_;
  strictness strictness_;
  std::vector<stage> stages_;  // the coding that was applied last comes first
  std::uint64_t received_ = 0;
  std::uint64_t produced_ = 0;
};

/// All of a content at once. Errors as of `content_decoder`.
COHTTPS_DECL result<std::string> decode_content(std::string_view content_encoding,
                                                std::string_view bytes,
                                                const decoding_limits& limits = {},
                                                strictness how = strictness::lenient);

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/http/coding.ipp>
#endif
