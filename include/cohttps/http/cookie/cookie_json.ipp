// Definitions for cookie_json.hpp.
#pragma once

#include <cohttps/http/cookie/cookie_json.hpp>

namespace cohttps {
namespace detail {

COHTTPS_DEF void append_json_string(std::string& out, std::string_view bytes) {
  constexpr char digits[] = "0123456789abcdef";
  out += '"';
  for (const char c : bytes) {
    const auto u = static_cast<unsigned char>(c);
    if (u >= 0x20 && u < 0x7f) {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    } else {
      out += "\\u00";
      out += digits[u >> 4];
      out += digits[u & 15];
    }
  }
  out += '"';
}

COHTTPS_DEF std::size_t cookie_json_reader::left() const noexcept { return rest_.size(); }

COHTTPS_DEF bool cookie_json_reader::at_end() noexcept { return skip_space(), rest_.empty(); }

COHTTPS_DEF bool cookie_json_reader::skip(std::string_view word) noexcept {
  skip_space();
  if (!rest_.starts_with(word)) return false;
  rest_.remove_prefix(word.size());
  return true;
}

COHTTPS_DEF bool cookie_json_reader::read(std::string& out) {
  out.clear();
  if (!skip("\"")) return false;
  while (!rest_.empty() && rest_.front() != '"') {
    const char c = take();
    if (static_cast<unsigned char>(c) < 0x20) return false;
    if (c == '\\') {
      if (!take_escape(out)) return false;
    } else if (static_cast<unsigned char>(c) >= 0x80) {
      if (!take_utf8(static_cast<unsigned char>(c), out)) return false;
    } else {
      out += c;
    }
  }
  return skip_raw('"');
}

COHTTPS_DEF bool cookie_json_reader::read(bool& out) noexcept {
  out = skip("true");
  return out || skip("false");
}

COHTTPS_DEF bool cookie_json_reader::read(std::optional<std::chrono::sys_seconds>& out) noexcept {
  out.reset();
  if (skip("null")) return true;
  const bool negative = skip("-");
  const std::size_t size = std::min(rest_.find_first_not_of("0123456789"), rest_.size());
  const auto value = ascii::parse_decimal(rest_.substr(0, size));
  if (!value || *value > INT64_MAX || (size > 1 && rest_.front() == '0')) return false;
  rest_.remove_prefix(size);
  const auto seconds = static_cast<std::int64_t>(*value);
  out = std::chrono::sys_seconds(std::chrono::seconds(negative ? -seconds : seconds));
  return true;
}

COHTTPS_DEF bool cookie_json_reader::read(same_site_mode& out) {
  std::string name;
  if (!read(name)) return false;
  for (std::size_t i = 0; i < std::size(same_site_names); ++i)
    if (name == same_site_names[i]) return out = static_cast<same_site_mode>(i), true;
  return false;
}

COHTTPS_DEF bool cookie_json_reader::read(cookie& out) {
  if (!skip("{")) return false;
  unsigned seen = 0;
  do {
    std::string name;
    if (!read(name) || !skip(":")) return false;
    unsigned bit = 1;
    bool good = false;
    const auto member = [&](std::string_view called, auto& to) {
      if (name == called && !(seen & bit) && read(to)) {
        seen |= bit;
        good = true;
      }
      bit *= 2;
    };
    member("name", out.name);
    member("value", out.value);
    member("domain", out.domain);
    member("host_only", out.host_only);
    member("path", out.path);
    member("expires", out.expires);
    member("secure", out.secure);
    member("http_only", out.http_only);
    member("same_site", out.same_site);
    if (!good) return false;
    if (seen == bit - 1) return skip("}");
  } while (skip(","));
  return false;
}

COHTTPS_DEF char cookie_json_reader::take() noexcept {
  const char c = rest_.front();
  rest_.remove_prefix(1);
  return c;
}

COHTTPS_DEF bool cookie_json_reader::skip_raw(char c) noexcept {
  if (!rest_.starts_with(c)) return false;
  rest_.remove_prefix(1);
  return true;
}

COHTTPS_DEF void cookie_json_reader::skip_space() noexcept {
  while (!rest_.empty() &&
         (ascii::is_space(rest_.front()) || rest_.front() == '\n' || rest_.front() == '\r'))
    rest_.remove_prefix(1);
}

COHTTPS_DEF bool cookie_json_reader::take_utf8(unsigned char lead, std::string& out) {
  if ((lead != 0xc2 && lead != 0xc3) || rest_.empty()) return false;
  const auto next = static_cast<unsigned char>(take());
  out += static_cast<char>((lead & 3u) << 6 | (next & 0x3fu));
  return (next & 0xc0u) == 0x80u;
}

COHTTPS_DEF bool cookie_json_reader::take_escape(std::string& out) {
  if (rest_.empty()) return false;
  const char c = take();
  if (c != 'u') {
    constexpr std::string_view names = "\"\\/bfnrt", means = "\"\\/\b\f\n\r\t";
    const std::size_t i = names.find(c);
    if (i == names.npos) return false;
    out += means[i];
    return true;
  }
  if (!rest_.starts_with("00") || rest_.size() < 4) return false;
  const int high = ascii::hex_value(rest_[2]), low = ascii::hex_value(rest_[3]);
  if (high < 0 || low < 0) return false;
  out += static_cast<char>(high * 16 + low);
  rest_.remove_prefix(4);
  return true;
}

}  // namespace detail
}  // namespace cohttps

namespace cohttps {

COHTTPS_DEF std::string write_json_cookies(const cookie_jar& jar, cookie_jar::time_point now) {
  std::string out = "[";
  for (const cookie& c : jar.cookies()) {
    if (c.is_expired(now)) continue;
    const auto flag = [&](std::string_view name, bool value) {
      out.append(name).append(value ? "true" : "false");
    };
    out += out.size() > 1 ? ",\n  {\"name\": " : "\n  {\"name\": ";
    detail::append_json_string(out, c.name);
    out += ", \"value\": ";
    detail::append_json_string(out, c.value);
    out += ", \"domain\": ";
    detail::append_json_string(out, c.domain);
    flag(", \"host_only\": ", c.host_only);
    out += ", \"path\": ";
    detail::append_json_string(out, c.path);
    out += ", \"expires\": ";
    out += c.expires ? std::to_string(c.expires->time_since_epoch().count()) : "null";
    flag(", \"secure\": ", c.secure);
    flag(", \"http_only\": ", c.http_only);
    out += ", \"same_site\": \"";
    out += detail::same_site_names[static_cast<std::size_t>(c.same_site)];
    out += "\"}";
  }
  return out += "\n]\n";
}

COHTTPS_DEF result<std::size_t> read_json_cookies(cookie_jar& jar, std::string_view text,
                                                  cookie_jar::time_point now) {
  cookie_jar filled = jar;
  detail::cookie_json_reader in(text);
  std::size_t added = 0;
  bool good = in.skip("[");
  if (good && !in.skip("]")) {
    do {
      cookie one;
      one.created = one.last_used = now;
      good = in.read(one);
      if (!good || one.is_expired(now)) continue;
      if (auto done = filled.add(std::move(one), now); !done) return pass(std::move(done));
      ++added;
    } while (good && in.skip(","));
    good = good && in.skip("]");
  }
  if (!good || !in.at_end())
    return fail(error_category::usage, "cookie_json_malformed",
                "a text is not the JSON of cookies, from byte " +
                    std::to_string(text.size() - in.left()) + " on");
  jar = std::move(filled);
  return added;
}

}  // namespace cohttps
