// Divides the content of a request into pieces.
#pragma once

#include <cohttps/connection/content_source.hpp>
#include <cohttps/connection/deadline.hpp>
#include <cohttps/connection/request_view.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/task/task.hpp>
#include <cohttps/transport/any_transport.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace cohttps::detail {

/// Takes pieces from memory or from a source. Fails with usage "content_length_mismatch" if a
/// source provides more or fewer bytes than it announced.
class content_pieces {
 public:
  /// `memory_piece` is the largest size of a piece from memory, in bytes.
  COHTTPS_DECL content_pieces(const request_view& request, std::size_t memory_piece,
                              deadline& limit) noexcept
      : memory_(request.memory),
        memory_piece_(memory_piece),
        source_(request.source),
        limit_(limit),
        length_(source_ ? source_->length() : std::nullopt) {}

  /// Returns the next piece, valid until the next call; an empty piece at the end. The limits of
  /// the phase do not count while the source prepares a piece.
  COHTTPS_DECL task<result<std::span<const std::byte>>> next();

  /// True if the last piece has been returned. Always false for a source, whose end only an empty
  /// piece shows.
  bool at_end() const noexcept { return !source_ && memory_.empty(); }

 private:
  COHTTPS_DECL std::span<const std::byte> next_of_memory() noexcept;
  COHTTPS_DECL task<result<std::span<const std::byte>>> ask_source();

  std::span<const std::byte> memory_;  // the bytes that are left
  std::size_t memory_piece_;
  content_source* source_;
  deadline& limit_;
  const std::optional<std::uint64_t> length_;  // the source's length when the request began
  std::uint64_t size_so_far_ = 0;
};

}  // namespace cohttps::detail

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/connection/content_pieces.ipp>
#endif
