// The content of a request that is not in memory as a whole.
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/task/task.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace cohttps {

/// Gives content piece by piece, when the connection is ready for more.
class content_source {
 public:
  content_source() = default;
  content_source(const content_source&) = delete;
  content_source& operator=(const content_source&) = delete;
  virtual ~content_source() = default;

  /// Fails when it is known beforehand that there is no content to give; then nothing is sent.
  virtual result<void> check() const { return {}; }

  /// Bytes in all; empty when that is not known, and the content is sent in chunks.
  virtual std::optional<std::uint64_t> length() const noexcept = 0;

  /// The next piece, valid until the next call; an empty one at the end. An error ends the request.
  virtual task<result<std::span<const std::byte>>> next() = 0;

  /// True while `rewind` can give all of the content again. Asked at any time, even while `next` is
  /// under way, so it changes nothing.
  virtual bool can_rewind() const noexcept = 0;

  /// Goes back to the beginning. Called only when the content is about to be sent again, never
  /// while `next` is under way. False when that fails; the request fails then.
  virtual bool rewind() noexcept = 0;

  /// Of the file that is the content, where it is one: for descriptions of the request.
  virtual std::string_view path() const noexcept { return {}; }
};

}  // namespace cohttps
