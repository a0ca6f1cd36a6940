// Definitions for link.hpp.
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/http/content/media_type.hpp>
#include <cohttps/http/link.hpp>
#include <cohttps/url/percent_encoding.hpp>

#include <algorithm>

namespace cohttps {

namespace detail {

/// RFC 8187, 3.2: UTF-8''percent-encoded. Other charsets are obsolete.
template <class = void>
std::optional<std::string> decode_extended_value(std::string_view value) {
  const auto charset_end = value.find('\'');
  if (charset_end == value.npos || !ascii::iequals(value.substr(0, charset_end), "utf-8"))
    return std::nullopt;
  const auto language_end = value.find('\'', charset_end + 1);
  if (language_end == value.npos) return std::nullopt;
  return percent_decode(value.substr(language_end + 1));
}

template <class = void>
std::string_view skip_space(std::string_view text) noexcept {
  const auto first = text.find_first_not_of(" \t");
  return first == text.npos ? std::string_view() : text.substr(first);
}

/// Removes one parameter, `name` or `name=value`, from the front (RFC 8288, B.3).
template <class = void>
web_link::parameter take_link_parameter(std::string_view& rest) {
  const auto name_end = std::min(rest.find_first_of("=;, \t"), rest.size());
  web_link::parameter taken{ascii::lower(rest.substr(0, name_end)), {}};
  rest = skip_space(rest.substr(name_end));
  if (!rest.starts_with('=')) return taken;
  rest = skip_space(rest.substr(1));
  if (rest.starts_with('"')) {
    taken.value = take_quoted(rest);
  } else {
    const auto end = std::min(rest.find_first_of(";,"), rest.size());
    taken.value = ascii::trim(rest.substr(0, end));
    rest.remove_prefix(end);
  }
  return taken;
}

/// Adds a parameter. The first `rel` and the first `anchor` count (RFC 8288, 3.2 and 3.3).
template <class = void>
void add_link_parameter(web_link& to, bool& has_rel, web_link::parameter given) {
  if (given.name == "rel") {
    if (!std::exchange(has_rel, true)) to.rel = ascii::lower(given.value);
  } else if (given.name == "anchor") {
    if (!to.anchor) to.anchor = std::move(given.value);
  } else if (given.name.ends_with('*')) {
    if (auto decoded = decode_extended_value(given.value))
      to.parameters.push_back({std::move(given.name), *std::move(decoded)});
  } else if (!given.name.empty()) {
    to.parameters.push_back(std::move(given));
  }
}

/// Parses one field value (RFC 8288, B.2).
template <class = void>
void parse_link_value(std::string_view rest, const url& base, std::vector<web_link>& to) {
  while (true) {
    const auto open = rest.find('<');
    if (open == rest.npos) return;
    const auto close = rest.find('>', open);
    if (close == rest.npos) return;
    auto target = url::parse(rest.substr(open + 1, close - open - 1), base);
    rest = skip_space(rest.substr(close + 1));
    web_link made{target ? *std::move(target) : base, {}};
    bool has_rel = false;
    while (rest.starts_with(';')) {
      rest = skip_space(rest.substr(1));
      add_link_parameter(made, has_rel, take_link_parameter(rest));
      rest = skip_space(rest);
    }
    if (target) to.push_back(std::move(made));
    const auto comma = rest.find(',');
    if (comma == rest.npos) return;
    rest.remove_prefix(comma + 1);
  }
}

}  // namespace detail

COHTTPS_DEF bool web_link::has(std::string_view relation) const noexcept {
  for (std::string_view rest = rel; !rest.empty();) {
    const auto end = std::min(rest.find(' '), rest.size());
    if (rest.substr(0, end) == relation) return true;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return false;
}

COHTTPS_DEF std::optional<std::string_view> web_link::find(std::string_view name) const noexcept {
  for (const parameter& each : parameters)
    if (each.name == name) return each.value;
  return std::nullopt;
}

COHTTPS_DEF std::vector<web_link> parse_links(const fields& headers, const url& base) {
  std::vector<web_link> all;
  for (const std::string_view value : headers.values("link"))
    detail::parse_link_value(value, base, all);
  return all;
}

COHTTPS_DEF std::optional<url> find_link(const fields& headers, const url& base,
                                         std::string_view relation) {
  for (web_link& each : parse_links(headers, base))
    if (each.has(relation) && !each.anchor) return std::move(each.target);
  return std::nullopt;
}

}  // namespace cohttps
