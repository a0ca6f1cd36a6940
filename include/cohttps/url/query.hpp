// Names and values as application/x-www-form-urlencoded (the URL Standard, 5): the query of a URL,
// or the content of a form.
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/separate.hpp>
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

/// A list of names and values in order. They may contain any bytes, and a name may occur several
/// times.
///
/// ```
///   query{{"name", "J\u00f8rgen & co"}, {"page", "1"}}.text()  // name=J%C3%B8rgen+%26+co&page=1
/// ```
class query {
 public:
  /// The Content-Type of a form whose content is `text()`.
  static constexpr std::string_view media_type = "application/x-www-form-urlencoded";

  /// A name and its value, decoded.
  struct pair {
    std::string name;   ///< before the "="
    std::string value;  ///< after the "="
    friend bool operator==(const pair&, const pair&) = default;
  };

  query() = default;
  COHTTPS_DECL query(std::initializer_list<std::pair<std::string_view, std::string_view>> pairs) {
    for (const auto& [name, value] : pairs) add(name, value);
  }

  /// Parses `text` ("application/x-www-form-urlencoded parsing"), for example `url::query()`. A '+'
  /// means a space, a '%' without two digits stays unchanged, and empty pieces are skipped. Names
  /// and values are bytes, which need not be UTF-8.
  COHTTPS_DECL static query parse(std::string_view text);

  /// Adds a pair at the end.
  COHTTPS_DECL query& add(std::string_view name, std::string_view value) &;
  COHTTPS_DECL query&& add(std::string_view name, std::string_view value) &&;

  /// Returns the encoded pairs, which consist of ASCII letters, digits and "*-._+%&=".
  COHTTPS_DECL std::string text() const;

  /// Returns the first value of this name, or nothing.
  COHTTPS_DECL std::optional<std::string_view> find(std::string_view name) const noexcept;

  auto begin() const noexcept { return pairs_.begin(); }
  auto end() const noexcept { return pairs_.end(); }
  COHTTPS_DECL std::size_t size() const noexcept;
  COHTTPS_DECL bool empty() const noexcept;

  friend bool operator==(const query&, const query&) = default;

 private:
  COHTTPS_DECL static std::string decode(std::string_view text);

  std::vector<pair> pairs_;
};

/// Returns `to` with the pairs added after its query. Throws `error` (limit, "url_too_long").
COHTTPS_DECL url with_appended(const url& to, const query& pairs);

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/url/query.ipp>
#endif
