// Definitions for url.hpp.
#pragma once

#include <cohttps/url/url.hpp>

namespace cohttps {

COHTTPS_DEF result<url> url::parse(std::string_view input) { return from(input, nullptr); }

COHTTPS_DEF result<url> url::parse(std::string_view input, const url& base) {
  return from(input, &base.parts_);
}

COHTTPS_DEF std::string_view url::scheme() const noexcept { return parts_.scheme(); }

COHTTPS_DEF std::string_view url::username() const noexcept {
  return parts_.part(parts_.user(), parts_.name_end);
}

COHTTPS_DEF std::string_view url::password() const noexcept {
  return parts_.name_end == parts_.user_end ? std::string_view()
                                            : parts_.part(parts_.name_end + 1, parts_.user_end);
}

COHTTPS_DEF bool url::has_credentials() const noexcept { return parts_.host != parts_.user(); }

COHTTPS_DEF std::string_view url::host() const noexcept {
  return parts_.part(parts_.host, parts_.host_end);
}

COHTTPS_DEF std::string_view url::host_for_connect() const noexcept {
  const bool bracketed = parts_.kind == detail::host_kind::ipv6;
  return parts_.part(parts_.host + bracketed, parts_.host_end - bracketed);
}

COHTTPS_DEF std::string_view url::authority() const noexcept {
  return parts_.part(parts_.host, parts_.path);
}

COHTTPS_DEF std::string_view url::path() const noexcept {
  return parts_.part(parts_.path, parts_.query);
}

COHTTPS_DEF std::string_view url::query() const noexcept {
  return after(parts_.query, parts_.fragment);
}

COHTTPS_DEF std::string_view url::fragment() const noexcept {
  return after(parts_.fragment, parts_.href.size());
}

COHTTPS_DEF bool url::has_fragment() const noexcept {
  return parts_.fragment != parts_.href.size();
}

COHTTPS_DEF std::string_view url::target() const noexcept {
  return parts_.part(parts_.path, parts_.fragment);
}

COHTTPS_DEF cohttps::origin url::origin() const {
  return {std::string(scheme()), std::string(host()), port()};
}

COHTTPS_DEF url url::with_path(std::string_view path) const {
  std::string encoded;
  detail::append_path(encoded, 0, path);
  return with(parts_.path, parts_.query, encoded,
              {&detail::url_record::query, &detail::url_record::fragment});
}

COHTTPS_DEF url url::with_query(std::string_view query) const {
  std::string encoded;
  if (!query.empty()) encoded = '?';
  if (query.starts_with('?')) query.remove_prefix(1);
  append_percent_encoded(encoded, query, percent_encode_set::special_query);
  return with(parts_.query, parts_.fragment, encoded, {&detail::url_record::fragment});
}

COHTTPS_DEF url url::without_fragment() const {
  return with(parts_.fragment, parts_.href.size(), {}, {});
}

COHTTPS_DEF url url::without_credentials() const {
  using detail::url_record;
  url bare = with(parts_.user(), parts_.host, {},
                  {&url_record::host, &url_record::host_end, &url_record::path, &url_record::query,
                   &url_record::fragment});
  bare.parts_.name_end = bare.parts_.user_end = bare.parts_.host;
  return bare;
}

COHTTPS_DEF url& url::append_query(std::string_view name, std::string_view value) & {
  std::string pair;
  append_form_urlencoded(pair, name, value);
  if (!query().empty()) pair.insert(0, 1, '&');
  if (!has_query()) pair.insert(0, 1, '?');
  replace(parts_.fragment, parts_.fragment, pair, {&detail::url_record::fragment});
  return *this;
}

COHTTPS_DEF url&& url::append_query(std::string_view name, std::string_view value) && {
  return std::move(append_query(name, value));
}

COHTTPS_DEF result<url> url::from(std::string_view input, const detail::url_record* base) {
  auto parts = detail::url_parser::parse(input, base);
  if (!parts) return pass(std::move(parts));
  return url(*std::move(parts));
}

COHTTPS_DEF std::string_view url::after(std::size_t mark, std::size_t end) const noexcept {
  return mark == end ? std::string_view() : parts_.part(mark + 1, end);
}

COHTTPS_DEF url url::with(std::size_t begin, std::size_t end, std::string_view text,
                          std::initializer_list<offset> behind) const {
  url changed(*this);
  changed.replace(begin, end, text, behind);
  return changed;
}

COHTTPS_DEF void url::replace(std::size_t begin, std::size_t end, std::string_view text,
                              std::initializer_list<offset> behind) {
  const std::size_t size = parts_.href.size() - (end - begin) + text.size();
  if (size > detail::max_url_size) throw detail::refuse_length(size).error();
  parts_.href.replace(begin, end - begin, text);
  for (offset o : behind)
    parts_.*o = static_cast<std::uint32_t>(parts_.*o - (end - begin) + text.size());
}

}  // namespace cohttps
