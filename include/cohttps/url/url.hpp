// URLs by the WHATWG URL Standard (https://url.spec.whatwg.org/), of the schemes http and https.
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/url/origin.hpp>
#include <cohttps/url/percent_encoding.hpp>
#include <cohttps/url/url_parser.hpp>
#include <cohttps/url/url_record.hpp>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace cohttps {

/// A URL that was parsed and normalised: the host in lower case and ASCII, an IP address in its one
/// form, no `.` or `..` segments, the scheme's default port left out.
///
/// A value of one string; the parts are views into it, which end when the URL is changed, moved or
/// destroyed. They are still percent-encoded, see `percent_decode`. The names of the parts are
/// those of RFC 3986, 3:
/// ```
///   https://user:secret@example.com:8443/docs/index?lang=en#top
///   scheme  |    |      host        port path       query   fragment
///           |    password
///           username
/// ```
/// A URL that was moved from can only be assigned to or destroyed.
class url {
 public:
  /// Parses an absolute URL, as browsers do: with white space around it, backslashes for slashes
  /// or a host beyond ASCII, for example. Bytes that are not UTF-8 are percent-encoded as they are,
  /// in a host they are an error.
  ///
  /// Errors (usage unless said otherwise; none shows credentials or a query):
  /// "url_relative_without_base", "url_scheme_unsupported" (neither http nor https),
  /// "url_host_missing", "url_host_forbidden_character", "url_host_ipv4", "url_host_ipv6",
  /// "url_host_idna", "idna_unavailable" (the host is not ASCII, and the program was built without
  /// libidn2), "url_port_invalid", "url_port_out_of_range"; limit: "url_too_long" (over 1 MiB),
  /// "url_host_too_long" (not ASCII, and over 4 KiB).
  static result<url> parse(std::string_view input) { return from(input, nullptr); }

  /// Parses `input`, which may be relative to `base`: "../b?c", "/b", "//host/", "?c", "#d".
  static result<url> parse(std::string_view input, const url& base) {
    return from(input, &base.parts_);
  }

  /// The whole URL. Parsed again, it gives the same URL.
  const std::string& href() const noexcept { return parts_.href; }

  /// "https" or "http".
  std::string_view scheme() const noexcept { return parts_.scheme(); }
  /// Empty when there is none.
  std::string_view username() const noexcept { return parts_.part(parts_.user(), parts_.name_end); }
  /// Empty when there is none.
  std::string_view password() const noexcept {
    return parts_.name_end == parts_.user_end ? std::string_view()
                                              : parts_.part(parts_.name_end + 1, parts_.user_end);
  }
  bool has_credentials() const noexcept { return parts_.host != parts_.user(); }

  /// A name in ASCII, an IPv4 address, or an IPv6 address in brackets.
  std::string_view host() const noexcept { return parts_.part(parts_.host, parts_.host_end); }
  /// The host as resolvers and certificates know it: an IPv6 address without brackets.
  std::string_view host_for_connect() const noexcept {
    const bool bracketed = parts_.kind == detail::host_kind::ipv6;
    return parts_.part(parts_.host + bracketed, parts_.host_end - bracketed);
  }
  bool is_ip_address() const noexcept { return parts_.kind != detail::host_kind::domain; }

  /// The effective port: the one given, or the default of the scheme.
  std::uint16_t port() const noexcept { return parts_.port; }
  /// True when the port is not the default of the scheme.
  bool has_port() const noexcept { return parts_.host_end != parts_.path; }

  /// Host and port as in the Host field (RFC 9110, 7.2), without credentials and default port.
  std::string_view authority() const noexcept { return parts_.part(parts_.host, parts_.path); }

  /// Starts with '/'.
  std::string_view path() const noexcept { return parts_.part(parts_.path, parts_.query); }
  /// Without the '?'; empty as well when there is none.
  std::string_view query() const noexcept { return after(parts_.query, parts_.fragment); }
  bool has_query() const noexcept { return parts_.query != parts_.fragment; }
  /// Without the '#'; empty as well when there is none.
  std::string_view fragment() const noexcept { return after(parts_.fragment, parts_.href.size()); }
  bool has_fragment() const noexcept { return parts_.fragment != parts_.href.size(); }

  /// Path and query: the request-target in origin-form (RFC 9112, 3.2.1).
  std::string_view target() const noexcept { return parts_.part(parts_.path, parts_.fragment); }

  cohttps::origin origin() const { return {std::string(scheme()), std::string(host()), port()}; }

  /// This URL with another path, the URL Standard's "pathname" setter: what a path cannot hold, '?'
  /// and '#' too, is percent-encoded, '%' is not, and dot segments are resolved.
  /// Throws `error` (limit, "url_too_long").
  url with_path(std::string_view path) const {
    std::string encoded;
    detail::append_path(encoded, 0, path);
    return with(parts_.path, parts_.query, encoded,
                {&detail::url_record::query, &detail::url_record::fragment});
  }

  /// This URL with another query, the "search" setter: what a query cannot hold, '#' too, is
  /// percent-encoded, '%' is not. A first '?' is skipped; "" takes the query away, and "?" leaves
  /// an empty one. Throws `error` (limit, "url_too_long").
  url with_query(std::string_view query) const {
    std::string encoded;
    if (!query.empty()) encoded = '?';
    if (query.starts_with('?')) query.remove_prefix(1);
    append_percent_encoded(encoded, query, percent_encode_set::special_query);
    return with(parts_.query, parts_.fragment, encoded, {&detail::url_record::fragment});
  }

  /// This URL without '#' and what follows, as requests and referrers need it.
  url without_fragment() const { return with(parts_.fragment, parts_.href.size(), {}, {}); }

  /// This URL without user name and password.
  url without_credentials() const {
    using detail::url_record;
    url bare = with(parts_.user(), parts_.host, {},
                    {&url_record::host, &url_record::host_end, &url_record::path,
                     &url_record::query, &url_record::fragment});
    bare.parts_.name_end = bare.parts_.user_end = bare.parts_.host;
    return bare;
  }

  /// Adds "name=value" to the query, encoded as application/x-www-form-urlencoded, so that any
  /// bytes arrive as they are. Throws `error` (limit, "url_too_long") and then changes nothing.
  url& append_query(std::string_view name, std::string_view value) & {
    std::string pair;
    append_form_urlencoded(pair, name, value);
    if (!query().empty()) pair.insert(0, 1, '&');
    if (!has_query()) pair.insert(0, 1, '?');
    replace(parts_.fragment, parts_.fragment, pair, {&detail::url_record::fragment});
    return *this;
  }
  url&& append_query(std::string_view name, std::string_view value) && {
    return std::move(append_query(name, value));
  }

  /// "URL equivalence": equal text, the fragment included.
  friend bool operator==(const url& a, const url& b) noexcept { return a.href() == b.href(); }

 private:
  explicit url(detail::url_record parts) noexcept : parts_(std::move(parts)) {}

  static result<url> from(std::string_view input, const detail::url_record* base) {
    auto parts = detail::url_parser::parse(input, base);
    if (!parts) return pass(std::move(parts));
    return url(*std::move(parts));
  }

  std::string_view after(std::size_t mark, std::size_t end) const noexcept {
    return mark == end ? std::string_view() : parts_.part(mark + 1, end);
  }

  using offset = std::uint32_t detail::url_record::*;

  url with(std::size_t begin, std::size_t end, std::string_view text,
           std::initializer_list<offset> behind) const {
    url changed(*this);
    changed.replace(begin, end, text, behind);
    return changed;
  }

  /// Puts `text` where a part is, and moves the offsets of what lies behind it.
  void replace(std::size_t begin, std::size_t end, std::string_view text,
               std::initializer_list<offset> behind) {
    const std::size_t size = parts_.href.size() - (end - begin) + text.size();
    if (size > detail::max_url_size) throw detail::refuse_length(size).error();
    parts_.href.replace(begin, end - begin, text);
    for (offset o : behind)
      parts_.*o = static_cast<std::uint32_t>(parts_.*o - (end - begin) + text.size());
  }

  detail::url_record parts_;
};

}  // namespace cohttps
