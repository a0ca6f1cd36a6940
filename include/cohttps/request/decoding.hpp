// Decodes the content codings of a response (RFC 9110, 8.4).
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/http/coding/coding.hpp>
#include <cohttps/http/fields.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <utility>

namespace cohttps::detail {

/// Decodes received content for the reader. It is not active if the content has no coding.
class decoding {
 public:
  using view = std::span<const std::byte>;

  /// Starts with the fields of a response. Errors as of `content_decoder::create`. With
  /// `strictness::lenient`, an unknown coding is no error, and the content is not decoded (Fetch,
  /// 4.5).
  COHTTPS_DECL result<void> start(const fields& headers, const decoding_limits& limits,
                                  strictness how);

  bool active() const noexcept { return decoder_.has_value(); }

  /// Returns the next decoded part, valid until the next call. An empty part means that it needs
  /// more bytes from `give`.
  COHTTPS_DECL result<view> next();

  /// Provides received bytes. They must stay valid until `next` returns an empty part.
  COHTTPS_DECL void give(view received) noexcept;

  /// Checks at the end of the response that the content is complete.
  COHTTPS_DECL result<void> finish() const;

 private:
  static constexpr std::size_t piece = 16 * 1024;

  std::optional<content_decoder> decoder_;
  std::unique_ptr<std::byte[]> out_;
  view received_;
  bool more_ = false;
};

}  // namespace cohttps::detail

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/request/decoding.ipp>
#endif
