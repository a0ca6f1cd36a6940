// Definitions for set_cookie.hpp.
#pragma once

#include <cohttps/http/cookie/set_cookie.hpp>

namespace cohttps {
namespace detail {

COHTTPS_DEF std::optional<std::chrono::seconds> parse_max_age(std::string_view value) noexcept {
  const bool negative = value.starts_with('-');
  if (negative) value.remove_prefix(1);
  if (value.empty() || !std::ranges::all_of(value, ascii::is_digit)) return std::nullopt;
  if (negative) return std::chrono::seconds(0);
  // A number that is too large for an integer is also too large for a cookie.
  const auto longest = static_cast<std::uint64_t>(max_cookie_age.count());
  return std::chrono::seconds(std::min(ascii::parse_decimal(value).value_or(longest), longest));
}

COHTTPS_DEF void take_cookie_attribute(set_cookie& to, std::string_view name,
                                       std::string_view value) {
  if (value.size() > set_cookie::max_attribute_size) return;
  if (ascii::iequals(name, "expires")) {
    if (const auto date = parse_cookie_date(value)) to.expires = date;
  } else if (ascii::iequals(name, "max-age")) {
    if (const auto age = parse_max_age(value)) to.max_age = age;
  } else if (ascii::iequals(name, "domain")) {
    if (value.starts_with('.')) value.remove_prefix(1);
    to.domain = ascii::lower(value);
  } else if (ascii::iequals(name, "path")) {
    to.path = value.starts_with('/') ? value : std::string_view();
  } else if (ascii::iequals(name, "secure")) {
    to.secure = true;
  } else if (ascii::iequals(name, "httponly")) {
    to.http_only = true;
  } else if (ascii::iequals(name, "samesite")) {
    to.same_site = ascii::iequals(value, "none")     ? same_site_mode::none
                   : ascii::iequals(value, "lax")    ? same_site_mode::lax
                   : ascii::iequals(value, "strict") ? same_site_mode::strict
                                                     : same_site_mode::unspecified;
  }
}

}  // namespace detail
}  // namespace cohttps

namespace cohttps {

COHTTPS_DEF result<set_cookie> parse_set_cookie(std::string_view field) {
  if (!ascii::is_field_value(field))
    return fail(error_category::protocol, "cookie_control_character",
                "a cookie was ignored: it holds a control character");
  set_cookie parsed;
  std::string_view value = ascii::take_until(field, ';');
  if (value.find('=') != value.npos) parsed.name = ascii::trim(ascii::take_until(value, '='));
  parsed.value = ascii::trim(value);
  if (parsed.name.empty() && parsed.value.empty())
    return fail(error_category::protocol, "cookie_empty",
                "a cookie was ignored: it has neither a name nor a value");
  if (parsed.name.size() + parsed.value.size() > set_cookie::max_size)
    return fail(error_category::limit, "cookie_too_large",
                "a cookie was ignored: its name and value have more than 4096 bytes");
  while (!field.empty()) {
    std::string_view attribute = ascii::take_until(field, ';');
    const std::string_view name = ascii::trim(ascii::take_until(attribute, '='));
    detail::take_cookie_attribute(parsed, name, ascii::trim(attribute));
  }
  return parsed;
}

}  // namespace cohttps
