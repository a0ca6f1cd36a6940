// Definitions for cookie_file.hpp.
#pragma once

#include <cohttps/http/cookie/cookie_file.hpp>

namespace cohttps {
namespace detail {

COHTTPS_DEF std::unexpected<error> refuse_cookie_line(std::size_t line, std::string_view why) {
  return fail(error_category::usage, "cookie_file_malformed",
              "line " + std::to_string(line) + " of a cookie file " + std::string(why));
}

COHTTPS_DEF result<cookie> parse_cookie_line(std::string_view text, std::size_t line) {
  cookie one;
  one.http_only = text.starts_with(http_only_mark);
  if (one.http_only) text.remove_prefix(http_only_mark.size());
  std::array<std::string_view, 7> column{};
  const auto columns = static_cast<std::size_t>(std::ranges::count(text, '\t')) + 1;
  if (columns != 7 && columns != 6)  // an empty value may be missing together with its tab
    return refuse_cookie_line(line, "does not have the seven columns of a cookie");
  for (std::string_view& c : column) c = ascii::take_until(text, '\t');
  for (const std::size_t i : {1u, 3u})
    if (!ascii::iequals(column[i], "true") && !ascii::iequals(column[i], "false"))
      return refuse_cookie_line(line, "has neither TRUE nor FALSE where one has to be");
  const auto expiry = ascii::parse_decimal(column[4]);
  if (!expiry) return refuse_cookie_line(line, "has no number where the time of expiry has to be");

  if (column[0].starts_with('.')) column[0].remove_prefix(1);
  one.domain = ascii::lower(column[0]);
  one.host_only = !ascii::iequals(column[1], "true");
  one.path = column[2];
  one.secure = ascii::iequals(column[3], "true");
  if (*expiry != 0)
    one.expires = std::chrono::sys_seconds(std::chrono::seconds(
        static_cast<std::int64_t>(std::min<std::uint64_t>(*expiry, INT64_MAX))));
  one.name = column[5];
  one.value = column[6];
  return one;
}

}  // namespace detail
}  // namespace cohttps

namespace cohttps {

COHTTPS_DEF result<std::size_t> read_netscape_cookies(cookie_jar& jar, std::string_view text,
                                                      cookie_jar::time_point now) {
  cookie_jar filled = jar;
  std::size_t added = 0;
  for (std::size_t line = 1; !text.empty(); ++line) {
    std::string_view one = ascii::take_until(text, '\n');
    if (one.ends_with('\r')) one.remove_suffix(1);
    if (ascii::trim(one).empty()) continue;
    if (one.starts_with('#') && !one.starts_with(detail::http_only_mark)) continue;
    auto parsed = detail::parse_cookie_line(one, line);
    if (!parsed) return pass(std::move(parsed));
    if (parsed->is_expired(now)) continue;
    parsed->created = parsed->last_used = now;
    if (!filled.add(*std::move(parsed), now))
      return detail::refuse_cookie_line(line, "has a cookie that no server could have set");
    ++added;
  }
  jar = std::move(filled);
  return added;
}

COHTTPS_DEF std::string write_netscape_cookies(const cookie_jar& jar, cookie_jar::time_point now) {
  std::string out = "# Netscape HTTP Cookie File\n";
  for (const cookie& c : jar.cookies()) {
    const auto has_tab = [](std::string_view text) { return text.find('\t') != text.npos; };
    if (c.is_expired(now) || has_tab(c.name) || has_tab(c.value) || has_tab(c.path)) continue;
    if (c.http_only) out += detail::http_only_mark;
    if (!c.host_only) out += '.';
    out += c.domain;
    out += c.host_only ? "\tFALSE\t" : "\tTRUE\t";
    out += c.path;
    out += c.secure ? "\tTRUE\t" : "\tFALSE\t";
    out += std::to_string(c.expires ? c.expires->time_since_epoch().count() : 0) + '\t';
    out.append(c.name).append("\t").append(c.value) += '\n';
  }
  return out;
}

}  // namespace cohttps
