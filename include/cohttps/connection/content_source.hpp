// The source of content that is not in memory as a whole.
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/task/task.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace cohttps {

/// Provides content piece by piece. The client asks for a piece when the connection is ready for
/// it.
class content_source {
 public:
  content_source() = default;
  content_source(const content_source&) = delete;
  content_source& operator=(const content_source&) = delete;
  virtual ~content_source() = default;

  /// Fails if it is already known that the source cannot provide the content. The client then sends
  /// nothing.
  virtual result<void> check() const { return {}; }

  /// Returns the length of the content in bytes; nothing if it is unknown. The content is then sent
  /// in chunks.
  virtual std::optional<std::uint64_t> length() const noexcept = 0;

  /// Returns the next piece, valid until the next call; an empty piece at the end. If it returns an
  /// error, the request fails with it.
  virtual task<result<std::span<const std::byte>>> next() = 0;

  /// True if `rewind` can make all of the content available again. The client may call it at any
  /// time, even during `next`, so it must not change anything.
  virtual bool can_rewind() const noexcept = 0;

  /// Goes back to the beginning. The client calls it only before it sends the content again, and
  /// never during `next`. Returns false on failure; the request then fails.
  virtual bool rewind() noexcept = 0;

  /// Returns the path if the content is a file, or else an empty text. It is for descriptions of
  /// the request.
  virtual std::string_view path() const noexcept { return {}; }
};

}  // namespace cohttps
