// Definitions for content_pieces.hpp.
#pragma once

#include <cohttps/connection/content_pieces.hpp>

namespace cohttps::detail {

COHTTPS_DEF task<result<std::span<const std::byte>>> content_pieces::next() {
  if (!source_) co_return next_of_memory();
  auto piece = co_await ask_source();
  if (!piece) co_return piece;
  if (limit_.stop_requested())
    co_return fail(error_category::canceled, "canceled", "the operation was canceled");
  size_so_far_ += piece->size();
  if (length_ && (size_so_far_ > *length_ || (piece->empty() && size_so_far_ < *length_)))
    co_return fail(error_category::usage, "content_length_mismatch",
                   "the content was said to have " + std::to_string(*length_) + " bytes, and has " +
                       (size_so_far_ > *length_ ? "more" : "fewer"));
  co_return piece;
}

COHTTPS_DEF std::span<const std::byte> content_pieces::next_of_memory() noexcept {
  const auto piece = memory_.first(std::min(memory_.size(), memory_piece_));
  memory_ = memory_.subspan(piece.size());
  return piece;
}

COHTTPS_DEF task<result<std::span<const std::byte>>> content_pieces::ask_source() {
  const deadline::source_time its_own(limit_);
  co_return co_await source_->next();
}

}  // namespace cohttps::detail
