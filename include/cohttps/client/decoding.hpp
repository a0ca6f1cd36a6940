// Content that is decoded on its way to the reader (RFC 9110, 8.4).
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/http/coding.hpp>
#include <cohttps/http/fields.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <utility>

namespace cohttps {

/// Between what is received and what is read. In no coding, content passes as it is.
class decoding {
 public:
  using view = std::span<const std::byte>;

  /// By the response's fields. Fails as `content_decoder::create`; but content in a coding that
  /// nobody knows is left as it is (Fetch, 4.5), unless it is read strictly.
  COHTTPS_DECL result<void> start(const fields& headers, const decoding_limits& limits,
                                  strictness how);

  bool active() const noexcept { return decoder_.has_value(); }

  /// The next part of what was given last, valid until the next call; empty when more is needed.
  COHTTPS_DECL result<view> next();

  /// Takes what was received; it stays there until `next` gives nothing.
  COHTTPS_DECL void give(view received) noexcept;

  /// Nothing more is received.
  COHTTPS_DECL result<void> finish() const;

 private:
  static constexpr std::size_t piece = 16 * 1024;

  std::optional<content_decoder> decoder_;
  std::unique_ptr<std::byte[]> out_;
  view received_;
  bool more_ = false;
};

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/client/decoding.ipp>
#endif
