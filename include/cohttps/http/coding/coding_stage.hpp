// The interface of the decoders, each of which decodes one content coding (RFC 9110, 8.4.1) piece
// by piece.
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace cohttps {

/// A decoder of one coding. `content_decoder` drives it, together with those of other codings.
class coding_stage {
 public:
  /// How far a step came.
  struct progress {
    std::size_t consumed = 0;  ///< bytes of input that were used
    std::size_t produced = 0;  ///< bytes of output that were written
  };

  coding_stage() = default;
  coding_stage(const coding_stage&) = delete;
  coding_stage& operator=(const coding_stage&) = delete;
  virtual ~coding_stage() = default;

  /// Decodes from `in` to `out`, which must not be empty, until one of them is used up. The next
  /// call returns the decoded bytes that had no room in `out`, even if its `in` is empty.
  ///
  /// A step consumes no bytes after the end of the coding, except those that `is_beyond_end`
  /// reports. `is_complete` tells whether the end was reached.
  ///
  /// Errors: protocol, "content_malformed"; limit, "content_window_too_large". Do not use the
  /// decoder after an error. If the step decoded some bytes before the fault, it returns them, and
  /// `failure` returns the error.
  virtual result<progress> step(std::span<const std::byte> in, std::span<std::byte> out) = 0;

  /// True if the input may end after the consumed bytes.
  virtual bool is_complete() const noexcept = 0;

  /// True if some of the consumed bytes lie after the end of the coding.
  virtual bool is_beyond_end() const noexcept { return false; }

  /// True if the last consumed bytes may begin another part. If the input ends after them, these
  /// bytes lie after the end of the coding.
  virtual bool is_between_parts() const noexcept { return false; }

  /// Returns the error that follows the decoded bytes, or null. Do not call `step` after an error.
  const error* failure() const noexcept { return failure_ ? &*failure_ : nullptr; }

 protected:
  /// Ends a step that found a fault. If the step decoded bytes, it returns them and keeps the error
  /// for `failure`.
  COHTTPS_DECL result<progress> stop(std::unexpected<error> wrong, progress done);

 private:
  std::optional<error> failure_;
};

namespace detail {

COHTTPS_DECL std::unexpected<error> malformed_content(std::string_view coding,
                                                      std::string_view why = {});

COHTTPS_DECL std::unexpected<error> trailing_bytes(std::string_view coding);

}  // namespace detail

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/http/coding/coding_stage.ipp>
#endif
