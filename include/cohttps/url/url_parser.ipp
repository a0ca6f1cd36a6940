// Definitions for url_parser.hpp.
#pragma once

#include <cohttps/url/url_parser.hpp>

namespace cohttps::detail {

COHTTPS_DEF std::unexpected<error> refuse_length(std::size_t size) {
  return fail(error_category::limit, "url_too_long",
              "the URL has " + std::to_string(size) + " bytes, and " +
                  std::to_string(max_url_size) + " are allowed");
}

COHTTPS_DEF void drop_last_segment(std::string& out, std::size_t path) {
  const auto slash = out.rfind('/');
  if (slash != out.npos && slash >= path) out.resize(slash);
}

COHTTPS_DEF void append_path(std::string& out, std::size_t path, std::string_view text) {
  if (!text.empty() && is_slash(text.front())) text.remove_prefix(1);
  for (bool last = false; !last;) {
    std::size_t size = 0;
    while (size < text.size() && !is_slash(text[size])) ++size;
    last = size == text.size();
    const std::string_view segment = text.substr(0, size);
    const int dots = dots_in(segment);
    if (dots == 2) drop_last_segment(out, path);
    if (dots == 0) {
      out += '/';
      append_percent_encoded(out, segment, percent_encode_set::path);
    } else if (last) {
      out += '/';
    }
    if (!last) text.remove_prefix(size + 1);
  }
}

COHTTPS_DEF result<url_record> url_parser::parse(std::string_view input, const url_record* base) {
  if (input.size() > max_url_size) return refuse_length(input.size());
  url_record normalised;
  if (copy_normalised(input, normalised)) return normalised;

  url_parser parser(base);
  std::string stripped;
  if (auto done = parser.run(strip(input, stripped)); !done) return pass(std::move(done));
  if (parser.url_.href.size() > max_url_size) return refuse_length(parser.url_.href.size());
  return std::move(parser.url_);
}

COHTTPS_DEF std::uint32_t url_parser::here() const noexcept { return offset(url_.href.size()); }

COHTTPS_DEF std::size_t url_parser::skip(std::string_view text, std::size_t at,
                                         std::uint8_t component) noexcept {
  while (at < text.size() && plain[static_cast<unsigned char>(text[at])] & component) ++at;
  return at;
}

COHTTPS_DEF bool url_parser::copy_normalised(std::string_view input, url_record& url) {
  if (input.starts_with("https://"))
    url.scheme_end = 5;
  else if (input.starts_with("http://"))
    url.scheme_end = 4;
  else
    return false;
  const std::size_t host = url.scheme_end + 3;
  std::size_t at = skip(input, host, in_host);
  const std::string_view name = input.substr(host, at - host);
  if (name.empty() || ends_in_a_number(name)) return false;
  url.name_end = url.user_end = url.host = offset(host);
  url.host_end = offset(at);

  url.port = origin::default_port(input.substr(0, url.scheme_end));
  if (at < input.size() && input[at] == ':') {
    unsigned port = 0;
    const std::size_t digits = ++at;
    for (; at < input.size() && ascii::is_digit(input[at]); ++at) {
      port = port * 10 + static_cast<unsigned>(input[at] - '0');
      if (port > 65535) return false;
    }
    if (at == digits || (input[digits] == '0' && at - digits > 1) || port == url.port) return false;
    url.port = static_cast<std::uint16_t>(port);
  }

  url.path = offset(at);
  const bool lacks_path = at == input.size();
  while (at < input.size() && input[at] == '/') {
    if (++at < input.size() && (input[at] == '.' || input[at] == '%')) return false;
    at = skip(input, at, in_path);
  }
  if (!lacks_path && at == url.path) return false;
  url.query = offset(at);
  if (at < input.size() && input[at] == '?') at = skip(input, at, in_query);
  url.fragment = offset(at);
  if (at < input.size() && input[at] == '#') at = skip(input, at + 1, in_fragment);
  if (at != input.size()) return false;

  url.href.reserve(input.size() + lacks_path);
  url.href = input;
  if (lacks_path) {
    url.href += '/';
    ++url.query;
    ++url.fragment;
  }
  return true;
}

COHTTPS_DEF std::string_view url_parser::strip(std::string_view input, std::string& storage) {
  const auto is_blank = [](char c) { return static_cast<unsigned char>(c) <= 0x20; };
  const auto is_break = [](char c) { return c == '\t' || c == '\n' || c == '\r'; };
  while (!input.empty() && is_blank(input.front())) input.remove_prefix(1);
  while (!input.empty() && is_blank(input.back())) input.remove_suffix(1);
  if (std::ranges::none_of(input, is_break)) return input;
  storage = input;
  std::erase_if(storage, is_break);
  return storage;
}

COHTTPS_DEF result<void> url_parser::run(std::string_view input) {
  url_.href.reserve(input.size() + input.size() / 8 + 16 + (base_ ? base_->href.size() : 0));
  const std::size_t size = scheme_size(input);
  if (size == 0) {
    if (base_) return relative(input);
    return fail(error_category::usage, "url_relative_without_base",
                "the URL has no scheme; write 'https://' before the host");
  }
  const std::string scheme = ascii::lower(input.substr(0, size));
  if (scheme != "https" && scheme != "http") {
    // If the scheme is missing, the text before the first ':' may be a user name.
    const bool may_be_shown = input.find('@') == input.npos;
    return fail(error_category::usage, "url_scheme_unsupported",
                "the URL's scheme " +
                    (may_be_shown ? '\'' + ascii::printable(scheme, 32) + "' " : std::string()) +
                    "is neither 'https' nor 'http'");
  }
  input.remove_prefix(size + 1);
  const bool has_authority = input.size() > 1 && is_slash(input[0]) && is_slash(input[1]);
  if (base_ && base_->scheme() == scheme && !has_authority) return relative(input);
  return authority(scheme, input);
}

COHTTPS_DEF std::size_t url_parser::scheme_size(std::string_view input) noexcept {
  if (input.empty() || !ascii::is_alpha(input.front())) return 0;
  for (std::size_t i = 1; i < input.size(); ++i) {
    const char c = input[i];
    if (c == ':') return i;
    if (!ascii::is_alnum(c) && c != '+' && c != '-' && c != '.') return 0;
  }
  return 0;
}

COHTTPS_DEF result<void> url_parser::relative(std::string_view input) {
  const auto slashes =
      static_cast<std::size_t>(std::ranges::find_if_not(input, is_slash) - input.begin());
  if (slashes > 1) return authority(base_->scheme(), input);

  url_ = url_record{std::move(url_.href),
                    base_->scheme_end,
                    base_->name_end,
                    base_->user_end,
                    base_->host,
                    base_->host_end,
                    base_->path,
                    0,
                    0,
                    base_->port,
                    base_->kind};
  const std::size_t path_size = path_end(input);
  const bool keeps_path = path_size == 0;
  const bool keeps_query = keeps_path && !input.starts_with('?');
  const std::size_t kept = slashes == 1  ? base_->path
                           : keeps_query ? base_->fragment
                                         : base_->query;
  url_.href += base_->part(0, kept);
  if (!keeps_path) {
    if (slashes == 0) drop_last_segment(url_.href, url_.path);
    append_path(url_.href, url_.path, input.substr(0, path_size));
  }
  url_.query = keeps_query ? base_->query : here();
  query_and_fragment(input.substr(path_size));
  return {};
}

COHTTPS_DEF result<void> url_parser::authority(std::string_view scheme, std::string_view input) {
  while (!input.empty() && is_slash(input.front())) input.remove_prefix(1);
  const std::string_view text = input.substr(0, authority_end(input));
  input.remove_prefix(text.size());

  url_.scheme_end = offset(scheme.size());
  url_.port = origin::default_port(scheme);
  (url_.href += scheme) += "://";
  const auto at = text.rfind('@');
  credentials(text.substr(0, at == text.npos ? 0 : at));
  // An unencoded '/', '?' or '#' in a password ends the authority too early. The host and the port
  // that are found here are then credentials, which no error may show.
  const bool may_be_shown = input.find('@') == input.npos;
  if (auto done = host_and_port(text.substr(at + 1)); !done) {
    if (may_be_shown) return done;
    return fail(done.error().category(), done.error().reason(),
                "the host or port is malformed; a '/', '?' or '#' in a user name or password has "
                "to be percent-encoded");
  }

  url_.path = here();
  const std::size_t path_size = path_end(input);
  append_path(url_.href, url_.path, input.substr(0, path_size));
  url_.query = here();
  query_and_fragment(input.substr(path_size));
  return {};
}

COHTTPS_DEF void url_parser::credentials(std::string_view text) {
  const auto colon = std::min(text.find(':'), text.size());
  append_percent_encoded(url_.href, text.substr(0, colon), percent_encode_set::userinfo);
  url_.name_end = url_.user_end = here();
  if (colon + 1 < text.size()) {
    url_.href += ':';
    append_percent_encoded(url_.href, text.substr(colon + 1), percent_encode_set::userinfo);
    url_.user_end = here();
  }
  if (url_.user_end > url_.user()) url_.href += '@';
  url_.host = here();
}

COHTTPS_DEF result<void> url_parser::host_and_port(std::string_view text) {
  std::size_t end = 0;
  for (bool in_brackets = false; end < text.size(); ++end) {
    if (text[end] == '[') in_brackets = true;
    if (text[end] == ']') in_brackets = false;
    if (text[end] == ':' && !in_brackets) break;
  }
  if (end == 0) return fail(error_category::usage, "url_host_missing", "the URL has no host");
  auto kind = parse_host(text.substr(0, end), url_.href);
  if (!kind) return pass(std::move(kind));
  url_.kind = *kind;
  url_.host_end = here();
  if (end < text.size()) return port(text.substr(end + 1));
  return {};
}

COHTTPS_DEF result<void> url_parser::port(std::string_view text) {
  unsigned value = 0;
  for (char c : text) {
    if (!ascii::is_digit(c))
      return fail(error_category::usage, "url_port_invalid",
                  "the port '" + ascii::printable(text, 16) + "' is not a number");
    value = std::min(value * 10 + static_cast<unsigned>(c - '0'), 65536u);
  }
  if (value > 65535)
    return fail(error_category::usage, "url_port_out_of_range",
                "the port '" + ascii::printable(text, 16) + "' is above 65535");
  if (!text.empty() && value != url_.port) {
    url_.port = static_cast<std::uint16_t>(value);
    (url_.href += ':') += std::to_string(value);
  }
  return {};
}

COHTTPS_DEF void url_parser::query_and_fragment(std::string_view text) {
  const std::size_t query_size = std::min(text.find('#'), text.size());
  append_percent_encoded(url_.href, text.substr(0, query_size), percent_encode_set::special_query);
  url_.fragment = here();
  text.remove_prefix(query_size);
  if (text.empty()) return;
  url_.href += '#';
  append_percent_encoded(url_.href, text.substr(1), percent_encode_set::fragment);
}

}  // namespace cohttps::detail
