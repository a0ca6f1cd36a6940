// Definitions for decoding.hpp.
#pragma once

#include <cohttps/request/decoding.hpp>

namespace cohttps::detail {

COHTTPS_DEF result<void> decoding::start(const fields& headers, const decoding_limits& limits,
                                         strictness how) {
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

COHTTPS_DEF auto decoding::next() -> result<view> {
  if (!more_) return view();
  auto done = decoder_->decode(received_, std::span(out_.get(), piece));
  if (!done) return pass(std::move(done));
  received_ = received_.subspan(done->consumed);
  more_ = done->produced == piece || !received_.empty();
  return view(out_.get(), done->produced);
}

COHTTPS_DEF void decoding::give(view received) noexcept {
  received_ = received;
  more_ = true;
}

COHTTPS_DEF result<void> decoding::finish() const { return decoder_->finish(); }

}  // namespace cohttps::detail
