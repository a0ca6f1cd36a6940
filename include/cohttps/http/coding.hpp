// Undoes the content codings of a response (RFC 9110, 8.4), piece by piece and within limits.
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/error.hpp>
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
inline const std::string& accept_encoding() {
  static const std::string list = [] {
    std::string out;
    for (const detail::coding& c : detail::codings) {
      if (!c.make) continue;
      if (!out.empty()) out += ", ";
      out += c.name;
    }
    return out;
  }();
  return list;
}

/// True when one of the codings that a message's Content-Encoding lists is none that is known.
inline bool has_unknown_coding(const fields& headers) {
  bool unknown = false;
  headers.for_each("content-encoding", [&](std::string_view value) {
    ascii::for_each_element(value, [&](std::string_view name) {
      const bool known = ascii::iequals(name, "identity") || ascii::iequals(name, "x-gzip") ||
                         std::ranges::any_of(detail::codings, [&](const detail::coding& c) {
                           return ascii::iequals(c.name, name);
                         });
      unknown = unknown || !known;
      return true;
    });
  });
  return unknown;
}

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
  static result<content_decoder> create(std::string_view content_encoding,
                                        const decoding_limits& limits = {},
                                        strictness how = strictness::lenient) {
    content_decoder made(limits, how);
    if (auto added = made.add(content_encoding); !added) return pass(std::move(added));
    std::ranges::reverse(made.stages_);
    return made;
  }

  /// For content of a message with these fields.
  static result<content_decoder> create(const fields& headers, const decoding_limits& limits = {},
                                        strictness how = strictness::lenient) {
    std::string all;
    headers.for_each("content-encoding", [&](std::string_view value) { (all += value) += ','; });
    return create(all, limits, how);
  }

  /// True when there is nothing to decode, so that the content can be used where it is.
  bool is_identity() const noexcept { return stages_.empty(); }

  /// Decodes from `in` to `out`, which is not empty, until one of them is used up. As long as `out`
  /// is filled there may be more: call again with what is left of `in`, or with nothing.
  ///
  /// Errors: those of `coding_stage::step`; protocol, "content_trailing_bytes"; limit,
  /// "content_too_large", "content_ratio". What was decoded before something malformed is given;
  /// the error comes with the next call, or from `finish`.
  result<progress> decode(std::span<const std::byte> in, std::span<std::byte> out) {
    const std::size_t given = in.size();
    std::size_t produced = 0;
    if (is_identity()) {
      produced = std::min(in.size(), out.size());
      if (produced > 0) std::memcpy(out.data(), in.data(), produced);
      in = in.subspan(produced);
    } else {
      auto pulled = pull(stages_.size() - 1, in, out);
      if (!pulled) return pass(std::move(pulled));
      produced = *pulled;
    }
    produced_ += produced;
    if (produced_ > limits_.output)
      return fail(
          error_category::limit, "content_too_large",
          "the content has more than " + std::to_string(limits_.output) + " bytes when decoded");
    return progress{given - in.size(), produced};
  }

  /// Says that the input has ended and `decode` has given all. Content without a byte is empty in
  /// any coding: servers send it so. Fails with protocol "content_truncated", and, when read
  /// strictly, "content_trailing_bytes".
  result<void> finish() const {
    for (std::size_t i = 0; i < stages_.size(); ++i) {
      if (const error* wrong = stages_[i].decoder->failure()) return std::unexpected(*wrong);
      if (strictness_ == strictness::strict && stages_[i].decoder->is_between_parts())
        return detail::trailing_bytes(stages_[i].name);
      const std::uint64_t received = i == 0 ? received_ : stages_[i - 1].produced;
      if (received > 0 && !stages_[i].decoder->is_complete())
        return fail(error_category::protocol, "content_truncated",
                    "the content ends before its " + std::string(stages_[i].name) + " does");
    }
    return {};
  }

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

  result<void> add(std::string_view content_encoding) {
    result<void> outcome;
    ascii::for_each_element(content_encoding, [&](std::string_view name) {
      if (!ascii::iequals(name, "identity")) outcome = add_one(name);
      return outcome.has_value();
    });
    return outcome;
  }

  result<void> add_one(std::string_view name) {
    if (ascii::iequals(name, "x-gzip")) name = "gzip";  // RFC 9110, 8.4.1.3
    const auto known = std::ranges::find_if(
        detail::codings, [&](const detail::coding& c) { return ascii::iequals(c.name, name); });
    if (known == std::end(detail::codings))
      return fail(error_category::protocol, "coding_unknown",
                  "the content is coded as \"" + ascii::printable(name) +
                      "\", which was not asked for and is not known");
    if (!known->make)
      return fail(error_category::usage, "coding_unavailable",
                  "the content is coded as " + std::string(known->name) +
                      ", and this program was built without " + std::string(known->library));
    if (stages_.size() == max_codings)
      return fail(error_category::limit, "too_many_codings",
                  "the content is coded more than " + std::to_string(max_codings) + " times");
    stages_.push_back({known->name, known->make()});
    return {};
  }

  /// Makes stage `i` fill `out`; it has the stages before it read `in` as it needs.
  result<std::size_t> pull(std::size_t i, std::span<const std::byte>& in,
                           std::span<std::byte> out) {
    stage& s = stages_[i];
    std::size_t produced = 0;
    while (produced < out.size()) {
      if (const error* wrong = s.decoder->failure()) {
        if (produced == 0) return std::unexpected(*wrong);
        in = {};
        break;
      }
      if (i > 0 && s.unread.empty()) {
        if (!s.input) s.input = std::make_unique<std::array<std::byte, 16 * 1024>>();
        auto filled = pull(i - 1, in, *s.input);
        if (!filled) return filled;
        s.unread = std::span(*s.input).first(*filled);
      }
      std::span<const std::byte>& source = i > 0 ? s.unread : in;
      if (source.empty() && !s.may_hold_more) break;
      auto done = s.decoder->step(source, out.subspan(produced));
      if (!done) return pass(std::move(done));
      source = source.subspan(done->consumed);
      produced += done->produced;
      s.produced += done->produced;
      s.may_hold_more = produced == out.size();
      if (i == 0) received_ += done->consumed;
      if (s.produced > limits_.ratio_from &&
          s.produced / std::max<std::uint64_t>(limits_.ratio, 1) > received_)
        return fail(error_category::limit, "content_ratio",
                    "the content becomes more than " + std::to_string(limits_.ratio) +
                        " times as large when decoded");
      const bool ended = s.decoder->is_complete() && produced < out.size();
      if (ended && (!source.empty() || s.decoder->is_beyond_end())) {
        if (strictness_ == strictness::strict) return detail::trailing_bytes(s.name);
        source = {};  // some servers pad
      } else if (done->consumed == 0 && done->produced == 0 && !source.empty()) {
        return detail::malformed_content(s.name, "it leads nowhere");
      }
    }
    return produced;
  }

  decoding_limits limits_;
  strictness strictness_;
  std::vector<stage> stages_;  // the coding that was applied last comes first
  std::uint64_t received_ = 0;
  std::uint64_t produced_ = 0;
};

/// All of a content at once. Errors as of `content_decoder`.
inline result<std::string> decode_content(std::string_view content_encoding, std::string_view bytes,
                                          const decoding_limits& limits = {},
                                          strictness how = strictness::lenient) {
  auto decoder = content_decoder::create(content_encoding, limits, how);
  if (!decoder) return pass(std::move(decoder));
  std::string decoded;
  std::array<std::byte, 16 * 1024> out;
  for (auto rest = std::as_bytes(std::span(bytes));;) {
    auto done = decoder->decode(rest, out);
    if (!done) return pass(std::move(done));
    decoded.append(reinterpret_cast<const char*>(out.data()), done->produced);
    rest = rest.subspan(done->consumed);
    if (done->produced < out.size()) break;
  }
  if (auto ended = decoder->finish(); !ended) return pass(std::move(ended));
  return decoded;
}

}  // namespace cohttps
