// Decodes the content codings of a response (RFC 9110, 8.4), piece by piece and within limits.
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/http/coding/coding_brotli.hpp>
#include <cohttps/http/coding/coding_stage.hpp>
#include <cohttps/http/coding/coding_zlib.hpp>
#include <cohttps/http/coding/coding_zstd.hpp>
#include <cohttps/http/coding/decoding_limits.hpp>
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
  std::unique_ptr<coding_stage> (*make)();  ///< null if the program was built without the library
};

template <class Stage>
std::unique_ptr<coding_stage> make_stage() {
  return std::make_unique<Stage>();
}

template <class = void>
inline constexpr coding codings[] = {
#ifdef COHTTPS_HAS_ZLIB
    {"gzip", "zlib", make_stage<gzip_stage<>>},
    {"deflate", "zlib", make_stage<deflate_stage<>>},
#else
    {"gzip", "zlib", nullptr},
    {"deflate", "zlib", nullptr},
#endif
#ifdef COHTTPS_HAS_BROTLI
    {"br", "brotli", make_stage<brotli_stage<>>},
#else
    {"br", "brotli", nullptr},
#endif
#ifdef COHTTPS_HAS_ZSTD
    {"zstd", "zstd", make_stage<zstd_stage<>>},
#else
    {"zstd", "zstd", nullptr},
#endif
};

}  // namespace detail

/// Returns the value of Accept-Encoding: the codings that this program was built with, such as
/// "gzip, deflate, br, zstd"; empty if there are none.
COHTTPS_DECL const std::string& accept_encoding();

/// True if Content-Encoding lists a coding that this library does not know.
COHTTPS_DECL bool has_unknown_coding(const fields& headers);

/// Decodes content that has up to three codings. Without a coding it copies the content.
///
/// ```
///   for (auto bytes = receive(); !bytes.empty(); bytes = receive())  // each received piece
///     for (auto rest = bytes;;) {
///       auto done = decoder.decode(rest, out);  // repeat until `out` is not filled
///       if (!done) return done.error();
///       use(out.first(done->produced));
///       rest = rest.subspan(done->consumed);
///       if (done->produced < out.size()) break;
///     }
///   if (auto ended = decoder.finish(); !ended) return ended.error();
/// ```
/// Memory: one window for each coding (at most 32 KiB for gzip, 8 MiB for zstd, 16 MiB for br), and
/// 16 KiB between two codings.
class content_decoder {
 public:
  static constexpr std::size_t max_codings =
      3;                                    ///< codings that content may have, one upon another
  using progress = coding_stage::progress;  ///< how far a step came

  /// Makes a decoder for content with this Content-Encoding: a list of codings, in the order in
  /// which the server applied them. "identity" means no coding, and "x-gzip" means gzip.
  ///
  /// Bytes after the end of a coding are skipped; with `strictness::strict` they are an error.
  ///
  /// Errors: protocol, "coding_unknown"; usage, "coding_unavailable" (the program was built without
  /// the library for the coding); limit, "too_many_codings" (more than 3).
  COHTTPS_DECL static result<content_decoder> create(std::string_view content_encoding,
                                                     const decoding_limits& limits = {},
                                                     strictness how = strictness::lenient);

  /// Makes a decoder for the content of a message with these fields. Errors as above.
  COHTTPS_DECL static result<content_decoder> create(const fields& headers,
                                                     const decoding_limits& limits = {},
                                                     strictness how = strictness::lenient);

  /// True if there is nothing to decode. The caller can then use the content without copying it.
  COHTTPS_DECL bool is_identity() const noexcept;

  /// Decodes from `in` to `out`, which must not be empty, until one of them is used up. If the call
  /// fills `out`, there may be more output: call again with the rest of `in`, even if it is empty.
  ///
  /// Errors: those of `coding_stage::step`; protocol, "content_trailing_bytes"; limit,
  /// "content_too_large", "content_ratio". If the content is malformed after some decoded bytes,
  /// this call returns the bytes. The next call, or `finish`, returns the error.
  COHTTPS_DECL result<progress> decode(std::span<const std::byte> in, std::span<std::byte> out);

  /// Checks that the content is complete. Call it after the end of the input, when `decode` has
  /// returned all output. Content without a single byte is complete in any coding, because servers
  /// send such content. Fails with protocol "content_truncated", or, with `strictness::strict`,
  /// "content_trailing_bytes".
  COHTTPS_DECL result<void> finish() const;

 private:
  /// A decoder, and the bytes that the stage before it produced and that it has not read yet.
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

  /// Fills `out` with the output of stage `i`. The stages before it read `in` as far as needed.
  COHTTPS_DECL result<std::size_t> pull(std::size_t i, std::span<const std::byte>& in,
                                        std::span<std::byte> out);

  decoding_limits limits_;
  strictness strictness_;
  std::vector<stage> stages_;  // the first one decodes the coding that was applied last
  std::uint64_t received_ = 0;
  std::uint64_t produced_ = 0;
};

/// Decodes a whole content at once. Errors as of `content_decoder`.
COHTTPS_DECL result<std::string> decode_content(std::string_view content_encoding,
                                                std::string_view bytes,
                                                const decoding_limits& limits = {},
                                                strictness how = strictness::lenient);

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/http/coding/coding.ipp>
#endif
