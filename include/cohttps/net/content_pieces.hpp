// The content of a request as it comes from its source, to be sent over either protocol.
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/net/content_source.hpp>
#include <cohttps/net/deadline.hpp>
#include <cohttps/task/task.hpp>
#include <cohttps/transport/any_transport.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace cohttps::net {

/// Asks for one piece after the other, and sees to it that they are as long as the source said.
class content_pieces {
 public:
  content_pieces(content_source& source, deadline& limit) noexcept
      : source_(source), limit_(limit), length_(source.length()) {}

  /// The next piece, valid until the next call; an empty one at the end. The time that it takes is
  /// the source's own.
  task<result<std::span<const std::byte>>> next() {
    auto piece = co_await ask();
    if (!piece) co_return piece;
    if (limit_.stop_requested())
      co_return fail(error_category::canceled, "canceled", "the operation was canceled");
    given_ += piece->size();
    if (length_ && (given_ > *length_ || (piece->empty() && given_ < *length_)))
      co_return fail(error_category::usage, "content_length_mismatch",
                     "the content was said to have " + std::to_string(*length_) +
                         " bytes, and has " + (given_ > *length_ ? "more" : "fewer"));
    co_return piece;
  }

 private:
  task<result<std::span<const std::byte>>> ask() {
    const deadline::source_time its_own(limit_);
    co_return co_await source_.next();
  }

  content_source& source_;
  deadline& limit_;
  const std::optional<std::uint64_t> length_;  // as it was said when the request began
  std::uint64_t given_ = 0;
};

}  // namespace cohttps::net
