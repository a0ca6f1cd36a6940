// Definitions for to_curl.hpp.
#pragma once

#include <cohttps/client/to_curl.hpp>

namespace cohttps {
namespace detail {

COHTTPS_DEF std::string shell_quoted(std::string_view text) {
  const auto decoded = decode_utf8(text);
  // Some terminals treat U+0080 to U+009F as control characters that begin an escape sequence.
  const bool utf8 =
      decoded && std::ranges::none_of(*decoded, [](char32_t c) { return c >= 0x80 && c < 0xa0; });
  const auto shown = [&](char c) {
    const auto u = static_cast<unsigned char>(c);
    return u >= 0x80 ? utf8 : (u >= 0x20 && u != 0x7f) || c == '\n' || c == '\t';
  };
  bool plain = true;
  for (const char c : text) plain = plain && shown(c);
  std::string out = plain ? "'" : "$'";
  for (const char c : text) {
    if (!shown(c)) {  // in octal: every shell reads exactly three digits
      const auto u = static_cast<unsigned char>(c);
      out += '\\';
      for (const int shift : {6, 3, 0}) out += static_cast<char>('0' + (u >> shift & 7));
    } else if (plain && c == '\'') {
      out += "'\\''";
    } else {
      if (!plain && (c == '\'' || c == '\\')) out += '\\';
      out += c;
    }
  }
  return out += '\'';
}

COHTTPS_DEF std::string decimal_seconds(std::chrono::nanoseconds time) {
  const auto milliseconds =
      std::chrono::ceil<std::chrono::milliseconds>(std::max(time, std::chrono::nanoseconds(1)))
          .count();
  std::string fraction = std::to_string(milliseconds % 1000);
  return std::to_string(milliseconds / 1000) + '.' + std::string(3 - fraction.size(), '0') +
         fraction;
}

}  // namespace detail
}  // namespace cohttps

namespace cohttps {

COHTTPS_DEF std::string to_curl(const request& r, curl_secrets secrets) {
  using detail::shell_quoted;
  constexpr std::string_view hidden = detail::hidden_secret;
  const bool hides = secrets == curl_secrets::hidden;
  if (!r.url) return "# no request: " + ascii::printable(r.url.error().what(), 200);

  std::string out = "curl";
  const bool has_content = !r.content.empty();
  if (r.method == method::head && !has_content)
    out += " --head";
  else if (r.method != (has_content ? method::post : method::get))
    out += " --request " + shell_quoted(r.method.text());
  if (r.max_redirects.value_or(1) != 0) {
    out += " --location";
    if (r.max_redirects) out += " --max-redirs " + std::to_string(*r.max_redirects);
  }
  if (r.timeout) out += " --max-time " + detail::decimal_seconds(*r.timeout);

  const std::string& href = r.url->href();
  if (href.find_first_of("[]{}") != href.npos) out += " --globoff";
  const bool strips = hides && r.url->has_credentials();
  detail::credentials_text shown;
  if (r.credentials) shown = r.credentials.kind()->text();
  if (hides) shown.secret = hidden;
  if (shown.scheme == "digest") out += " --digest";
  if (shown.scheme == "basic" || shown.scheme == "digest")
    out += " --user " + shell_quoted(shown.secret);
  else if (strips)
    out += " --user " + shell_quoted(hidden);
  out += ' ' + shell_quoted(strips ? r.url->without_credentials().href() : href);
  if (shown.scheme == "bearer") out += " --oauth2-bearer " + shell_quoted(shown.secret);

  for (const field f : r.headers) {
    const std::string_view value = hides && detail::is_secret_name(f.name) ? hidden : f.value;
    const std::string separator = value.empty() ? ";" : ": ";
    out += " --header " + shell_quoted(std::string(f.name) + separator + std::string(value));
  }
  if (!has_content) return out;
  // Without this option, curl adds a Content-Type of its own.
  if (!r.headers.contains("content-type")) {
    const auto type = r.content.media_type();
    out += " --header " +
           shell_quoted("content-type:" + (type.empty() ? "" : ' ' + std::string(type)));
  }
  const content_source* source = r.content.source();
  if (source && !source->path().empty())
    return out += " --data-binary " + shell_quoted('@' + std::string(source->path()));
  const auto bytes = r.content.memory();
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (!source && text.find('\0') == text.npos) return out += " --data-raw " + shell_quoted(text);
  // A word of a shell cannot contain a zero byte.
  out += " --data-binary @-  # the content, ";
  const auto length = r.content.length();
  return out += length ? std::to_string(*length) + " bytes" : std::string("of any length");
}

}  // namespace cohttps
