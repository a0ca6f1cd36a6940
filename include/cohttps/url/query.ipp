// Definitions for query.hpp.
#pragma once

#include <cohttps/url/query.hpp>

namespace cohttps {

COHTTPS_DEF query query::parse(std::string_view text) {
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

COHTTPS_DEF query& query::add(std::string_view name, std::string_view value) & {
  pairs_.push_back({std::string(name), std::string(value)});
  return *this;
}

COHTTPS_DEF query&& query::add(std::string_view name, std::string_view value) && {
  return std::move(add(name, value));
}

COHTTPS_DEF std::string query::text() const {
  std::string out;
  for (const pair& p : pairs_) append_form_urlencoded(out, p.name, p.value);
  return out;
}

COHTTPS_DEF std::optional<std::string_view> query::find(std::string_view name) const noexcept {
  for (const pair& p : pairs_)
    if (p.name == name) return p.value;
  return std::nullopt;
}

COHTTPS_DEF std::size_t query::size() const noexcept { return pairs_.size(); }

COHTTPS_DEF bool query::empty() const noexcept { return pairs_.empty(); }

COHTTPS_DEF std::string query::decode(std::string_view text) {
  std::string spaced(text);
  for (char& c : spaced)
    if (c == '+') c = ' ';
  return percent_decode(spaced);
}

COHTTPS_DEF url with_appended(const url& to, const query& pairs) {
  if (pairs.empty()) return to;
  std::string all(to.query());
  if (!all.empty()) all += '&';
  return to.with_query(all += pairs.text());
}

}  // namespace cohttps
