// What undoes one content coding (RFC 9110, 8.4.1), piece by piece.
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

/// A decoder of one coding. Where one is stacked on another, `content_decoder` drives them.
class coding_stage {
 public:
  struct progress {
    std::size_t consumed = 0;
    std::size_t produced = 0;
  };

  coding_stage() = default;
  coding_stage(const coding_stage&) = delete;
  coding_stage& operator=(const coding_stage&) = delete;
  virtual ~coding_stage() = default;

  /// Decodes from `in` to `out`, which is not empty, until one of them is used up. What was decoded
  /// and found no room comes with the next call, also when its `in` is empty.
  ///
  /// It does not consume bytes behind the end; `is_complete` says that the end was reached.
  ///
  /// Errors: protocol, "content_malformed"; limit, "content_window_too_large". After one, the
  /// decoder is not used again. Where something was decoded before, the error is `failure`.
  virtual result<progress> step(std::span<const std::byte> in, std::span<std::byte> out) = 0;

  /// True when the input may end after what was consumed.
  virtual bool is_complete() const noexcept = 0;

  /// True when some of what was consumed lies behind the end.
  virtual bool is_beyond_end() const noexcept { return false; }

  /// True when what was consumed last lies behind the end if the input ends after it, and begins
  /// another part if it goes on.
  virtual bool is_between_parts() const noexcept { return false; }

  /// The fault that follows the decoded bytes, or null. After a fault `step` is not called again.
  const error* failure() const noexcept { return failure_ ? &*failure_ : nullptr; }

 protected:
  /// The end of a step that finds something wrong.
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
#include <cohttps/http/coding_stage.ipp>
#endif
