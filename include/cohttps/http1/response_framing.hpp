// Where a response ends and whether its connection goes on (RFC 9112, 6.3 and 9.3).
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

/// What tells the end of a response's content.
enum class delimiter : std::uint8_t { none, content_length, chunked, close };

/// Gathers what the head of a response says about its framing, field by field.
///
/// When read strictly, faults are errors even where the method or the status ends the message with
/// its head; only in the head that opens a tunnel RFC 9112, 6.3 has these fields ignored. When read
/// leniently, the caller calls `settle` once the head is whole.
class response_framing {
 public:
  response_framing() = default;
  explicit response_framing(strictness how) noexcept : strictness_(how) {}

  /// Forgets all; the response is to a request of this method.
  COHTTPS_DECL void start(const method& request) noexcept;

  /// A status line came, with the fields of this head behind it.
  COHTTPS_DECL void start_head(const status_line& line) noexcept;

  /// A field line came. A fault's `at` counts from the first byte of the value.
  COHTTPS_DECL std::optional<fault> take(const field& f);

  /// The head ended: a 1xx other than 101, which is final (RFC 9110, 15.2.2)?
  bool is_interim() const noexcept { return is_informational(status_) && status_ != 101; }

  /// To be called when a head ended. 1xx and 204 have no content and may not announce any (RFC
  /// 9110, 8.6; RFC 9112, 6.1): a peer that does may still send some, so what comes after it on
  /// this connection cannot be trusted.
  COHTTPS_DECL void end_head() noexcept;

  /// `none` until the final head ended.
  delimiter end_of_content() const noexcept { return delimiter_; }
  COHTTPS_DECL std::optional<std::uint64_t> content_length() const noexcept;

  /// Once all fields of a head with faults came: the first fault that leaves the end of the message
  /// in doubt, its `at` counted from the first byte of `section`. Where there is none, no length of
  /// this head is told, and the sender is not trusted any further.
  COHTTPS_DECL [[gnu::cold]] std::optional<fault> settle(const status_line& line,
                                                         std::string_view section,
                                                         std::span<const field_slot> slots);

  /// A breach of the grammar was repaired: the connection is not used again after this response.
  void distrust() noexcept { persistent_ = false; }

  /// Whether the connection may carry another exchange after this one.
  bool persistent() const noexcept { return persistent_; }

 private:
  // Whether the end is certain despite this fault: the message ends with its head (RFC 9112, 6.3,
  // rule 1), or the coding stands for the length (rule 3).
  COHTTPS_DECL bool overrides(const fault& wrong) const noexcept;

  // The rules of RFC 9112, 6.3 in their order.
  COHTTPS_DECL delimiter choose() const noexcept;

  // What follows the head is not HTTP any more.
  bool is_tunnel() const noexcept { return to_connect_ && is_success(status_); }

  COHTTPS_DECL void take_connection(std::string_view options) noexcept;

  COHTTPS_DECL std::optional<fault> take_content_length(std::string_view value) noexcept;

  // Proxies repeat "chunked", and old servers say "identity", which is no coding any more (RFC
  // 9112, 7). With one chunked coding alone the end is certain.
  COHTTPS_DECL std::optional<fault> take_irregular_coding(std::string_view value) noexcept;

  COHTTPS_DECL std::optional<fault> take_transfer_encoding(std::string_view value) noexcept;

  // The coding overrides the length (RFC 9112, 6.3).
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
