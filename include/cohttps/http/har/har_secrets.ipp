// Definitions for har_secrets.hpp.
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/http/content/media_type.hpp>
#include <cohttps/http/har/har_secrets.hpp>
#include <cohttps/http/secret_names.hpp>
#include <cohttps/url/percent_encoding.hpp>

#include <algorithm>
#include <string_view>
#include <utility>

namespace cohttps {
namespace detail {

/// Hides the secrets of one message.
template <class = void>
class har_secrets_filter {
 public:
  explicit har_secrets_filter(std::span<const std::string> names) noexcept : names_(names) {}

  bool hides(std::string_view name) const {
    return is_secret_name(name) ||
           std::ranges::any_of(names_, [&](const auto& n) { return ascii::iequals(n, name); });
  }

  /// Text of the form "name=value&name=value".
  std::string pairs(std::string_view text) const {
    std::string out;
    while (true) {
      const auto end = text.find('&');
      const std::string_view pair = text.substr(0, end);
      const auto equals = pair.find('=');
      if (equals != pair.npos && hides(percent_decode(pair.substr(0, equals))))
        out.append(pair.substr(0, equals)).append("=%3Chidden%3E");
      else
        out += pair;
      if (end == text.npos) return out;
      out += '&';
      text.remove_prefix(end + 1);
    }
  }

  /// A URL, maybe relative. A fragment may contain parameters, too (OAuth 2).
  std::string url(std::string_view text) const {
    const auto fragment = text.find('#');
    const auto query = std::min(text.find('?'), fragment);
    std::string out(text.substr(0, query));
    const auto begin = out.find("//");
    if (begin != out.npos && (begin == 0 || out[begin - 1] == ':')) {
      const auto authority = std::min(out.find('/', begin + 2), out.size());
      const auto at = out.rfind('@', authority);
      if (at != out.npos && at >= begin + 2) out.erase(begin + 2, at - begin - 1);
    }
    if (query < fragment)
      out.append("?").append(pairs(text.substr(query + 1, fragment - query - 1)));
    if (fragment != text.npos) out.append("#").append(pairs(text.substr(fragment + 1)));
    return out;
  }

  std::string field_value(const field& f) const {
    const auto is = [&](std::string_view name) { return ascii::iequals(f.name, name); };
    if (is("cookie")) {
      std::string out;
      for (std::string_view rest = f.value; !rest.empty();) {
        const auto pair = ascii::take_until(rest, ';');
        out.append(out.empty() ? "" : "; ").append(named(ascii::trim(pair)));
      }
      return out;
    }
    if (is("set-cookie")) {
      const auto end = std::min(f.value.find(';'), f.value.size());
      return named(f.value.substr(0, end)).append(f.value.substr(end));
    }
    if (is("location") || is("content-location") || is("referer")) return url(f.value);
    return std::string(hides(f.name) ? hidden_secret : f.value);
  }

  void apply(fields& to) const {
    fields out;
    for (const field f : to) out.append_unchecked(f.name, field_value(f));
    to = std::move(out);
  }

  void apply(har_content& to) const {
    const auto type = parse_media_type(to.media_type);
    if (!type) return;
    if (type->is("application", "x-www-form-urlencoded")) to.bytes = pairs(to.bytes);
    if (type->subtype == "json" || type->subtype.ends_with("+json")) to.bytes = json(to.bytes);
  }

  /// Replaces the string behind each `"name":`. What is no JSON stays as it is.
  std::string json(std::string_view text) const {
    std::string out, name;
    bool secret = false;
    while (!text.empty()) {
      if (text.front() != '"') {
        if (text.front() == ':')
          secret = hides(name);
        else if (std::string_view(" \t\r\n").find(text.front()) == std::string_view::npos)
          secret = false;
        out += text.front();
        text.remove_prefix(1);
        continue;
      }
      std::size_t end = 1;
      while (end < text.size() && text[end] != '"') end += text[end] == '\\' ? 2 : 1;
      end = std::min(end + 1, text.size());
      name = text.substr(1, end - std::min<std::size_t>(end, 2));
      if (std::exchange(secret, false))
        out.append("\"").append(hidden_secret).append("\"");
      else
        out += text.substr(0, end);
      text.remove_prefix(end);
    }
    return out;
  }

 private:
  /// "name=value", whose value is hidden.
  static std::string named(std::string_view pair) {
    const auto equals = pair.find('=');
    if (equals == pair.npos) return std::string(hidden_secret);
    return std::string(pair.substr(0, equals + 1)).append(hidden_secret);
  }

  std::span<const std::string> names_;
};

}  // namespace detail

COHTTPS_DEF void hide_secrets(har_request& in, std::span<const std::string> names) {
  const detail::har_secrets_filter<> filter(names);
  in.url = filter.url(in.url);
  filter.apply(in.headers);
  if (in.content) filter.apply(*in.content);
}

COHTTPS_DEF void hide_secrets(har_response& in, std::span<const std::string> names) {
  const detail::har_secrets_filter<> filter(names);
  filter.apply(in.headers);
  filter.apply(in.content);
}

}  // namespace cohttps
