// Names and values as application/x-www-form-urlencoded (the URL Standard, 5): the query of a URL,
// or the content of a form.
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/url/percent_encoding.hpp>
#include <cohttps/url/url.hpp>

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohttps {

/// A list of names and values, of any bytes, in order; a name may occur again.
///
/// ```
///   query{{"name", "J\u00f8rgen & co"}, {"page", "1"}}.text()  // name=J%C3%B8rgen+%26+co&page=1
/// ```
class query {
 public:
  /// The Content-Type of a form whose content is `text()`.
  static constexpr std::string_view media_type = "application/x-www-form-urlencoded";

  struct pair {
    std::string name;
    std::string value;
    friend bool operator==(const pair&, const pair&) = default;
  };

  query() = default;
  query(std::initializer_list<std::pair<std::string_view, std::string_view>> pairs) {
    for (const auto& [name, value] : pairs) add(name, value);
  }

  /// What `text` means ("application/x-www-form-urlencoded parsing"), such as `url::query()`: '+'
  /// is a space, a '%' without two digits stays, empty pieces are skipped. Names and values are
  /// bytes; they are not looked at as UTF-8.
  static query parse(std::string_view text) {
    query parsed;
    while (!text.empty()) {
      const std::string_view piece = ascii::take_until(text, '&');
      if (piece.empty()) continue;
      std::string_view value = piece;
      const std::string_view name = ascii::take_until(value, '=');
      parsed.pairs_.push_back({decode(name), decode(value)});
    }
    return parsed;
  }

  query& add(std::string_view name, std::string_view value) & {
    pairs_.push_back({std::string(name), std::string(value)});
    return *this;
  }
  query&& add(std::string_view name, std::string_view value) && {
    return std::move(add(name, value));
  }

  /// Encoded: of ASCII letters, digits and "*-._+%&=".
  std::string text() const {
    std::string out;
    for (const pair& p : pairs_) append_form_urlencoded(out, p.name, p.value);
    return out;
  }

  /// The first value of this name.
  std::optional<std::string_view> find(std::string_view name) const noexcept {
    for (const pair& p : pairs_)
      if (p.name == name) return p.value;
    return std::nullopt;
  }

  auto begin() const noexcept { return pairs_.begin(); }
  auto end() const noexcept { return pairs_.end(); }
  std::size_t size() const noexcept { return pairs_.size(); }
  bool empty() const noexcept { return pairs_.empty(); }

  friend bool operator==(const query&, const query&) = default;

 private:
  static std::string decode(std::string_view text) {
    std::string spaced(text);
    for (char& c : spaced)
      if (c == '+') c = ' ';
    return percent_decode(spaced);
  }

  std::vector<pair> pairs_;
};

/// `to` with the pairs behind the query that it has. Throws `error` (limit, "url_too_long").
inline url with_appended(const url& to, const query& pairs) {
  if (pairs.empty()) return to;
  std::string all(to.query());
  if (!all.empty()) all += '&';
  return to.with_query(all += pairs.text());
}

}  // namespace cohttps
