// A request's fields in the form in which HTTP/2 sends them (RFC 9113, 8.3.1).
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/http/fields.hpp>
#include <cohttps/http/method.hpp>
#include <cohttps/http/trailer.hpp>

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cohttps::http2 {

/// A field before its compression. The compression does not remember a secret field (RFC 7541,
/// 7.1.3). It also converts names to lower case.
struct header_line {
  std::string_view name;
  std::string_view value;
  bool secret = false;
};

/// The request to send. The views must be valid during the call.
struct request_head {
  const method& verb;
  std::string_view scheme;
  std::string_view path;                     ///< origin-form, or "*" for OPTIONS
  const fields& headers;                     ///< with exactly one Host, which becomes :authority
  std::optional<std::uint64_t> length = {};  ///< bytes of the content, if known
  bool has_content = false;                  ///< content follows, even if its length is 0
  std::string_view protocol = {};            ///< the protocol of an extended CONNECT (RFC 8441, 4)
};

/// Builds the lines of one request after another, and keeps the memory between them.
class request_lines {
 public:
  /// Returns the lines of a request. Fails with category usage, as the HTTP/1.1 writer does, if the
  /// request cannot be sent unchanged: "invalid_request_target", "missing_host", "invalid_host",
  /// "content_length_conflict", "content_not_allowed", "transfer_encoding_set", "upgrade_set",
  /// "invalid_protocol", "request_head_too_large", and the errors of a single field. Fields that
  /// concern only an HTTP/1.1 connection are omitted (RFC 9113, 8.2.2).
  COHTTPS_DECL result<std::span<const header_line>> build(const request_head& r);

 private:
  static constexpr std::size_t largest_head = 192 * 1024;

  COHTTPS_DECL static result<void> check_parts(const request_head& r, bool connect);
  COHTTPS_DECL [[gnu::cold]] static result<void> invalid_target();

  COHTTPS_DECL static bool is_authority(std::string_view s) noexcept;

  /// True for the fields of RFC 9113, 8.2.2. A TE field with the value "trailers" may stay.
  COHTTPS_DECL static bool is_of_the_connection(const field& f);

  /// True for values that an attacker on the network could guess piece by piece (RFC 7541, 7.1.3).
  COHTTPS_DECL static bool is_secret(const field& f) noexcept;

  COHTTPS_DECL std::string_view decimal(std::uint64_t n) noexcept;

  std::vector<header_line> lines_;
  std::array<char, 20> digits_{};
};

/// Returns the lines of a trailer section. Fails as the HTTP/1.1 writer does if a field may not
/// come after the content.
COHTTPS_DECL result<std::vector<header_line>> trailer_lines(const fields& trailers);

}  // namespace cohttps::http2

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/http2/request_lines.ipp>
#endif
