// A request's fields as HTTP/2 sends them (RFC 9113, 8.3.1).
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

/// A field as it is compressed; one that is secret stays out of the compression's memory (RFC 7541,
/// 7.1.3). Names become lower case where they are compressed.
struct header_line {
  std::string_view name;
  std::string_view value;
  bool secret = false;
};

/// What is asked for. Views that last for the call.
struct request_head {
  const method& verb;
  std::string_view scheme;
  std::string_view path;                     ///< origin-form, or "*" for OPTIONS
  const fields& headers;                     ///< with exactly one Host, which becomes :authority
  std::optional<std::uint64_t> length = {};  ///< of the content, when it is known
  bool has_content = false;                  ///< some follows, be it of length 0
  std::string_view protocol = {};            ///< of an extended CONNECT (RFC 8441, 4)
};

/// The lines of one request after another, in memory that is kept.
class request_lines {
 public:
  /// Fails with category usage, as the writer of HTTP/1.1 does, for what cannot be sent as it is:
  /// "invalid_request_target", "missing_host", "invalid_host", "content_length_conflict",
  /// "content_not_allowed", "transfer_encoding_set", "upgrade_set", "request_head_too_large", and a
  /// field's own. What speaks of an HTTP/1.1 connection only is left out (RFC 9113, 8.2.2).
  COHTTPS_DECL result<std::span<const header_line>> build(const request_head& r);

 private:
  static constexpr std::size_t largest_head = 192 * 1024;

  COHTTPS_DECL static result<void> check_parts(const request_head& r, bool connect);
  COHTTPS_DECL [[gnu::cold]] static result<void> invalid_target();

  COHTTPS_DECL static bool is_authority(std::string_view s) noexcept;

  /// RFC 9113, 8.2.2. Of TE, "trailers" may stay.
  COHTTPS_DECL static bool is_of_the_connection(const field& f);

  /// RFC 7541, 7.1.3: what an attacker beside us could guess piece by piece.
  COHTTPS_DECL static bool is_secret(const field& f) noexcept;

  COHTTPS_DECL std::string_view decimal(std::uint64_t n) noexcept;

  std::vector<header_line> lines_;
  std::array<char, 20> digits_{};
};

/// Fails as the writer of HTTP/1.1 does for what may not come after the content.
COHTTPS_DECL result<std::vector<header_line>> trailer_lines(const fields& trailers);

}  // namespace cohttps::http2

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/http2/request_lines.ipp>
#endif
