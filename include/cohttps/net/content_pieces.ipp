// Definitions for content_pieces.hpp.
#pragma once

#include <cohttps/net/content_pieces.hpp>

namespace cohttps::net {

COHTTPS_DEF task<result<std::span<const std::byte>>> content_pieces::next() {
  auto piece = co_await ask();
  if (!piece) co_return piece;
  if (limit_.stop_requested())
    co_return fail(error_category::canceled, "canceled", "the operation was canceled");
  given_ += piece->size();
  if (length_ && (given_ > *length_ || (piece->empty() && given_ < *length_)))
    co_return fail(error_category::usage, "content_length_mismatch",
                   "the content was said to have " + std::to_string(*length_) + " bytes, and has " +
                       (given_ > *length_ ? "more" : "fewer"));
  co_return piece;
}

COHTTPS_DEF task<result<std::span<const std::byte>>> content_pieces::ask() {
  const deadline::source_time its_own(limit_);
  co_return co_await source_.next();
}

}  // namespace cohttps::net
