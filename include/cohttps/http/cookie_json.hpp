// Cookies as JSON (RFC 8259), with all that a jar knows of them.
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/http/cookie_jar.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace cohttps {

namespace detail {

inline constexpr std::string_view same_site_names[] = {"unspecified", "none", "lax", "strict"};

/// Each byte as the character of its number, since cookies need not be UTF-8 and JSON has to.
inline void append_json_string(std::string& out, std::string_view bytes) {
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

/// Reads just what `write_json_cookies` writes, with white space, escapes and members in any order.
/// Each function returns false, and leaves the rest as it is, where something else stands.
class cookie_json_reader {
 public:
  explicit cookie_json_reader(std::string_view text) noexcept : rest_(text) {}

  std::size_t left() const noexcept { return rest_.size(); }
  bool at_end() noexcept { return skip_space(), rest_.empty(); }

  bool skip(std::string_view word) noexcept {
    skip_space();
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }

  bool read(std::string& out) {
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

  bool read(bool& out) noexcept {
    out = skip("true");
    return out || skip("false");
  }

  /// Whole seconds, or null.
  bool read(std::optional<std::chrono::sys_seconds>& out) noexcept {
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

  bool read(same_site_mode& out) {
    std::string name;
    if (!read(name)) return false;
    for (std::size_t i = 0; i < std::size(same_site_names); ++i)
      if (name == same_site_names[i]) return out = static_cast<same_site_mode>(i), true;
    return false;
  }

  /// One cookie, with each member once.
  bool read(cookie& out) {
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

 private:
  char take() noexcept {
    const char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }
  bool skip_raw(char c) noexcept {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void skip_space() noexcept {
    while (!rest_.empty() &&
           (ascii::is_space(rest_.front()) || rest_.front() == '\n' || rest_.front() == '\r'))
      rest_.remove_prefix(1);
  }

  /// U+0080 to U+00FF; the others are no bytes.
  bool take_utf8(unsigned char lead, std::string& out) {
    if ((lead != 0xc2 && lead != 0xc3) || rest_.empty()) return false;
    const auto next = static_cast<unsigned char>(take());
    out += static_cast<char>((lead & 3u) << 6 | (next & 0x3fu));
    return (next & 0xc0u) == 0x80u;
  }

  bool take_escape(std::string& out) {
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

  std::string_view rest_;
};

}  // namespace detail

/// The cookies that are not expired, session cookies too, as an array of objects:
/// ```
///   {"name": "a", "value": "b", "domain": "example.com", "host_only": true, "path": "/",
///    "expires": 1767225600, "secure": true, "http_only": false, "same_site": "lax"}
/// ```
/// `expires` is in seconds since 1970, or null for a session cookie; `same_site` is "unspecified",
/// "none", "lax" or "strict". Names, values and paths are bytes; each is the character of its
/// number. The text holds secrets: write it to a file that only its owner can read.
inline std::string write_json_cookies(const cookie_jar& jar, cookie_jar::time_point now) {
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

/// Adds the cookies of a text as `write_json_cookies` writes it; those that are expired are left
/// out. Returns how many were added.
///
/// Fails with usage "cookie_json_malformed", which names the byte, when it is not JSON of just that
/// form, or as `cookie_jar::add` does; then the jar is as it was.
inline result<std::size_t> read_json_cookies(cookie_jar& jar, std::string_view text,
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
