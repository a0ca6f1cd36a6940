// URLs by the WHATWG URL Standard (https://url.spec.whatwg.org/), with the schemes http and https.
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
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

/// A parsed and normalised URL. The host is in lower case and ASCII, and an IP address in its
/// canonical form. There are no `.` or `..` segments, and the scheme's default port is omitted.
///
/// A URL is a value of one string. Its parts are views into the string. They become invalid if the
/// URL is changed, moved or destroyed. They are still percent-encoded, see `percent_decode`. The
/// parts have the names of RFC 3986, 3:
/// ```
///   https://user:secret@example.com:8443/docs/index?lang=en#top
///   scheme  |    |      host        port path       query   fragment
///           |    password
///           username
/// ```
/// A URL that was moved from can only be assigned to or destroyed.
class url {
 public:
  /// Parses an absolute URL as browsers do. For example, it accepts white space around the URL,
  /// backslashes in place of slashes, and a host with characters outside ASCII. Bytes that are not
  /// UTF-8 are percent-encoded unchanged; in a host they are an error.
  ///
  /// Errors (usage, unless another category is named; none shows credentials or a query):
  /// "url_relative_without_base", "url_scheme_unsupported" (neither http nor https),
  /// "url_host_missing", "url_host_forbidden_character", "url_host_ipv4", "url_host_ipv6",
  /// "url_host_idna", "idna_unavailable" (the host is not ASCII, and the program was built without
  /// libidn2), "url_port_invalid", "url_port_out_of_range"; limit: "url_too_long" (over 1 MiB),
  /// "url_host_too_long" (not ASCII, and over 4 KiB).
  COHTTPS_DECL static result<url> parse(std::string_view input);

  /// Parses `input`, which may be relative to `base`: "../b?c", "/b", "//host/", "?c", "#d".
  COHTTPS_DECL static result<url> parse(std::string_view input, const url& base);

  /// Returns the whole URL. Parsing it again gives the same URL.
  const std::string& href() const noexcept { return parts_.href; }

  /// "https" or "http".
  COHTTPS_DECL std::string_view scheme() const noexcept;
  /// Empty if there is none.
  COHTTPS_DECL std::string_view username() const noexcept;
  /// Empty if there is none.
  COHTTPS_DECL std::string_view password() const noexcept;
  /// True if the URL has a user name or a password.
  COHTTPS_DECL bool has_credentials() const noexcept;

  /// A name in ASCII, an IPv4 address, or an IPv6 address in brackets.
  COHTTPS_DECL std::string_view host() const noexcept;
  /// The host as resolvers and certificates write it: an IPv6 address has no brackets.
  COHTTPS_DECL std::string_view host_for_connect() const noexcept;
  /// True if the host is an IPv4 or IPv6 address.
  bool is_ip_address() const noexcept { return parts_.kind != detail::host_kind::domain; }

  /// Returns the effective port: the one in the URL, or the default port of the scheme.
  std::uint16_t port() const noexcept { return parts_.port; }
  /// True if the port is not the default port of the scheme.
  bool has_port() const noexcept { return parts_.host_end != parts_.path; }

  /// Returns host and port as in the Host field (RFC 9110, 7.2), without credentials and without
  /// the default port.
  COHTTPS_DECL std::string_view authority() const noexcept;

  /// Starts with '/'.
  COHTTPS_DECL std::string_view path() const noexcept;
  /// Without the '?'. Also empty if there is no query.
  COHTTPS_DECL std::string_view query() const noexcept;
  /// True if there is a "?", even with nothing behind it.
  bool has_query() const noexcept { return parts_.query != parts_.fragment; }
  /// Without the '#'. Also empty if there is no fragment.
  COHTTPS_DECL std::string_view fragment() const noexcept;
  /// True if there is a "#", even with nothing behind it.
  COHTTPS_DECL bool has_fragment() const noexcept;

  /// Returns path and query: the request-target in origin-form (RFC 9112, 3.2.1).
  COHTTPS_DECL std::string_view target() const noexcept;

  /// Scheme, host and port.
  COHTTPS_DECL cohttps::origin origin() const;

  /// Returns this URL with another path, as the URL Standard's "pathname" setter does. Characters
  /// that a path cannot contain, including '?' and '#', are percent-encoded. A '%' is not. Dot
  /// segments are resolved. Throws `error` (limit, "url_too_long").
  COHTTPS_DECL url with_path(std::string_view path) const;

  /// Returns this URL with another query, as the "search" setter does. Characters that a query
  /// cannot contain, including '#', are percent-encoded. A '%' is not. A first '?' is skipped. ""
  /// removes the query, and "?" leaves an empty one. Throws `error` (limit, "url_too_long").
  COHTTPS_DECL url with_query(std::string_view query) const;

  /// Returns this URL without '#' and the text after it, as requests and referrers need it.
  COHTTPS_DECL url without_fragment() const;

  /// Returns this URL without user name and password.
  COHTTPS_DECL url without_credentials() const;

  /// Adds "name=value" to the query, encoded as application/x-www-form-urlencoded, so that any
  /// bytes arrive unchanged. Throws `error` (limit, "url_too_long"), and then changes nothing.
  COHTTPS_DECL url& append_query(std::string_view name, std::string_view value) &;
  COHTTPS_DECL url&& append_query(std::string_view name, std::string_view value) &&;

  /// "URL equivalence": equal text, including the fragment.
  friend bool operator==(const url& a, const url& b) noexcept { return a.href() == b.href(); }

 private:
  explicit url(detail::url_record parts) noexcept : parts_(std::move(parts)) {}

  COHTTPS_DECL static result<url> from(std::string_view input, const detail::url_record* base);

  COHTTPS_DECL std::string_view after(std::size_t mark, std::size_t end) const noexcept;

  using offset = std::uint32_t detail::url_record::*;

  COHTTPS_DECL url with(std::size_t begin, std::size_t end, std::string_view text,
                        std::initializer_list<offset> behind) const;

  /// Replaces the text of a part by `text`, and moves the offsets `behind` of the parts after it.
  COHTTPS_DECL void replace(std::size_t begin, std::size_t end, std::string_view text,
                            std::initializer_list<offset> behind);

  detail::url_record parts_;
};

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/url/url.ipp>
#endif
