// Parses the value of Content-Type (RFC 9110, 8.3.1) by the rules of the MIME Sniffing Standard,
// 4.4.
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
  /// A name and its value, without quotes.
  struct parameter {
    std::string name;   ///< in lower case
    std::string value;  ///< a token, or the content of a quoted string without its escapes
  };

  std::string type;                   ///< in lower case, such as "text"
  std::string subtype;                ///< in lower case, such as "html"
  std::vector<parameter> parameters;  ///< in their order

  /// True for this type and subtype, whatever the parameters are.
  COHTTPS_DECL bool is(std::string_view wanted_type,
                       std::string_view wanted_subtype) const noexcept;

  /// Returns the value of the parameter `name`, which must be in lower case; nothing if there is
  /// none.
  COHTTPS_DECL std::optional<std::string_view> find(std::string_view name) const noexcept;

  /// Returns the charset as the sender wrote it, or nothing if there is none.
  COHTTPS_DECL std::optional<std::string_view> charset() const noexcept;
};

namespace detail {

/// Removes a quoted string from the front of `text`, and returns its content. If the closing quote
/// is missing, the string ends with the text, as in browsers.
COHTTPS_DECL std::string take_quoted(std::string_view& text);

/// The characters that the standard calls "HTTP whitespace". The functions below trim them.
inline constexpr std::string_view http_whitespace = " \t\r\n";

COHTTPS_DECL std::string_view trim_end(std::string_view text) noexcept;
COHTTPS_DECL std::string_view trim_begin(std::string_view text) noexcept;

/// True if `value` consists of "HTTP quoted-string token code points".
COHTTPS_DECL bool is_parameter_value(std::string_view value) noexcept;

COHTTPS_DECL void parse_media_parameters(std::string_view text, media_type& to);

}  // namespace detail

/// Parses a media type. Skips malformed parameters. If a parameter is repeated, the first one
/// counts. Fails with protocol "media_type_malformed" if the type or the subtype is not a token.
COHTTPS_DECL result<media_type> parse_media_type(std::string_view text);

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/http/content/media_type.ipp>
#endif
