// Content that is decoded on its way to the reader (RFC 9110, 8.4).
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/http/coding.hpp>
#include <cohttps/http/fields.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <utility>

namespace cohttps {

/// Between what is received and what is read. In no coding, content passes as it is.
class decoding {
 public:
  using view = std::span<const std::byte>;

  /// By the response's fields. Fails as `content_decoder::create`; but content in a coding that
  /// nobody knows is left as it is (Fetch, 4.5), unless it is read strictly.
  result<void> start(const fields& headers, const decoding_limits& limits, strictness how) {
    decoder_.reset();
    received_ = {};
    more_ = false;
    if (!headers.contains("content-encoding")) return {};
    if (how == strictness::lenient && has_unknown_coding(headers)) return {};
    auto made = content_decoder::create(headers, limits, how);
    if (!made) return pass(std::move(made));
    if (made->is_identity()) return {};
    decoder_.emplace(*std::move(made));
    if (!out_) out_ = std::make_unique_for_overwrite<std::byte[]>(piece);
    return {};
  }

  bool active() const noexcept { return decoder_.has_value(); }

  /// The next part of what was given last, valid until the next call; empty when more is needed.
  result<view> next() {
    if (!more_) return view();
    auto done = decoder_->decode(received_, std::span(out_.get(), piece));
    if (!done) return pass(std::move(done));
    received_ = received_.subspan(done->consumed);
    more_ = done->produced == piece || !received_.empty();
    return view(out_.get(), done->produced);
  }

  /// Takes what was received; it stays there until `next` gives nothing.
  void give(view received) noexcept {
    received_ = received;
    more_ = true;
  }

  /// Nothing more is received.
  result<void> finish() const { return decoder_->finish(); }

 private:
  static constexpr std::size_t piece = 16 * 1024;

  std::optional<content_decoder> decoder_;
  std::unique_ptr<std::byte[]> out_;
  view received_;
  bool more_ = false;
};

}  // namespace cohttps
