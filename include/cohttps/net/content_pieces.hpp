// The content of a request as it comes from its source, to be sent over either protocol.
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
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
  COHTTPS_DECL content_pieces(content_source& source, deadline& limit) noexcept
      : source_(source), limit_(limit), length_(source.length()) {}

  /// The next piece, valid until the next call; an empty one at the end. The time that it takes is
  /// the source's own.
  COHTTPS_DECL task<result<std::span<const std::byte>>> next();

 private:
  COHTTPS_DECL task<result<std::span<const std::byte>>> ask();

  content_source& source_;
  deadline& limit_;
  const std::optional<std::uint64_t> length_;  // as it was said when the request began
  std::uint64_t given_ = 0;
};

}  // namespace cohttps::net

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/net/content_pieces.ipp>
#endif
