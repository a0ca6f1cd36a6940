// Definitions for media_type.hpp.
#pragma once

#include <cohttps/http/content/media_type.hpp>

namespace cohttps {

COHTTPS_DEF bool media_type::is(std::string_view wanted_type,
                                std::string_view wanted_subtype) const noexcept {
  return type == wanted_type && subtype == wanted_subtype;
}

COHTTPS_DEF std::optional<std::string_view> media_type::find(std::string_view name) const noexcept {
  for (const parameter& p : parameters)
    if (p.name == name) return p.value;
  return std::nullopt;
}

COHTTPS_DEF std::optional<std::string_view> media_type::charset() const noexcept {
  return find("charset");
}

}  // namespace cohttps

namespace cohttps {
namespace detail {

COHTTPS_DEF std::string take_quoted(std::string_view& text) {
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

COHTTPS_DEF std::string_view trim_end(std::string_view text) noexcept {
  const auto last = text.find_last_not_of(http_whitespace);
  return text.substr(0, last == text.npos ? 0 : last + 1);
}

COHTTPS_DEF std::string_view trim_begin(std::string_view text) noexcept {
  return text.substr(std::min(text.find_first_not_of(http_whitespace), text.size()));
}

COHTTPS_DEF bool is_parameter_value(std::string_view value) noexcept {
  return std::ranges::all_of(
      value, [](unsigned char c) { return c == '\t' || (c >= 0x20 && c <= 0x7e) || c >= 0x80; });
}

COHTTPS_DEF void parse_media_parameters(std::string_view text, media_type& to) {
  constexpr std::size_t most = 1000;  // only the first ones count; no real type has so many
  while (!text.empty() && to.parameters.size() < most) {
    text = trim_begin(text);
    const std::size_t end = std::min(text.find_first_of(";="), text.size());
    const std::string name = ascii::lower(text.substr(0, end));
    text.remove_prefix(end);
    if (text.starts_with(';')) {
      text.remove_prefix(1);
      continue;
    }
    if (text.empty()) return;
    text.remove_prefix(1);  // '='
    if (text.empty()) return;
    const bool quoted = text.starts_with('"');
    std::string value;
    if (quoted) value = take_quoted(text);
    const std::string_view rest = ascii::take_until(text, ';');
    if (!quoted) value = trim_end(rest);
    if (ascii::is_token(name) && is_parameter_value(value) && (quoted || !value.empty()) &&
        !to.find(name))
      to.parameters.push_back({name, std::move(value)});
  }
}

}  // namespace detail
}  // namespace cohttps

namespace cohttps {

COHTTPS_DEF result<media_type> parse_media_type(std::string_view text) {
  std::string_view rest = detail::trim_end(detail::trim_begin(text));
  media_type parsed;
  const bool divided = rest.find('/') != rest.npos;
  parsed.type = ascii::lower(ascii::take_until(rest, '/'));
  parsed.subtype = ascii::lower(detail::trim_end(ascii::take_until(rest, ';')));
  if (!divided || !ascii::is_token(parsed.type) || !ascii::is_token(parsed.subtype))
    return fail(error_category::protocol, "media_type_malformed",
                "\"" + ascii::printable(text) + "\" is not a media type");
  detail::parse_media_parameters(rest, parsed);
  return parsed;
}

}  // namespace cohttps
