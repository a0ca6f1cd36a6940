// The value of Content-Type (RFC 9110, 8.3.1), read as the MIME Sniffing Standard, 4.4, says.
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/error.hpp>

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

  bool is(std::string_view wanted_type, std::string_view wanted_subtype) const noexcept {
    return type == wanted_type && subtype == wanted_subtype;
  }

  /// The parameter of this name, which is in lower case.
  std::optional<std::string_view> find(std::string_view name) const noexcept {
    for (const parameter& p : parameters)
      if (p.name == name) return p.value;
    return std::nullopt;
  }

  /// Its charset as given, or nothing.
  std::optional<std::string_view> charset() const noexcept { return find("charset"); }
};

namespace detail {

/// A quoted string at the front of `text`, which it removes. As browsers do it ends with the text
/// where the quote is missing.
inline std::string take_quoted(std::string_view& text) {
  std::string out;
  text.remove_prefix(1);
  while (!text.empty()) {
    char c = text.front();
    text.remove_prefix(1);
    if (c == '"') break;
    if (c == '\\' && !text.empty()) {
      c = text.front();
      text.remove_prefix(1);
    }
    out += c;
  }
  return out;
}

inline void parse_media_parameters(std::string_view text, media_type& to) {
  constexpr std::size_t most = 32;  // the first ones; no type has so many
  while (!text.empty() && to.parameters.size() < most) {
    text = text.substr(std::min(text.find_first_not_of("; \t"), text.size()));
    const std::size_t end = std::min(text.find_first_of(";="), text.size());
    const std::string name = ascii::lower(text.substr(0, end));
    text.remove_prefix(end);
    if (!text.starts_with('=')) continue;
    text.remove_prefix(1);
    const bool quoted = text.starts_with('"');
    std::string value;
    if (quoted) value = take_quoted(text);
    const std::string_view rest = ascii::take_until(text, ';');
    if (!quoted) value = ascii::trim(rest);
    if (ascii::is_token(name) && ascii::is_field_value(value) && (quoted || !value.empty()) &&
        !to.find(name))
      to.parameters.push_back({name, std::move(value)});
  }
}

}  // namespace detail

/// Parses a media type. Parameters that are malformed are left out, and of equal ones the first
/// counts. Fails with protocol "media_type_malformed" when type or subtype is no token.
inline result<media_type> parse_media_type(std::string_view text) {
  std::string_view rest = ascii::trim(text);
  std::string_view essence = ascii::take_until(rest, ';');
  media_type parsed;
  const bool divided = essence.find('/') != essence.npos;
  parsed.type = ascii::lower(ascii::take_until(essence, '/'));
  parsed.subtype = ascii::lower(ascii::trim(essence));
  if (!divided || !ascii::is_token(parsed.type) || !ascii::is_token(parsed.subtype))
    return fail(error_category::protocol, "media_type_malformed",
                "\"" + ascii::printable(text) + "\" is not a media type");
  detail::parse_media_parameters(rest, parsed);
  return parsed;
}

}  // namespace cohttps
