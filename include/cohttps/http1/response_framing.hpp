// Finds the end of a response, and tells whether its connection persists (RFC 9112, 6.3 and 9.3).
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/http/fields.hpp>
#include <cohttps/http/method.hpp>
#include <cohttps/http/status.hpp>
#include <cohttps/http/strictness.hpp>
#include <cohttps/http1/lines.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace cohttps::http1 {

/// The mark of the end of a response's content.
enum class delimiter : std::uint8_t { none, content_length, chunked, close };

/// Collects what the head of a response says about its framing, field by field.
///
/// With `strictness::strict` a fault is an error even if the method or the status ends the message
/// with its head. The only exception is the head that opens a tunnel: RFC 9112, 6.3 says that a
/// client ignores these fields there. With `strictness::lenient` the caller calls `settle` at the
/// end of a head with faults.
class response_framing {
 public:
  response_framing() = default;
  explicit response_framing(strictness how) noexcept : strictness_(how) {}

  /// Forgets everything. The next response answers a request with this method.
  COHTTPS_DECL void start(const method& request) noexcept;

  /// Begins a head with this status line. The fields of the head follow.
  COHTTPS_DECL void start_head(const status_line& line) noexcept;

  /// Takes a field line. The `at` of a fault is counted from the first byte of the value.
  COHTTPS_DECL std::optional<fault> take(const field& f);

  /// Call it when a head has ended. True for a 1xx status except 101, which is final (RFC 9110,
  /// 15.2.2).
  bool is_interim() const noexcept { return is_informational(status_) && status_ != 101; }

  /// Call it when a head has ended. A response with 1xx or 204 has no content, and must not
  /// announce any (RFC 9110, 8.6; RFC 9112, 6.1). A peer that announces content may still send
  /// some. The client then cannot trust the next bytes of this connection, so the connection does
  /// not persist.
  COHTTPS_DECL void end_head() noexcept;

  /// Returns `none` until the final head has ended.
  delimiter end_of_content() const noexcept { return delimiter_; }
  COHTTPS_DECL std::optional<std::uint64_t> content_length() const noexcept;

  /// Call it when a head with faults has ended. Returns the first fault that makes the end of the
  /// message uncertain; its `at` is counted from the first byte of `section`. If there is no such
  /// fault, `content_length` returns nothing for this head, and the connection does not persist.
  COHTTPS_DECL [[gnu::cold]] std::optional<fault> settle(const status_line& line,
                                                         std::string_view section,
                                                         std::span<const field_slot> slots);

  /// Call it after a violation of the grammar was repaired. The connection is not used again after
  /// this response.
  void distrust() noexcept { persistent_ = false; }

  /// True if the connection may carry another exchange after this one.
  bool persistent() const noexcept { return persistent_; }

 private:
  // True if the end is certain despite this fault: the message ends with its head (RFC 9112, 6.3,
  // rule 1), or the chunked coding replaces the length (rule 3).
  COHTTPS_DECL bool overrides(const fault& wrong) const noexcept;

  // Applies the rules of RFC 9112, 6.3 in their order.
  COHTTPS_DECL delimiter choose() const noexcept;

  // True if the bytes after the head belong to a tunnel, and are not HTTP.
  bool is_tunnel() const noexcept { return to_connect_ && is_success(status_); }

  COHTTPS_DECL void take_connection(std::string_view options) noexcept;

  COHTTPS_DECL std::optional<fault> take_content_length(std::string_view value) noexcept;

  // Some proxies repeat "chunked", and old servers send "identity", which is no longer a coding
  // (RFC 9112, 7). The end is certain if "chunked" is the only real coding.
  COHTTPS_DECL std::optional<fault> take_irregular_coding(std::string_view value) noexcept;

  COHTTPS_DECL std::optional<fault> take_transfer_encoding(std::string_view value) noexcept;

  // The transfer coding overrides the length (RFC 9112, 6.3).
  COHTTPS_DECL std::optional<fault> settle_length_and_coding() noexcept;

  strictness strictness_ = strictness::strict;
  int version_minor_ = 1;
  int status_ = 0;
  delimiter delimiter_ = delimiter::none;
  bool to_head_ = false;
  bool to_connect_ = false;
  bool chunked_ = false;
  bool says_close_ = false;
  bool says_keep_alive_ = false;
  bool persistent_ = true;
  std::optional<std::uint64_t> content_length_;
};

}  // namespace cohttps::http1

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/http1/response_framing.ipp>
#endif
