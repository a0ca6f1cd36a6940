// The value of Content-Type (RFC 9110, 8.3.1), read as the MIME Sniffing Standard, 4.4, says.
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohttps {

/// A media type, such as text/html;charset=utf-8.
struct media_type {
  struct parameter {
    std::string name;   ///< in lower case
    std::string value;  ///< a token, or what a quoted string stands for
  };

  std::string type;     ///< in lower case, such as "text"
  std::string subtype;  ///< in lower case, such as "html"
  std::vector<parameter> parameters;

  COHTTPS_DECL bool is(std::string_view wanted_type,
                       std::string_view wanted_subtype) const noexcept;

  /// The parameter of this name, which is in lower case.
  COHTTPS_DECL std::optional<std::string_view> find(std::string_view name) const noexcept;

  /// Its charset as given, or nothing.
  COHTTPS_DECL std::optional<std::string_view> charset() const noexcept;
};

namespace detail {

/// A quoted string at the front of `text`, which it removes. As browsers do it ends with the text
/// where the quote is missing.
COHTTPS_DECL std::string take_quoted(std::string_view& text);

/// "HTTP whitespace" of the standard, with which fields are trimmed here.
inline constexpr std::string_view http_whitespace = " \t\r\n";

COHTTPS_DECL std::string_view trim_end(std::string_view text) noexcept;
COHTTPS_DECL std::string_view trim_begin(std::string_view text) noexcept;

/// "HTTP quoted-string token code points".
COHTTPS_DECL bool is_parameter_value(std::string_view value) noexcept;

COHTTPS_DECL void parse_media_parameters(std::string_view text, media_type& to);

}  // namespace detail

/// Parses a media type. Parameters that are malformed are left out, and of equal ones the first
/// counts. Fails with protocol "media_type_malformed" when type or subtype is no token.
COHTTPS_DECL result<media_type> parse_media_type(std::string_view text);

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/http/media_type.ipp>
#endif
